"""Class folders and split folders, and what is said about those that are neither."""

from __future__ import annotations

import os
import unicodedata
from typing import TYPE_CHECKING

import pytest

from nncli.data.image_folder import scan_image_folder
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import DataError
from tests.data.test_folder_walk import refuse, touch

if TYPE_CHECKING:
    from pathlib import Path


def scan(root: Path, *names: str) -> ImageSource:
    """Scan a folder of files with these names."""
    return scan_image_folder(touch(root, *names))


def by_class(folder: ImageSource, split: str = "all") -> list[tuple[str, str]]:
    """(path within the root, class name) of each file."""
    files = folder.splits[split]
    return [
        (os.path.relpath(path, folder.root), folder.classes[label])
        for path, label in zip(files.paths, files.labels, strict=True)
    ]


def problem(root: Path, *names: str) -> str:
    """Why the folder is refused, without its own path."""
    with pytest.raises(DataError) as caught:
        scan(root, *names)
    message = str(caught.value)
    assert 1 == len(message.splitlines())
    assert message.startswith(str(root))
    return message.replace(str(root), "ROOT")


def test_every_folder_is_a_class(tmp_path: Path) -> None:
    """And its images have its number."""
    folder = scan(tmp_path, "dog/1.jpg", "cat/1.jpg", "cat/2.png")
    assert ("cat", "dog") == folder.classes
    assert {
        "all": LabeledFiles(tuple(str(tmp_path / p) for p in ("cat/1.jpg", "cat/2.png", "dog/1.jpg")), (0, 0, 1))
    } == {**folder.splits}
    assert str(tmp_path) == folder.root


def test_classes_and_files_are_in_natural_order(tmp_path: Path) -> None:
    """Class 10 is not the second one."""
    folder = scan(tmp_path, *(f"{label}/{number}.jpg" for label in (10, 9, 1, 0) for number in (10, 9)))
    assert ("0", "1", "9", "10") == folder.classes
    assert [("0/9.jpg", "0"), ("0/10.jpg", "0"), ("1/9.jpg", "1")] == by_class(folder)[:3]
    assert (0, 0, 1, 1, 2, 2, 3, 3) == folder.splits["all"].labels


def test_sub_folders_belong_to_their_class(tmp_path: Path) -> None:
    """However deep."""
    folder = scan(tmp_path, "cat/2.jpg", "cat/kittens/1.jpg", "cat/kittens/gray/1.jpg", "dog/train/1.jpg", "dog/2.jpg")
    assert ("cat", "dog") == folder.classes
    expected = ["cat/2.jpg", "cat/kittens/1.jpg", "cat/kittens/gray/1.jpg", "dog/2.jpg", "dog/train/1.jpg"]
    assert expected == [path for path, _ in by_class(folder)]
    assert (0, 0, 0, 1, 1) == folder.splits["all"].labels


@pytest.mark.parametrize("val", ["val", "valid", "validation", "Valid"])
def test_split_folders_are_recognized(val: str, tmp_path: Path) -> None:
    """By each of their usual names, in any case; training comes first."""
    names = (f"{split}/{label}/{i}.jpg" for split in ("Train", val, "test") for label in "ba" for i in range(2))
    folder = scan(tmp_path, *names)
    assert ("a", "b") == folder.classes
    assert ["train", "val", "test"] == list(folder.splits)
    assert [(f"{val}/a/0.jpg", "a"), (f"{val}/a/1.jpg", "a"), (f"{val}/b/0.jpg", "b")] == by_class(folder, "val")[:3]
    assert () == folder.notes


@pytest.mark.parametrize("others", [(), ("test",), ("val",)])
def test_train_needs_no_other_split(others: tuple[str, ...], tmp_path: Path) -> None:
    """The caller decides what to do without."""
    folder = scan(
        tmp_path, *(f"{split}/{label}/{i}.jpg" for split in ("train", *others) for label in "ab" for i in "12")
    )
    assert ["train", *others] == list(folder.splits)


def test_junk_beside_the_splits_does_not_hide_them(tmp_path: Path) -> None:
    """Nor does a file."""
    names = ("train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg")
    folder = scan(tmp_path, *names, ".git/x", "__MACOSX/1.jpg", "README.txt", "train/.DS_Store")
    assert ["train"] == list(folder.splits)
    assert (
        "ignored 3 as hidden or junk: .git, __MACOSX, train/.DS_Store",
        "ignored 1 as no image by suffix: README.txt",
    ) == folder.notes


