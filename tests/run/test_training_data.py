"""From an experiment to batches: with features, with augmentation, with both, in one process or two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.batches import Batches
from nncli.data.cache_folder import entries
from nncli.machine import backend
from nncli.run.trainer import make_trainer
from nncli.run.training_data import VALIDATION_BATCH_SIZE, training_batches
from tests.fixtures import experiment_of
from tests.folders import write_class_folders
from tests.without import needs_fork

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.run.dataset import Experiment, ImageSet

FEATURES = "[patches: {size: 3, count: 4, grid: 2}, hog: {cell: 4}, pixels]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes, 50 of each."""
    write_class_folders(tmp_path / "photos", {"dark": 50, "light": 50}, size=(9, 9))
    return tmp_path


def experiment(folder: Path, **data: object) -> Experiment:
    """Images of 9x9 gray pixels, with features."""
    return experiment_of(folder, data={"image_size": "[9, 9]", "features": FEATURES, **data})


def network_input(experiment: Experiment, images: ImageSet) -> np.ndarray[Any, Any]:
    """What prediction would feed the network with, a row for each image; what no byte can hold is cut off."""
    features = experiment.features
    assert features is not None
    columns = np.empty((len(images.rows), experiment.column.n_features), np.float32)
    experiment.column.extract(images.pixels[images.rows], columns)
    columns = np.clip(columns, features.low, features.low + 255 * features.step)
    return np.array(columns * experiment.scaling.scale + experiment.scaling.offset)


def in_order(batches: Batches | None) -> np.ndarray[Any, Any]:
    """All examples of a set, a row for each."""
    assert batches is not None
    return np.concatenate([X.T.copy() for X, _ in batches.in_order()])


def half_steps(experiment: Experiment) -> Any:
    """Half a step of a byte, in network input."""
    assert experiment.features is not None
    return 0.51 * experiment.features.step * experiment.scaling.scale + 1e-3


@pytest.mark.parametrize("augmentation", ["none", "photos"])
@pytest.mark.parametrize("validation_split", [0, 0.3])
@pytest.mark.parametrize("cache", ["on", "off"])
def test_the_network_is_trained_on_what_prediction_sees(
    folder: Path, augmentation: str, validation_split: float, cache: str
) -> None:
    """Up to half a byte, images and labels belonging together, with and without augmentation, validation and cache."""
    data = {"augmentation": augmentation, "validation_split": validation_split, "cache": cache}
    one = experiment(folder, **data)
    training, validation = training_batches(one, 8, np.float32)
    assert (validation is None) == (validation_split == 0)
    for images, batches in ((one.training, training), (one.validation, validation)):
        if batches is not None:
            assert batches.n_examples == len(images.labels)
            found, expected = in_order(batches), network_input(one, images)
            assert (np.abs(found - expected) <= half_steps(one)).all()
            np.testing.assert_array_equal(images.labels, np.concatenate([Y for _, Y in batches.in_order()]))
    assert 8 == training.batch_size


def test_augmented_features_are_new_in_every_epoch(folder: Path) -> None:
    """Those of the changed images; without augmentation an epoch differs in its order alone."""
    for augmentation, changes in (("photos", True), ("none", False)):
        training, _ = training_batches(experiment(folder, augmentation=augmentation), 100, np.float32)
        epochs = []
        for epoch in (1, 2):
            ((X, _),) = training.shuffled(0, epoch)
            epochs.append(np.sort(X.T.copy().sum(axis=1)))
        assert changes == (np.abs(epochs[0] - epochs[1]).max() > 0.1)


def test_augmented_features_are_those_of_the_augmented_image(folder: Path) -> None:
    """First the change, then the features: the block `pixels` shows which image the others were computed of."""
    one = experiment(folder, augmentation="photos")
    training, _ = training_batches(one, 8, np.float32)
    X, _ = next(training.shuffled(0, 1))
    columns = (X.T - one.scaling.offset) / one.scaling.scale
    pixels = np.rint(columns[:, -81:]).astype(np.uint8)
    expected = np.empty(columns.shape, np.float32)
    one.column.extract(pixels, expected)
    np.testing.assert_allclose(columns, expected, atol=1e-2)


