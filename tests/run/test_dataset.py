"""An experiment: every image decoded, bad ones named, and a trainer with all that the config says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.errors import DataError
from nncli.features.settings.hog import Hog
from nncli.features.settings.pixels import Pixels
from nncli.model.file import read_model, write_model
from nncli.model.predictor import Predictor
from nncli.network.optimization import Adam, GradientDescent, Momentum, RMSprop
from nncli.run import dataset as experiment
from nncli.run import trainer as trainer_module
from nncli.run.dataset import Experiment, load_experiment
from nncli.run.trainer import make_trainer
from nncli.run.training_data import VALIDATION_BATCH_SIZE
from nncli.training.communicator import SingleProcess
from tests.fixtures import experiment_of, plan_of
from tests.folders import write_class_folders, write_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes, 20 of each."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    return tmp_path


# ------------------------------------------------------------------------------------------------------ loading images


def test_every_row_belongs_to_its_path_and_label(folder: Path) -> None:
    """Pixels, labels and paths go together in both parts."""
    experiment = experiment_of(folder)
    assert (34, 6) == (len(experiment.training.labels), len(experiment.validation.labels))
    for images in (experiment.training, experiment.validation):
        assert (len(images.labels), 16) == images.pixels[images.rows].shape
        for path, row, label in zip(images.paths, images.pixels[images.rows], images.labels, strict=True):
            np.testing.assert_array_equal(np.asarray(Image.open(path)).ravel(), row)
            assert Path(path).parent.name == experiment.plan.classes[label]


def test_progress_is_told_for_every_file(folder: Path) -> None:
    """Good ones and bad ones, of both parts."""
    (folder / "photos/dark/0.png").write_text("no image")
    told: list[int] = []
    load_experiment(plan_of(folder, data={"on_bad_image": "skip"}), told.append)
    assert 40 == sum(told)


def test_the_scaling_is_fitted_on_the_training_images_alone(folder: Path) -> None:
    """Otherwise validation would judge what it has helped to make."""
    experiment = experiment_of(folder, data={"scaling": "standardize"})
    scaled = experiment.training.pixels[experiment.training.rows] * experiment.scaling.scale + experiment.scaling.offset
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=0), 1, atol=1e-5)


# ---------------------------------------------------------------------------------------------------------- bad images


def spoil(folder: Path, *names: str) -> None:
    """Overwrite images by text."""
    for name in names:
        (folder / "photos" / name).write_text("no image")


def test_all_bad_images_are_named_at_once(folder: Path) -> None:
    """With reasons, a count and the way out; those for validation too."""
    plan = plan_of(folder)
    validation = Path(plan.validation_files.paths[0]).relative_to(folder / "photos")
    training = [Path(path).relative_to(folder / "photos") for path in plan.training_files.paths[:2]]
    spoil(folder, str(validation), *map(str, training))
    with pytest.raises(DataError) as caught:
        load_experiment(plan)
    *lines, last = str(caught.value).splitlines()
    expected = [f"{folder}/photos/{name}: not a readable JPEG, PNG" for name in (*training, validation)]
    assert all(line.startswith(start) for line, start in zip(lines, expected, strict=True))
    assert "3 images cannot be read; fix or remove them, or set data.on_bad_image: skip" == last


def test_one_bad_image_is_one_image(folder: Path) -> None:
    """The count is in good English."""
    spoil(folder, "dark/3.png")
    with pytest.raises(DataError, match=r"\n1 image cannot be read; "):
        experiment_of(folder)


def test_of_very_many_bad_images_some_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen does not overflow, the number is right."""
    assert experiment.MAX_NAMED == 1000
    monkeypatch.setattr(experiment, "MAX_NAMED", 10)
    spoil(folder, *(f"dark/{i}.png" for i in range(14)))
    with pytest.raises(DataError) as caught:
        experiment_of(folder)
    lines = str(caught.value).splitlines()
    assert 12 == len(lines)
    assert ["... and 4 more", "14 images cannot be read; fix or remove them, or set data.on_bad_image: skip"] == lines[
        -2:
    ]


def test_a_name_that_would_repaint_the_terminal_is_escaped(folder: Path) -> None:
    """In the list of bad images as everywhere."""
    spoil(folder, "dark/\x1b[2J\n.png")
    with pytest.raises(DataError, match=r"dark/\\x1b\[2J\\x0a\.png: not a readable"):
        experiment_of(folder)