def test_a_class_may_be_called_train(tmp_path: Path) -> None:
    """Where the config says so: it may as well be a split with a folder of something else beside it."""
    names = [f"{label}/{i}.jpg" for label in ("train", "test", "plane") for i in "12"]
    message = (
        "ROOT: test, train are called like splits and plane is not; write data.splits: {train: [train], test: [test], "
        "ignore: [plane]} and sort them, or data.splits: none if all are classes"
    )
    assert message == problem(tmp_path, *names)
    assert ("plane", "test", "train") == scan_image_folder(tmp_path, "none").classes


def test_labels_go_by_name_and_not_by_place(tmp_path: Path) -> None:
    """A class that is missing in val does not shift those behind it."""
    folder = scan(tmp_path, *(f"train/{label}/{i}.jpg" for label in "abc" for i in "12"), "val/a/1.jpg", "val/c/1.jpg")
    assert (0, 2) == folder.splits["val"].labels
    assert ("val has no images of class b",) == folder.notes


def test_an_empty_folder_in_val_is_a_missing_class(tmp_path: Path) -> None:
    """Said, and no more."""
    (tmp_path / "val/b").mkdir(parents=True)
    folder = scan(tmp_path, *(f"train/{label}/{i}.jpg" for label in "ab" for i in "12"), "val/a/1.jpg")
    assert (0,) == folder.splits["val"].labels
    assert ("val has no images of class b",) == folder.notes


def test_stray_images_are_said(tmp_path: Path) -> None:
    """Beside the class folders and beside the split folders."""
    folder = scan(tmp_path / "flat", "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg", "3.jpg")
    assert ("ignored 1 as images outside of class folders: 3.jpg",) == folder.notes
    folder = scan(
        tmp_path / "split", "train/a/1.jpg", "train/a/2.jpg", "train/b/1.jpg", "train/b/2.jpg", "train/3.jpg", "4.jpg"
    )
    assert ("ignored 2 as images outside of class folders: 4.jpg, train/3.jpg",) == folder.notes


def test_classes_that_look_alike_are_said(tmp_path: Path) -> None:
    """By case, or by how Unicode composes a letter: often one class that was copied between systems."""
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    names = [f"{label}/{i}.jpg" for label in ("Cat", "cat", "dog", composed, decomposed) for i in "12"]
    folder = scan(tmp_path, *names)
    if len(folder.classes) < 5:
        pytest.skip("this file system does not tell them apart")
    assert (
        "these are separate classes, though they look alike: Cat, cat",
        f"these are separate classes, though they look alike: {decomposed}, {composed}",
    ) == folder.notes


def test_a_class_of_one_image_is_said(tmp_path: Path) -> None:
    """It cannot be in both parts of a split; where val is a folder of its own, it need not be."""
    folder = scan(tmp_path / "flat", "a/1.jpg", "b/1.jpg", "b/2.jpg")
    assert ("a class of one image cannot be validated: a",) == folder.notes
    folder = scan(tmp_path / "split", "train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg", "val/b/1.jpg")
    assert () == folder.notes


