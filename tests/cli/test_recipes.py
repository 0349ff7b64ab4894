"""Recipes through the real command line: trained, checked, resumed, trained again; and what is calibrated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from nncli.config.recipes import EFFORTS, RECIPES
from nncli.machine.npz_file import read_npz
from nncli.model.file import read_model
from tests.cli.tiny import in_process as nncli
from tests.drawings import colors, lines, write_drawings
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ("--set", "training.effort=quick", "--epochs", 2, "-q")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Drawn lines, 20 of each of two classes, and auto.yaml."""
    write_drawings(tmp_path / "drawn", lines, (28, 28), each=20)
    (tmp_path / "auto.yaml").write_text("data: {path: drawn}\ntraining: {recipe: auto}\n")
    return tmp_path


def contents(path: Path) -> Any:
    """What a JSON file holds."""
    return json.loads(path.read_text())


def test_a_run_names_its_recipe_and_can_be_repeated(folder: Path) -> None:
    """One line says what was chosen; config.yaml trains the same bytes without choosing again."""
    trained = nncli("train", "auto.yaml", "--epochs", 2, "-o", "run", cwd=folder)
    assert "recipe digits, effort quick: gray images of about 28x28, mostly lines\n" in trained.stderr
    kept = yaml.safe_load((folder / "run/config.yaml").read_text())
    assert ("digits", "quick", 2) == tuple(kept["training"][key] for key in ("recipe", "effort", "epochs"))
    again = nncli("train", "run/config.yaml", "-o", "again", cwd=folder)
    assert "recipe" not in again.stderr
    assert (folder / "run/model.npz").read_bytes() == (folder / "again/model.npz").read_bytes()
    assert (folder / "run/config.yaml").read_bytes() == (folder / "again/config.yaml").read_bytes()
    assert "digits" == json.loads(read_npz(folder / "run/model.npz")["metadata"].tobytes())["training"]["config"][
        "training.recipe"
    ]  # fmt: skip


def test_plain_changes_no_byte(folder: Path) -> None:
    """Neither of the model nor of the config that is kept."""
    (folder / "none.yaml").write_text("data: {path: drawn, image_size: 9}\n")
    (folder / "plain.yaml").write_text("data: {path: drawn, image_size: 9}\ntraining: {recipe: plain}\n")
    for name in ("none", "plain"):
        nncli("train", f"{name}.yaml", "--epochs", 2, "-q", "-o", name, cwd=folder)
    for name in ("model.npz", "config.yaml"):
        assert (folder / "none" / name).read_bytes() == (folder / "plain" / name).read_bytes()


@pytest.mark.parametrize("config", [None, "auto.yaml"])
def test_a_run_with_a_recipe_is_resumed_to_the_byte(folder: Path, config: str | None) -> None:
    """By its own config, or by the one that left the choice to the program."""
    stop = ("--set", "training.schedule=constant", "--set", "training.learning_rate=0.002")
    nncli("train", "auto.yaml", *stop, "--epochs", 3, "-q", "-o", "whole", cwd=folder)
    nncli("train", "auto.yaml", *stop, "--epochs", 1, "-q", "-o", "part", cwd=folder)
    settings = (config, *stop) if config else ()
    nncli("train", *settings, "--resume", "part", "--epochs", 3, "-q", cwd=folder)
    assert (folder / "whole/model.npz").read_bytes() == (folder / "part/model.npz").read_bytes()


def test_another_recipe_does_not_go_on(folder: Path) -> None:
    """Told by what it would change."""
    nncli("train", "auto.yaml", *QUICK, "-o", "run", cwd=folder)
    result = nncli("train", "--resume", "run", "--set", "training.recipe=photos", cwd=folder, code=2)
    assert "cannot be resumed with another training.recipe (was digits, now photos)" in result.stderr


def test_what_a_recipe_does_not_use_does_not_stop_resuming(folder: Path) -> None:
    """The weight decay of a recipe has no use with another optimizer, and config.yaml leaves it out."""
    settings = ("--set", "training.recipe=photos", "--set", "training.optimizer=adam", "--set", "training.ensemble=1")
    nncli("train", "auto.yaml", *settings, *QUICK, "-o", "run", cwd=folder)
    nncli("train", "auto.yaml", *settings, *QUICK, "--resume", "run", cwd=folder)


