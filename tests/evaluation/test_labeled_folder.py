"""Images to evaluate on, and the names of their classes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nncli.errors import DataError, UsageError
from nncli.evaluation.labeled_folder import labeled_images


def touch(*paths: str) -> None:
    """Empty files and their folders: nothing is opened here."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()


def test_the_folder_names_the_class() -> None:
    """Of all images below it, in natural order."""
    touch("d/cat/10.png", "d/cat/9.png", "d/cat/more/1.png", "d/dog/1.png")
    images = labeled_images("d")
    assert ["d/cat/9.png", "d/cat/10.png", "d/cat/more/1.png", "d/dog/1.png"] == images.paths
    assert ["cat", "cat", "cat", "dog"] == images.names
    assert ("d", "") == (images.folder, images.split)


def test_a_single_class_and_an_empty_class_are_fine() -> None:
    """Unlike in training: the classes are the model's."""
    touch("d/cat/1.png")
    Path("d/dog").mkdir()
    images = labeled_images("d")
    assert ["cat"] == images.names
    assert ["cat", "dog"] == images.classes


def test_what_is_ignored_is_noted() -> None:
    """Junk folders become no classes, images beside the class folders are said to be left out."""
    touch("d/cat/1.png", "d/.ipynb_checkpoints/1.png", "d/stray.png", "d/notes.txt")
    images = labeled_images("d")
    assert ["cat"] == images.classes
    assert "ignored 1 as images outside of class folders: stray.png" in images.notes


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        (["train", "val", "test"], ("d/test", "test")),
        (["train", "validation"], ("d/validation", "val")),
        (["Train", "Valid"], ("d/Valid", "val")),
        (["train"], ("d/train", "train")),
        (["test"], ("d/test", "test")),
    ],
)
def test_images_that_training_has_not_seen_come_first(folders: list[str], expected: tuple[str, str]) -> None:
    """Test, then val, then train; whatever is there."""
    touch(*(f"d/{folder}/cat/1.png" for folder in folders))
    images = labeled_images("d")
    assert expected == (images.folder, images.split)
    assert [f"{expected[0]}/cat/1.png"] == images.paths


def test_a_split_can_be_chosen() -> None:
    """By its usual name, whatever the folder is called."""
    touch("d/train/cat/1.png", "d/valid/cat/2.png", "d/test/cat/3.png")
    assert ["d/valid/cat/2.png"] == labeled_images("d", "val").paths


def test_a_split_that_is_missing_is_refused() -> None:
    """With those that are there."""
    touch("d/train/cat/1.png", "d/valid/cat/2.png")
    with pytest.raises(UsageError, match=r"^d: no split test, only train, val$"):
        labeled_images("d", "test")


def test_a_folder_without_splits_has_none_to_choose() -> None:
    """Where they are the model's classes, they are classes: trains are vehicles, too."""
    touch("d/train/1.png", "d/bus/1.png")
    assert ["bus", "train"] == labeled_images("d", known=("bus", "train")).names
    with pytest.raises(UsageError, match=r"^d: not divided into train, val and test; leave out --split$"):
        labeled_images("d", "test", known=("bus", "train"))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["train/cat/1.png", "val/cat/2.png", "valid/cat/3.png"], "d: val, valid are the same split; keep one of them"),
        (["train/cat/1.png", "test/2.png"], "d/test: 1 image without a class; expected one folder per class"),
        (["train/cat/1.png", "test/unknown/2.png"], "d/test: its images, in unknown, have no class"),
        (
            ["train/cat/1.png", "extra/2.png"],
            "d: train is called like splits and extra is not; name the folder to evaluate",
        ),
    ],
)
def test_a_tree_that_can_be_read_in_two_ways_is_refused(files: list[str], message: str) -> None:
    """As in training; and a test split without labels, which training only notes, cannot be evaluated."""
    touch(*(f"d/{file}" for file in files))
    with pytest.raises(DataError, match=f"^{re.escape(message)}"):
        labeled_images("d")


def test_labels_of_a_list_are_evaluated() -> None:
    """As tiny-imagenet has them for its val split."""
    touch("d/train/cat/images/1.png", "d/train/dog/images/1.png", "d/val/images/1.png", "d/val/images/2.png")
    Path("d/val/val_annotations.txt").write_text("1.png\tdog\t0\t0\n2.png\tcat\t0\t0\n")
    images = labeled_images("d", known=("cat", "dog"))
    assert [("d/val/images/1.png", "dog"), ("d/val/images/2.png", "cat")] == list(
        zip(images.paths, images.names, strict=True)
    )


def test_an_official_list_chooses_the_test_images() -> None:
    """Those of training are not evaluated without being asked for."""
    touch("d/images/cat/1.png", "d/images/cat/2.png", "d/images/dog/1.png", "d/images/dog/2.png")
    Path("d/meta").mkdir()
    Path("d/meta/train.txt").write_text("cat/1\ndog/1\n")
    Path("d/meta/test.txt").write_text("cat/2\ndog/2\n")
    assert ["d/images/cat/2.png", "d/images/dog/2.png"] == labeled_images("d").paths
    assert ["d/images/cat/1.png", "d/images/dog/1.png"] == labeled_images("d", "train").paths


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["x/1.png"], "^d: no such folder$"),
        (["d"], "^d: neither a folder nor a table "),
        (["d/1.png"], "^d: no folders in it; expected one folder per class$"),
        (["d/cat/notes.txt"], "^d: no images in its folders$"),
    ],
)
def test_a_folder_without_images_of_classes_is_refused(files: list[str], message: str) -> None:
    """With what was expected."""
    touch(*files)
    with pytest.raises(DataError, match=message):
        labeled_images("d")