def test_odd_class_names_are_kept_and_noted_in_print(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, newlines, escape sequences."""
    odd = os.fsdecode(b"\x1b[31m\n\xff")
    folder = scan(tmp_path, f"{odd}/1.jpg", "b/1.jpg", "b/2.jpg")
    assert (odd, "b") == folder.classes
    assert ("a class of one image cannot be validated: \\x1b[31m\\x0a\\xff",) == folder.notes


def test_linked_class_folders_are_followed(tmp_path: Path) -> None:
    """A data set put together from links."""
    touch(tmp_path / "pool", "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg")
    (tmp_path / "root").mkdir()
    for name in "ab":
        (tmp_path / "root" / name).symlink_to(tmp_path / "pool" / name)
    folder = scan(tmp_path / "root")
    assert (("a", "b"), (0, 0, 1, 1)) == (folder.classes, folder.splits["all"].labels)


def test_a_link_does_not_carry_images_into_another_class(tmp_path: Path) -> None:
    """Up to the root or over to a neighbor: each image keeps its one class."""
    touch(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg")
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "a/over").symlink_to("../b")
    folder = scan(tmp_path)
    assert (0, 0, 1, 1) == folder.splits["all"].labels
    assert ("ignored 2 as a link to a folder that is read anyway: a/over, a/up",) == folder.notes


@pytest.mark.parametrize(("target", "other"), [("a", "ROOT/a"), (".", "ROOT")])
def test_two_classes_cannot_be_one_folder(target: str, other: str, tmp_path: Path) -> None:
    """A link beside the folder it leads to."""
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "b").symlink_to(target)
    assert f"ROOT/b: the same folder as {other}; a class needs its own" == problem(tmp_path)


def test_val_may_be_a_link_to_test(tmp_path: Path) -> None:
    """Some data sets come with one of them only."""
    touch(tmp_path, *(f"{split}/{label}/1.jpg" for split in ("train", "test") for label in "ab"))
    (tmp_path / "val").symlink_to("test")
    folder = scan(tmp_path)
    assert (0, 1) == folder.splits["val"].labels == folder.splits["test"].labels


def test_an_empty_class_folder_is_refused_by_name(tmp_path: Path) -> None:
    """Leaving it out silently would shift the labels of those behind it."""
    (tmp_path / "b").mkdir()
    message = "ROOT: no images of class b, d; d holds 1 .txt; convert what are pictures, and move away what is no class"
    assert message == problem(tmp_path, "a/1.jpg", "c/1.jpg", "d/notes.txt")


def test_a_class_that_train_does_not_have_is_refused(tmp_path: Path) -> None:
    """Both places are named."""
    expected = "ROOT/val: ROOT/train has no class c, d"
    assert expected == problem(tmp_path, *(f"train/{x}/1.jpg" for x in "ab"), *(f"val/{x}/1.jpg" for x in "acd"))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "ROOT: no folders in it; expected one folder per class"),
        (["notes.txt"], "ROOT: no folders in it; expected one folder per class"),
        (
            ["x.zip"],
            "ROOT: no folders in it; expected one folder per class; x.zip is an archive, which is read in place: "
            "write data.path: ROOT/x.zip",
        ),
        ([".hidden/1.jpg"], "ROOT: no folders in it; expected one folder per class"),
        (["1.jpg", "2.jpg"], "ROOT: images but no folders in it; expected one folder per class"),
        (["a/1.jpg"], "ROOT: a is the only class folder; expected two or more"),
        (["train/1.jpg"], "ROOT/train: images but no folders in it; expected one folder per class"),
        (["train/a/1.jpg"], "ROOT/train: a is the only class folder; expected two or more"),
        (["val/a/1.jpg", "test/a/1.jpg"], "ROOT: test, val without a train folder"),
        (
            ["train/a/1.jpg", "train/b/1.jpg", "val/1.jpg"],
            "ROOT/val: images but no folders in it; expected one folder per class; to do without it write data.splits: "
            "{train: [train], ignore: [val]}",
        ),
        (
            ["train/a/1.jpg", "val/a/1.jpg", "valid/a/1.jpg"],
            "ROOT: val, valid are the same split; keep one of them, or write data.splits: {train: [train], "
            "val: [val, valid]}",
        ),
    ],
)
def test_a_folder_of_another_shape_is_refused(names: list[str], message: str, tmp_path: Path) -> None:
    """In one line that says what was found and what is expected."""
    assert message == problem(tmp_path, *names)


def test_a_missing_root_and_a_file_are_refused(tmp_path: Path) -> None:
    """The most common mistake of all."""
    touch(tmp_path, "photos/a/1.jpg", "x.jpg")
    with pytest.raises(DataError, match=r"/photo: no such folder; did you mean .*/photos\?$"):
        scan_image_folder(tmp_path / "photo")
    with pytest.raises(DataError, match=r"/x.jpg: not a folder$"):
        scan_image_folder(tmp_path / "x.jpg")


@pytest.mark.parametrize("name", [".", "b", "b/deep"])
def test_an_unreadable_folder_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every level."""
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "b/deep/2.jpg")
    refuse(monkeypatch, tmp_path / name)
    with pytest.raises(DataError, match=r": this folder cannot be read: Permission denied$"):
        scan_image_folder(tmp_path)


def test_no_file_is_opened(tmp_path: Path) -> None:
    """Scanning goes by names: these files hold nothing."""
    folder = scan(tmp_path, *(f"{label}/{i}.jpg" for label in "ab" for i in range(500)))
    assert 1000 == len(folder.splits["all"].paths)
