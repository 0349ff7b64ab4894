"""Images to evaluate on, and the names of their classes."""

from __future__ import annotations

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
    """One folder of another name, and all of them are classes: trains are vehicles, too."""
    touch("d/train/1.png", "d/bus/1.png")
    assert ["bus", "train"] == labeled_images("d").names
    with pytest.raises(UsageError, match=r"^d: not divided into train, val and test; leave out --split$"):
        labeled_images("d", "test")


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["x/1.png"], "^d: no such folder$"),
        (["d"], "^d: not a folder$"),
        (["d/1.png"], "^d: no folders in it; expected one folder per class$"),
        (["d/cat/notes.txt"], "^d: no images in its folders$"),
    ],
)
def test_a_folder_without_images_of_classes_is_refused(files: list[str], message: str) -> None:
    """With what was expected."""
    touch(*files)
    with pytest.raises(DataError, match=message):
        labeled_images("d")