def test_bad_images_are_skipped_if_asked(folder: Path) -> None:
    """What is left is trained on; what was left out is known."""
    plan = plan_of(folder, data={"on_bad_image": "skip"})
    bad = {plan.training_files.paths[3], plan.training_files.paths[30], plan.validation_files.paths[1]}
    for path in bad:
        Path(path).write_text("no image")
    experiment = load_experiment(plan)
    assert bad == {image.path for image in experiment.skipped}
    assert (32, 5) == (len(experiment.training.labels), len(experiment.validation.labels))
    assert not bad & {*experiment.training.paths, *experiment.validation.paths}
    for images in (experiment.training, experiment.validation):
        for path, row, label in zip(images.paths, images.pixels[images.rows], images.labels, strict=True):
            np.testing.assert_array_equal(np.asarray(Image.open(path)).ravel(), row)
            assert Path(path).parent.name == experiment.plan.classes[label]


def test_a_class_that_skipping_has_emptied_is_an_error(folder: Path) -> None:
    """A class that cannot be learned is not trained in silence."""
    spoil(folder, *(f"light/{i}.png" for i in range(20)))
    with pytest.raises(DataError, match=r"^class light has no readable image to train on; add some or remove"):
        experiment_of(folder, data={"on_bad_image": "skip"})


def test_skipping_has_a_limit(folder: Path) -> None:
    """At it training goes on, beyond it training refuses, naming every file: the folder is probably not mounted."""
    spoil(folder, *(f"light/{i}.png" for i in range(4)))
    at_the_limit = experiment_of(folder, data={"on_bad_image": "skip", "max_bad_share": 0.1})
    assert 4 == len(at_the_limit.skipped)
    with pytest.raises(DataError) as caught:
        experiment_of(folder, data={"on_bad_image": "skip", "max_bad_share": 0.09})
    *lines, last = str(caught.value).splitlines()
    assert [f"{folder}/photos/light/{i}.png" for i in range(4)] == sorted(line.split(":")[0] for line in lines)
    assert "4 images of 40 cannot be read; fix or remove them, or raise data.max_bad_share, which is 0.09" == last


def test_too_large_images_are_bad_in_training_and_in_prediction(folder: Path) -> None:
    """`data.max_pixels` goes from the config through the model file to prediction."""
    limited = experiment_of(folder, data={"max_pixels": 16})
    model = limited.model(make_trainer(limited).parameters, {})
    write_model(folder / "m.npz", model)
    predictor = Predictor(read_model(folder / "m.npz"))
    path = str(write_image(folder / "large.png", 100, size=(17, 1)))
    assert ["17x1, more than 16 pixels"] == [each.error for each in predictor.predict([(path, path)])]
    path = str(write_image(folder / "photos/light/large.png", 100, size=(17, 1)))
    with pytest.raises(DataError, match=rf"{path}: 17x1, more than 16 pixels\n1 image cannot be read"):
        experiment_of(folder, data={"max_pixels": 16})


def test_the_users_files_are_not_touched(folder: Path) -> None:
    """Neither good nor bad ones."""
    spoil(folder, "dark/1.png")

    def state() -> dict[str, tuple[bytes, int]]:
        files = (folder / "photos").rglob("*")
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files if path.is_file()}

    before = state()
    make_trainer(experiment_of(folder, data={"on_bad_image": "skip"}))
    assert before == state()


# --------------------------------------------------------------------------------------------------------- fingerprints


def test_the_fingerprint_is_that_of_the_images(folder: Path) -> None:
    """Wherever they lie, whenever they were written, in whatever order the file system lists them."""
    expected = experiment_of(folder).fingerprint
    for path in sorted((folder / "photos").rglob("*.png"), reverse=True):
        copy = folder / "elsewhere" / "copies" / path.relative_to(folder / "photos")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        os.utime(copy, (1, 1))
    assert expected == experiment_of(folder, "elsewhere/copies").fingerprint