@pytest.mark.parametrize(
    ("looks", "augmentation", "expected"),
    [
        ("shifts", "none", "at the image as it is, and moved up, down, left and right"),
        ("shifts", "digits", "at the image as it is, in prediction also moved up, down, left and right"),
        ("shifts_in_training", "mirror", "at the image as it is, in training also moved up, down, left and right"),
        ("shifts_in_training", "digits", "at the image as it is alone, because digits changes it in every epoch"),
        ("parts_in_training", "none", "at the whole image, in training also at five parts of it"),
    ],
)
def test_check_tells_the_looks_that_there_are(tmp_path: Path, looks: str, augmentation: str, expected: str) -> None:
    """In training and in prediction; what deforms the image anew in every epoch leaves no others for training."""
    write_drawings(tmp_path / "colors", colors, (20, 20), each=6)
    settings = "image_size: [20, 20], features: [patches: {size: 3, count: 4}]"
    (tmp_path / "c.yaml").write_text(
        f"data: {{path: colors, {settings}, looks: {looks}, augmentation: {augmentation}}}\n"
        "network: {layer_dims: [auto, 4, auto]}\n"
    )
    plan = nncli("check", "c.yaml", cwd=tmp_path).stdout
    assert f"\nlooks      {expected}\n" in plan
    assert ("\npredicted  as the average of 5 looks at an image\n" in plan) == (looks == "shifts")


def test_check_spells_everything_out(tmp_path: Path) -> None:
    """A line for each ingredient that is on, none for those that are off."""
    write_drawings(tmp_path / "colors", colors, (50, 44), each=10)
    (tmp_path / "c.yaml").write_text("data: {path: colors}\ntraining: {recipe: auto, effort: standard, ensemble: 3}\n")
    plan = nncli("check", "c.yaml", cwd=tmp_path).stdout
    assert "\nrecipe     photos, effort standard\n" in plan
    assert "\nfeatures   deep_patches (size " in plan
    assert "\naugmented  mirrored or not, in every epoch\n" in plan
    assert "\nensemble   the average of 3 networks\n" in plan
    assert "\nlooks      at the whole image, and at five parts of it\n" in plan
    assert "\npredicted  as the average of 12 looks at an image, mirror images among them\n" in plan
    assert "\ncalibrated by a temperature, fitted on the validation images\n" in plan
    off = ["recipe=plain", "ensemble=1"]
    (tmp_path / "plain.yaml").write_text("data: {path: colors}\n")
    plain = nncli("check", "plain.yaml", *(x for s in off for x in ("--set", f"training.{s}")), cwd=tmp_path).stdout
    for word in ("recipe", "features", "augmented", "ensemble", "predicted", "calibrated"):
        assert f"\n{word}" not in plain


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("effort", EFFORTS)
def test_tiny_data_sets(tmp_path: Path, recipe: str, effort: str) -> None:
    """Two images of each class, of 5x5 pixels, are enough for every recipe."""
    write_class_folders(tmp_path / "photos", {"a": 2, "b": 2, "c": 2}, size=(5, 5))
    (tmp_path / "c.yaml").write_text(f"data: {{path: photos}}\ntraining: {{recipe: {recipe}, effort: {effort}}}\n")
    nncli("train", "c.yaml", "--epochs", 1, "-q", "-o", "run", cwd=tmp_path)
    assert 1 == contents(tmp_path / "run/metrics.json")["temperature"]
    assert 3 == len(
        nncli("predict", "-m", "run", "photos/a", "photos/b/0.png", "-f", "label", cwd=tmp_path).stdout.split()
    )


@pytest.mark.parametrize("size", [(1, 1), (9, 1), (3, 41)])
def test_images_of_any_shape(tmp_path: Path, size: tuple[int, int]) -> None:
    """One pixel, one row, a narrow column."""
    write_class_folders(tmp_path / "photos", {"a": 4, "b": 4}, size=size)
    (tmp_path / "c.yaml").write_text("data: {path: photos}\ntraining: {recipe: auto}\n")
    nncli("train", "c.yaml", "--epochs", 1, "-q", "-o", "run", cwd=tmp_path)
    assert nncli("evaluate", "-m", "run", "photos", cwd=tmp_path).stdout


def test_unreadable_images_are_named_as_ever(folder: Path) -> None:
    """Looking passes over them; loading does not, unless the config says so."""
    (folder / "drawn/one/0.png").write_bytes(b"no image")
    assert "one/0.png: " in nncli("train", "auto.yaml", *QUICK, cwd=folder, code=1).stderr
    nncli("train", "auto.yaml", *QUICK, "--set", "data.on_bad_image=skip", "-o", "run", cwd=folder)