@needs_fork
def test_one_process_and_two_give_equal_features(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And equal scaling: who computes makes no difference."""
    found = []
    for processes in (1, 2):
        monkeypatch.setattr(backend, "number_of_processes", lambda processes=processes: processes)
        batches = training_batches(experiment(folder, cache="off"), 8, np.float32)
        found.append([in_order(each) for each in batches])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one, two)


def test_the_share_of_a_process_is_the_same_in_any_company(folder: Path) -> None:
    """A process that trains with others computes augmented features of its share as if it were alone."""
    training, _ = training_batches(experiment(folder, augmentation="photos"), 10, np.float32)
    whole = [X.copy() for X, _ in training.shuffled(3, 1)]
    second_half = [X.copy() for X, _ in training.shuffled(3, 1, share=lambda m: slice(m // 2, m))]
    for X, part in zip(whole, second_half, strict=True):
        np.testing.assert_array_equal(X[:, X.shape[1] // 2 :], part)


def test_pixels_alone_need_no_features(folder: Path) -> None:
    """Nothing is computed beforehand, nothing kept beside the pixels."""
    one = experiment_of(folder, data={"image_size": "[9, 9]"})
    training, validation = training_batches(one, 8, np.float32)
    assert one.features is None
    assert one.column.is_pixels
    expected = one.training.pixels[one.training.rows] / np.float32(255)
    np.testing.assert_allclose(in_order(training), expected, rtol=1e-6)
    assert validation is not None
    assert min(VALIDATION_BATCH_SIZE, 15) == validation.batch_size
    assert 1 == len(list(entries()))


def test_what_is_kept(folder: Path) -> None:
    """The features of all images; with augmentation those of the validation images alone; nothing with cache off."""
    told: list[int] = []
    for augmentation in ("none", "photos", "none"):
        training_batches(experiment(folder, augmentation=augmentation), 8, np.float32, told.append)
    kept = [entry.about for entry in entries() if entry.about]
    assert [15, 100] == sorted(about.n_rows for about in kept if about.kind == "features")
    assert 100 + 15 + 100 == sum(told)
    assert {str(folder / "photos")} == {about.source for about in kept}


def test_another_seed_is_another_entry(folder: Path) -> None:
    """It has other images to train on, and learns other patches."""
    data: dict[str, object] = {"image_size": "[9, 9]", "features": FEATURES}
    for seed in (1, 2, 1):
        training_batches(experiment_of(folder, data=data, training={"seed": seed}), 8, np.float32)
    assert 2 == len([1 for entry in entries() if entry.about and entry.about.kind == "features"])


def test_the_trainer_gets_them(folder: Path) -> None:
    """Network and batches have the length of the feature column."""
    one = experiment(folder)
    trainer = make_trainer(one)
    assert 4 * 2 * 4 + 36 + 81 == one.plan.layer_dims[0] == trainer.parameters.layer_dims[0]
    X, _ = next(iter(trainer.training_set.in_order(lambda _m: slice(None))))
    assert 149 == X.shape[0]


@pytest.mark.parametrize("augmentation", ["none", "mirror", "photos"])
@pytest.mark.parametrize("features", [FEATURES, "[pixels]"])
def test_in_the_span_the_network_is_trained_on_what_prediction_sees(
    folder: Path, augmentation: str, features: str
) -> None:
    """Projected once, whether of bytes or of pixels; the model that comes of it projects in the same way."""
    data = {"image_size": "[9, 9]", "features": features, "augmentation": augmentation, "validation_split": 0.3}
    some = experiment_of(folder, data=data, network={"project": 6})
    trainer = make_trainer(some)
    model = some.model(trainer.parameters, {})
    assert 6 == trainer.parameters.layer_dims[0] == some.plan.layer_dims[0] == model.layer_dims[0]
    for images, batches in (some.training, trainer.training_set), (some.validation, trainer.validation_set):
        assert isinstance(batches, Batches)
        found, rows = in_order(batches), np.empty((len(images.rows), 6), np.float32)
        model.preprocessing.apply(images.pixels[images.rows], rows)
        assert rows.std() > 0.1
        # What no byte can hold is cut off, of a few validation images.
        assert (np.abs(found - rows) < 0.02).mean() > (1 if images is some.training else 0.9) - 1e-9


def test_training_columns_alone_make_the_span(folder: Path) -> None:
    """Centered and of variance 1 on the average over them, mirrored ones among them."""
    data = {"image_size": "[9, 9]", "features": FEATURES, "augmentation": "mirror", "validation_split": 0.3}
    some = experiment_of(folder, data=data, network={"project": "auto"})
    training, _ = training_batches(some, 16, np.float32)
    m = len(some.training.rows)
    Z = np.concatenate([training.inputs.take(np.arange(m)).T.copy()])
    assert 2 * m - 1 == Z.shape[1] < some.column.n_features
    both = training.inputs._rows.take(slice(None), np.empty((2 * m, Z.shape[1]), np.float32))
    np.testing.assert_allclose(both.mean(axis=0), 0, atol=1e-3)
    assert 1 == pytest.approx(float(both.var(axis=0).mean()), rel=0.01)


def test_visits_of_columns_count_as_the_columns_that_they_take_the_time_of(folder: Path) -> None:
    """Progress over features and directions ends at what was announced; a tenth of the visits is announced."""
    some = experiment_of(folder, data={"image_size": "[9, 9]", "features": FEATURES}, network={"project": 6})
    told: list[int] = []
    make_trainer(some, on_progress=told.append)
    m = len(some.training.rows)
    assert (100 + 3 * m // 10, 3 * m // 10) == (sum(told), some.n_visited)


def test_weights_of_a_table_reach_the_batches(tmp_path: Path) -> None:
    """Their mean is 1 over the training images; without a column of them, or with equal ones, there are none."""
    write_class_folders(tmp_path / "photos", {"dark": 4, "light": 4}, size=(4, 4))
    files = sorted((tmp_path / "photos").rglob("*.png"))
    for weights, expected in (([1, 3] * 4, [0.5, 1.5]), ([1] * 8, None)):
        lines = [f"{each.relative_to(tmp_path)},{each.parent.name},{w}" for each, w in zip(files, weights, strict=True)]
        (tmp_path / "t.csv").write_text("\n".join(["path,label,weight", *lines]))
        of_table = experiment_of(tmp_path, "t.csv", data={"image_size": "[4, 4]", "validation_split": 0})
        training_set, _ = training_batches(of_table, 8, np.float64)
        next(iter(training_set.shuffled(0, 0)))
        assert expected == (None if training_set.weights is None else sorted(set(training_set.weights.tolist())))