def test_the_fingerprint_does_not_depend_on_the_order_of_a_directory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listed backwards it is the same data set."""
    expected = experiment_of(folder).fingerprint
    listed: list[str] = []
    scandir = os.scandir

    class Backwards:
        """os.scandir from the end."""

        def __init__(self, path: str) -> None:
            self.entries: AbstractContextManager[Iterator[os.DirEntry[str]]] = scandir(path)

        def __enter__(self) -> list[os.DirEntry[str]]:
            with self.entries as entries:
                found = list(entries)[::-1]
            listed.extend(entry.name for entry in found)
            return found

        def __exit__(self, *_error: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert expected == experiment_of(folder).fingerprint
    assert {"dark", "light", "0.png"} <= set(listed)


def change_a_pixel(folder: Path) -> None:
    """One gray level in one image."""
    path = folder / "photos/dark/7.png"
    pixels = np.array(Image.open(path))
    pixels[2, 3] += 1
    Image.fromarray(pixels).save(path)


def change_a_label(folder: Path) -> None:
    """The last image of one class becomes the first of the other, at the same place in the list of all."""
    (folder / "photos/dark/19.png").rename(folder / "photos/light/!.png")


def change_a_name(folder: Path) -> None:
    """A class is called otherwise."""
    (folder / "photos/light").rename(folder / "photos/lighter")


def remove_an_image(folder: Path) -> None:
    """One image less."""
    (folder / "photos/dark/19.png").unlink()


@pytest.mark.parametrize("change", [change_a_pixel, change_a_label, change_a_name, remove_an_image])
@pytest.mark.parametrize("validation_split", [0, 0.5])
def test_the_fingerprint_sees_every_change(folder: Path, change: Any, validation_split: float) -> None:
    """A pixel, a label, a class's name, the number of images."""
    before = experiment_of(folder, data={"validation_split": validation_split}).fingerprint
    change(folder)
    assert before != experiment_of(folder, data={"validation_split": validation_split}).fingerprint


def test_the_fingerprint_sees_another_split(folder: Path) -> None:
    """With another seed, other images are validated with."""
    assert experiment_of(folder).fingerprint != experiment_of(folder, training={"seed": 1}).fingerprint


# ---------------------------------------------------------------------------------------------------------- the trainer


@pytest.mark.parametrize(
    ("settings", "kind", "attributes"),
    [
        ({"optimizer": "gradient_descent"}, GradientDescent, {}),
        ({"optimizer": "momentum", "momentum": 0.8}, Momentum, {"momentum": 0.8, "nesterov": False}),
        ({"optimizer": "nesterov", "momentum": 0.7}, Momentum, {"momentum": 0.7, "nesterov": True}),
        ({"optimizer": "rmsprop", "beta2": 0.8, "epsilon": 0.1}, RMSprop, {"beta2": 0.8, "epsilon": 0.1}),
        ({"optimizer": "rmsprop"}, RMSprop, {"beta2": 0.9, "epsilon": 1e-8}),
        (
            {"optimizer": "adam", "beta1": 0.8, "beta2": 0.7, "epsilon": 0.1},
            Adam,
            {"beta1": 0.8, "beta2": 0.7, "epsilon": 0.1, "weight_decay": 0},
        ),
        (
            {"optimizer": "adamw", "weight_decay": 0.3, "beta1": 0.6},
            Adam,
            {"beta1": 0.6, "beta2": 0.999, "weight_decay": 0.3, "n_weights": 16 * 5 + 5},
        ),
    ],
)
def test_the_optimizer_is_the_config_s(
    folder: Path, settings: dict[str, object], kind: type, attributes: dict[str, object]
) -> None:
    """Each with its own settings."""
    optimizer = make_trainer(experiment_of(folder, training=settings)).optimizer
    assert kind is type(optimizer)
    assert attributes == {name: getattr(optimizer, name) for name in attributes}


def test_the_loop_s_settings_are_the_config_s(folder: Path) -> None:
    """Nothing is lost on the way."""
    training = {"epochs": 7, "l2": 0.1, "gradient_clip_norm": 2, "patience": 3, "monitor": "loss", "seed": 5}
    network = {"dropout": 0.25, "activation": "sigmoid"}
    settings = make_trainer(experiment_of(folder, training=training, network=network)).settings
    assert (7, 0.1, 2, 3, "loss", 5) == tuple(getattr(settings, name) for name in training)
    assert (0.25, "sigmoid") == (settings.dropout, settings.activation)
    assert settings.class_weights is None


def test_the_schedule_is_the_config_s(folder: Path) -> None:
    """34 images in batches of 8 are 5 steps an epoch: two of warm-up, then a step down after each 2 epochs."""
    settings = {"schedule": "step", "step_epochs": 2, "step_factor": 0.5, "warmup_epochs": 1, "learning_rate": 0.6}
    rate = make_trainer(experiment_of(folder, training={"epochs": 9, **settings})).learning_rate
    assert [0.1, 0.5, 0.6, 0.6, 0.3, 0.15] == pytest.approx([rate.at(step) for step in (0, 4, 5, 14, 15, 25)])


