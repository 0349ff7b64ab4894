"""``nncli check``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.test_train import nncli
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three classes with a junk file, and photos.yaml."""
    write_class_folders(tmp_path / "photos", {"1": 10, "2": 10, "10": 10})
    (tmp_path / "photos/1/notes.txt").write_text("not an image")
    write_config(tmp_path / "photos.yaml", "photos", training={"batch_size": 10})
    return tmp_path


def test_the_plan(folder: Path) -> None:
    """What would be trained on what, in the units that a person thinks in."""
    plan = nncli("check", "photos.yaml", cwd=folder).stdout
    assert "30 images, 3 classes" in plan
    assert "1 10, 2 10, 10 10" in plan  # natural order
    assert "4x4 grayscale, stretch, zero_one: 16 values per image" in plan
    assert "26 to train on, 4 to validate" in plan
    assert "16 -> 5 tanh -> 3 softmax: 103 parameters" in plan
    assert "3 epochs of 3 batches of 10, adam, learning rate 0.05 constant, seed 0" in plan


def test_the_plan_names_the_augmentation(folder: Path) -> None:
    """Where there is one."""
    assert "augmented" not in nncli("check", "photos.yaml", cwd=folder).stdout
    settings = ["--set", "data.augmentation=digits", "--set", "data.augmentation_strength=0.5"]
    assert "augmented  as digits, strength 0.5" in nncli("check", "photos.yaml", *settings, cwd=folder).stdout


def test_the_cost_of_an_ensemble_is_said(folder: Path) -> None:
    """By `check` before, and by `train` at its start."""
    setting = ("--set", "training.ensemble=3")
    expected = "309 parameters in 3 networks, 3 times the cost"
    assert f"16 -> 5 tanh -> 3 softmax: {expected}" in nncli("check", "photos.yaml", *setting, cwd=folder).stdout
    assert expected in nncli("train", "photos.yaml", *setting, cwd=folder).stderr


def test_what_is_ignored_is_said(folder: Path) -> None:
    """A file that is no image does not vanish silently."""
    assert "notes.txt" in nncli("check", "photos.yaml", cwd=folder).stderr


def test_nothing_is_written(folder: Path) -> None:
    """Checking leaves no trace."""
    before = sorted(folder.rglob("*"))
    nncli("check", "photos.yaml", cwd=folder)
    assert before == sorted(folder.rglob("*"))


def test_bad_images_fail_or_are_skipped_as_the_config_says(folder: Path) -> None:
    """Exit code 1 with `error`, 3 with `skip`."""
    (folder / "photos/2/5.png").write_bytes(b"no image")
    assert "2/5.png: " in nncli("check", "photos.yaml", cwd=folder, code=1).stderr
    skipped = nncli("check", "photos.yaml", "--set", "data.on_bad_image=skip", cwd=folder, code=3)
    assert "2/5.png: " in skipped.stderr
    assert "29 images" in skipped.stdout


def test_class_weights_of_an_unknown_class(folder: Path) -> None:
    """The name is shown with its place and the names that exist."""
    write_config(folder / "photos.yaml", "photos", training={"class_weights": '{"3": 2}'})
    result = nncli("check", "photos.yaml", cwd=folder, code=2)
    assert "photos.yaml:" in result.stderr
    assert "'3'" in result.stderr
    assert "1, 2, 10" in result.stderr


def test_validation_split_beside_a_val_folder(folder: Path) -> None:
    """A key without use is an error, also where only the folder can tell."""
    write_class_folders(folder / "split/train", {"a": 3, "b": 3})
    write_class_folders(folder / "split/val", {"a": 1, "b": 1})
    write_config(folder / "split.yaml", "split", data={"validation_split": 0.2})
    result = nncli("check", "split.yaml", cwd=folder, code=2)
    assert result.stderr.startswith("split.yaml:5:21: data.validation_split has no use")


@pytest.mark.parametrize(("key", "value"), [("patience", 3), ("monitor", "accuracy")])
def test_what_needs_validation_is_refused_without(folder: Path, key: str, value: object) -> None:
    """Early stopping and the choice of an epoch cannot work without validation images, and say so."""
    write_config(folder / "p.yaml", "photos", data={"validation_split": 0}, training={key: value})
    assert f"training.{key} needs validation images" in nncli("check", "p.yaml", cwd=folder, code=2).stderr


def test_validation_images_that_are_all_bad_are_told(folder: Path) -> None:
    """Skipping them must not turn validation off in silence."""
    write_class_folders(folder / "split/train", {"a": 3, "b": 3})
    write_class_folders(folder / "split/val", {"a": 1, "b": 1})
    for path in (folder / "split/val").rglob("*.png"):
        path.write_bytes(b"no image")
    write_config(folder / "split.yaml", "split", data={"on_bad_image": "skip"})
    assert "no validation image can be read" in nncli("check", "split.yaml", cwd=folder, code=1).stderr
