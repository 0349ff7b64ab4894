"""``nncli check``."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.cli.tiny import in_process as nncli
from tests.folders import write_class_folders, write_config, write_image

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
    """By `check` before; `train` says at its start how many networks there are."""
    setting = ("--set", "training.ensemble=3")
    expected = "16 -> 5 tanh -> 3 softmax: 309 parameters in 3 networks, 3 times the cost"
    assert expected in nncli("check", "photos.yaml", *setting, cwd=folder).stdout
    trained = nncli("train", "photos.yaml", *setting, cwd=folder).stderr
    assert "3 networks 16 -> 5 -> 3, 309 parameters" in trained


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


def test_images_per_class_and_split(folder: Path) -> None:
    """The test split is counted, too, though training does not use it."""
    write_class_folders(folder / "split/train", {"a": 3, "b": 4})
    write_class_folders(folder / "split/val", {"a": 1, "b": 2})
    write_class_folders(folder / "split/test", {"a": 5, "b": 6})
    write_config(folder / "split.yaml", "split")
    plan = nncli("check", "split.yaml", cwd=folder).stdout
    assert (
        "class  training  validation  test\na             3           1     5\nb             4           2     6\n"
        in plan
    )


def test_duplicates_across_splits_and_classes_are_named(folder: Path) -> None:
    """An image that is in training and in test makes the test worthless; one in two classes cannot be learned."""
    root = folder / "split"
    write_class_folders(root / "train", {"a": 3, "b": 3})
    write_image(root / "val/b/own.png", 99, seed=7)
    (root / "test/b").mkdir(parents=True)
    shutil.copy(root / "train/a/0.png", root / "train/b/copy.png")
    shutil.copy(root / "train/b/1.png", root / "test/b/leak.png")
    Image.open(root / "train/a/2.png").save(root / "train/a/other_file_same_pixels.bmp")
    write_config(folder / "split.yaml", "split")
    plan = nncli("check", "split.yaml", cwd=folder).stdout
    assert "duplicates  6 images in 3 groups have the same pixels as the network sees them\n" in plan
    leak = f"{root}/train/b/1.png (training, b) = {root}/test/b/leak.png (test, b)"
    assert f"  1 group in more than one split:\n    {leak}\n" in plan
    twins = f"{root}/train/a/0.png (training, a) = {root}/train/b/copy.png (training, b)"
    assert f"  1 group in more than one class:\n    {twins}\n" in plan


def test_images_that_show_nothing_are_named(folder: Path) -> None:
    """Of nearly one color; five of them at most."""
    for number in range(7):
        Image.new("L", (4, 4), 200 + number).save(folder / f"photos/1/flat{number}.png")
    plan = nncli("check", "photos.yaml", cwd=folder).stdout
    assert "near-empty  7 images of nearly one color\n" in plan
    assert 5 == len(re.findall(r"^  \S+flat\d.png$", plan, re.MULTILINE))
    assert "    ... and 2 more" in plan


def test_file_sizes(folder: Path) -> None:
    """The smallest, the largest and the usual one."""
    assert "file sizes  4x4\n" in nncli("check", "photos.yaml", cwd=folder).stdout
    write_image(folder / "photos/1/wide.png", 50, size=(9, 3))
    shown = nncli("check", "photos.yaml", cwd=folder).stdout
    assert "file sizes  4x4 to 9x3 (width x height), 2 different; 97% are 4x4\n" in shown


def test_a_preview_is_drawn(folder: Path) -> None:
    """One line for each of the three classes; a file of another kind is refused before anything is read."""
    nncli("check", "photos.yaml", "--preview", "p.png", cwd=folder)
    with Image.open(folder / "p.png") as picture:
        assert 3 * 96 < picture.height < 4 * 96
    assert "does not end with .png" in nncli("check", "photos.yaml", "--preview", "p.gif", cwd=folder, code=2).stderr


def test_a_bad_test_image_is_only_a_warning(folder: Path) -> None:
    """Training does not use it."""
    write_class_folders(folder / "split/train", {"a": 3, "b": 3})
    (folder / "split/test/a").mkdir(parents=True)
    (folder / "split/test/a/bad.png").write_bytes(b"no image")
    write_config(folder / "split.yaml", "split")
    assert "bad.png: not a readable" in nncli("check", "split.yaml", cwd=folder).stderr


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


def test_strict_is_a_gate(tmp_path: Path) -> None:
    """The same images in two splits: said in any case, and exit code 4 where a script asks."""
    for split in ("train", "val"):
        write_class_folders(tmp_path / "both" / split, {"dark": 4, "light": 4})
    write_config(tmp_path / "both.yaml", "both")
    plan = nncli("check", "both.yaml", cwd=tmp_path).stdout
    assert "8 groups in more than one split:" in plan
    assert "near-copies not looked for" in plan
    result = nncli("check", "both.yaml", "--strict", cwd=tmp_path, code=4)
    assert "nncli: --strict: images are in more than one split or class" in result.stderr
    write_class_folders(tmp_path / "fine")
    write_config(tmp_path / "fine.yaml", "fine")
    nncli("check", "fine.yaml", "--strict", cwd=tmp_path)