def test_batch_sizes(folder: Path) -> None:
    """As many as asked for, all of them, or as many as there are."""
    for asked, expected in ((8, 8), ("full", 34), (1000, 34)):
        trainer = make_trainer(experiment_of(folder, training={"batch_size": asked}))
        assert expected == trainer.training_set.batch_size
        assert -(-34 // expected) == len(trainer.training_set)
    assert trainer.validation_set is not None
    assert min(VALIDATION_BATCH_SIZE, 6) == trainer.validation_set.batch_size


def test_without_validation_there_is_no_validation_set(folder: Path) -> None:
    """The loop asks for None."""
    assert make_trainer(experiment_of(folder, data={"validation_split": 0})).validation_set is None


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_the_precision_is_the_config_s(folder: Path, precision: str) -> None:
    """Parameters, batches and class weights alike."""
    settings: dict[str, object] = {"precision": precision, "class_weights": "balanced"}
    trainer = make_trainer(experiment_of(folder, training=settings))
    X, _ = next(iter(trainer.training_set.in_order(lambda _m: slice(None))))
    assert trainer.settings.class_weights is not None
    assert {np.dtype(precision)} == {trainer.parameters.flat.dtype, X.dtype, trainer.settings.class_weights.dtype}


@pytest.mark.parametrize(
    ("augmentation", "features", "expected"),
    [
        ("none", "pixels", 0),
        ("mirror", "[hog: {cell: 2}]", 0),
        ("photos", "pixels", trainer_module.AUGMENTATION_WORK + Pixels().flops((4, 4, 1)) // 6),
        ("photos", "[hog: {cell: 2}]", trainer_module.AUGMENTATION_WORK + Hog(cell=2).flops((4, 4, 1)) // 6),
    ],
)
def test_augmentation_counts_as_work_to_be_shared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, augmentation: str, features: str, expected: int
) -> None:
    """Changing images takes longer than a step of a small network, and so does computing their features anew."""
    work = []

    def make(_setting: object, n_weights: int, *_: int | None, **_adapts: bool) -> SingleProcess:
        work.append(n_weights)
        return SingleProcess()

    monkeypatch.setattr(trainer_module, "make_communicator", make)
    trainer = make_trainer(experiment_of(folder, data={"augmentation": augmentation, "features": features}))
    assert [trainer.parameters.weights.size + expected] == work


def test_the_start_depends_on_the_seed_alone(folder: Path) -> None:
    """The same seed, the same weights, in either precision."""
    starts = [
        make_trainer(experiment_of(folder, training={"seed": seed, "precision": precision})).parameters.flat
        for seed, precision in ((3, "float32"), (3, "float32"), (3, "float64"), (4, "float32"))
    ]
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2].astype(np.float32))
    assert (starts[0] != starts[3]).any()


def test_the_initialization_is_the_config_s(folder: Path) -> None:
    """Method and scale."""
    network = {"initialization": "constant", "initialization_scale": 0.125}
    assert {0.125} == set(make_trainer(experiment_of(folder, network=network)).parameters.weights.tolist())


def class_weights(experiment: Experiment) -> list[float]:
    """What the loss of each class is multiplied by."""
    weights = make_trainer(experiment).settings.class_weights
    assert weights is not None
    return [float(weight) for weight in weights]


def test_balanced_class_weights(tmp_path: Path) -> None:
    """12 and 4 and 2 of 18 images: 18 / (3 * 12) = 0.5, 18 / (3 * 4) = 1.5, 18 / (3 * 2) = 3."""
    write_class_folders(tmp_path / "photos", {"a": 12, "b": 4, "c": 2})
    experiment = experiment_of(tmp_path, data={"validation_split": 0}, training={"class_weights": "balanced"})
    assert [0.5, 1.5, 3] == class_weights(experiment)


def test_balanced_class_weights_count_the_images_that_are_left(tmp_path: Path) -> None:
    """Of 4 and 4 images one is skipped: 7 / (2 * 3) and 7 / (2 * 4)."""
    write_class_folders(tmp_path / "photos", {"a": 4, "b": 4})
    spoil(tmp_path, "a/2.png")
    data = {"validation_split": 0, "on_bad_image": "skip"}
    experiment = experiment_of(tmp_path, data=data, training={"class_weights": "balanced"})
    assert [7 / 6, 7 / 8] == pytest.approx(class_weights(experiment))


def test_class_weights_by_name(folder: Path) -> None:
    """A class that is not named weighs 1, whatever the order of the names."""
    assert [1, 2.5] == class_weights(experiment_of(folder, training={"class_weights": "{light: 2.5}"}))


def test_a_model_of_the_experiment(folder: Path) -> None:
    """Parameters as they are given, everything else from the plan."""
    experiment = experiment_of(folder)
    trainer = make_trainer(experiment)
    model = experiment.model(trainer.parameters, {"note": 1})
    assert trainer.parameters is model.parameters
    assert (16, 5, 1) == model.layer_dims
    assert (("dark", "light"), "tanh", {"note": 1}) == (model.classes, model.activation, model.training)
    assert experiment.plan.image_format == model.image_format
    assert experiment.scaling is model.scaling