def test_no_readable_image_at_all(tmp_path: Path) -> None:
    """One line, no traceback."""
    for name in ("a", "b"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(3):
            (tmp_path / "photos" / name / f"{number}.png").write_bytes(b"no image")
    (tmp_path / "c.yaml").write_text("data: {path: photos}\ntraining: {recipe: auto}\n")
    result = nncli("train", "c.yaml", cwd=tmp_path, code=1)
    assert result.stderr.startswith("nncli: none of the images looked at can be read, the first is ")
    assert 1 == result.stderr.count("\n")


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that learned noise by heart, calibrated on validation images, beside the same run that is not."""
    root = tmp_path_factory.mktemp("calibrated")
    write_drawings(root / "noise", colors, (6, 6), each=60)
    (root / "c.yaml").write_text(
        "data: {path: noise, image_size: 6, validation_split: 0.5}\nnetwork: {layer_dims: [auto, 60, auto]}\n"
        "training: {epochs: 60, learning_rate: 0.01, monitor: last}\n"
    )
    nncli("train", "c.yaml", "-q", "-o", "sure", cwd=root)
    nncli("train", "c.yaml", "-q", "-o", "honest", "--set", "training.calibration=temperature", cwd=root)
    return root


def test_a_network_that_is_too_sure_is_calibrated(calibrated: Path) -> None:
    """The same weights and the same answers, with a smaller loss and calibration error."""
    sure, honest = (contents(calibrated / name / "metrics.json") for name in ("sure", "honest"))
    assert 1 == sure["temperature"] < honest["temperature"]
    assert sure["accuracy"] == honest["accuracy"]
    assert honest["loss"] < sure["loss"]
    assert honest["calibration_error"] < sure["calibration_error"]
    models = [read_model(calibrated / name / "model.npz") for name in ("sure", "honest")]
    assert models[0].parameters.flat.tobytes() == models[1].parameters.flat.tobytes()
    assert honest["temperature"] == models[1].temperature


def test_predictions_use_the_temperature(calibrated: Path) -> None:
    """Those of `predict` and the loss of `evaluate` are the model's, tempered; labels stay."""
    answers, losses = [], []
    for name in ("sure", "honest"):
        out = nncli(
            "predict", "-m", name, "noise/one", "-f", "ndjson", "--all-probs", cwd=calibrated
        ).stdout.splitlines()
        answers.append([json.loads(line) for line in out])
        losses.append(json.loads(nncli("evaluate", "-m", name, "noise", "-f", "json", cwd=calibrated).stdout)["loss"])
    temperature = contents(calibrated / "honest/metrics.json")["temperature"]
    for sure, honest in zip(*answers, strict=True):
        assert sure["label"] == honest["label"]
        powers = {k: p ** (1 / temperature) for k, p in sure["probabilities"].items()}
        expected = {k: p / sum(powers.values()) for k, p in powers.items()}
        assert expected == pytest.approx(honest["probabilities"], abs=1e-5)
    assert losses[0] != losses[1]


def test_without_validation_nothing_is_calibrated(calibrated: Path) -> None:
    """Training images would say that all is well."""
    settings = ("--set", "training.calibration=temperature", "--set", "data.validation_split=0")
    nncli("train", "c.yaml", *settings, "--epochs", 2, "-q", "-o", "all", cwd=calibrated)
    report = contents(calibrated / "all/metrics.json")
    assert ("training", 1) == (report["split"], report["temperature"])
    assert 0 <= report["calibration_error"] <= 1


def test_the_last_epoch_is_kept_with_monitor_last(calibrated: Path) -> None:
    """And `patience`, which waits for a better one, is refused."""
    report = contents(calibrated / "sure/metrics.json")
    assert (60, 60) == (report["best_epoch"], report["epochs"])
    lines = nncli("train", "c.yaml", "--epochs", 2, "-o", "two", cwd=calibrated).stderr
    assert "kept: the last epoch of 2: validation accuracy" in lines
    assert "best" not in lines
    lines = nncli(
        "train", "c.yaml", "--epochs", 2, "--set", "data.test_time_augmentation=mirror", cwd=calibrated
    ).stderr
    assert "kept: the last epoch of 2, 2 looks at each image vote (in the epochs one): validation accuracy" in lines
    result = nncli("train", "c.yaml", "--set", "training.patience=3", cwd=calibrated, code=2)
    assert "training.patience is only used with monitor accuracy or loss, not with last; remove it" in result.stderr
