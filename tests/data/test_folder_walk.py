"""Walking through folders: what is found, in which order, and what is left out."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nncli.data import folder_walk
from nncli.data.folder_walk import Ignored, existing_folder, find_images, list_entries, some
from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.errors import DataError


def touch(root: Path, *names: str) -> Path:
    """Make empty files with these names, and the folders they lie in; returns `root`."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def found(root: Path) -> list[str]:
    """What `find_images` finds, relative to the root."""
    return [os.path.relpath(path, root) for path in find_images(root)]


def notes(root: Path) -> list[str]:
    """What a walk over everything leaves out."""
    ignored = Ignored(str(root))
    list(folder_walk.walk(str(root), ignored, {folder_walk.identify(str(root))}))
    return ignored.notes()


def refuse(monkeypatch: pytest.MonkeyPatch, refused: Path) -> None:
    """Have the system forbid to read a folder, as it would to another user."""
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if os.fspath(path) == str(refused):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)


def test_images_come_in_natural_order_whatever_the_file_system_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 2 10; those of a folder before those of its sub-folders, which come in natural order too."""
    touch(tmp_path, "b10/1.png", "b9/a/3.png", "b9/2.png", "10.jpg", "2.jpg", "1.jpg")
    expected = ["1.jpg", "2.jpg", "10.jpg", "b9/2.png", "b9/a/3.png", "b10/1.png"]
    assert expected == found(tmp_path)
    scandir = os.scandir

    class Shuffled:
        def __init__(self, path: str) -> None:
            with scandir(path) as entries:
                self.entries = list(entries)
            self.entries.sort(key=lambda entry: hashlib.sha256(entry.name.encode()).digest())

        def __enter__(self) -> list[os.DirEntry[str]]:
            return self.entries

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Shuffled)
    assert expected == found(tmp_path)


@pytest.mark.parametrize("suffix", IMAGE_SUFFIXES)
def test_every_suffix_counts_in_any_case(suffix: str, tmp_path: Path) -> None:
    """.JPG is what cameras write."""
    touch(tmp_path, f"1{suffix}", f"2{suffix.upper()}", f"3{suffix.title()}")
    assert [f"1{suffix}", f"2{suffix.upper()}", f"3{suffix.title()}"] == found(tmp_path)


def test_other_files_are_counted_and_named(tmp_path: Path) -> None:
    """Up to three of them."""
    touch(tmp_path, "1.jpg", "a.txt", "b.csv", "jpg", "d.jpg.part")
    assert ["1.jpg"] == found(tmp_path)
    assert ["ignored 4 as no image by suffix: a.txt, b.csv, d.jpg.part and 1 more"] == notes(tmp_path)


def test_images_in_formats_that_are_not_read_are_named(tmp_path: Path) -> None:
    """With the format and what helps."""
    touch(tmp_path, "1.jpg", "a.psd", "b.psd", "c.txt")
    assert ["1.jpg"] == found(tmp_path)
    assert [
        "2 Photoshop files ignored: a.psd, b.psd; save them as JPEG or PNG",
        "ignored 1 as no image by suffix: c.txt",
    ] == notes(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *(".hidden.jpg", "._1.jpg", ".git/1.jpg", ".ipynb_checkpoints/1-checkpoint.jpg", "__pycache__/1.jpg"),
        *("__MACOSX/1.jpg", "@eaDir/1.jpg", "lost+found/1.jpg", "Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini"),
    ],
)
def test_hidden_files_and_junk_are_left_out(name: str, tmp_path: Path) -> None:
    """What operating systems, editors and archives leave behind."""
    touch(tmp_path, "1.jpg", name)
    assert ["1.jpg"] == found(tmp_path)
    assert [f"ignored 1 as hidden or junk: {Path(name).parts[0]}"] == notes(tmp_path)


def test_a_hidden_folder_that_was_asked_for_is_read(tmp_path: Path) -> None:
    """Only what lies in it is judged by its name."""
    assert ["1.jpg"] == found(touch(tmp_path / ".cache", "1.jpg"))


def test_links_are_followed(tmp_path: Path) -> None:
    """To files and to folders."""
    touch(tmp_path, "pool/1.jpg", "pool/more/2.jpg")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/a.jpg").symlink_to("../pool/1.jpg")
    (tmp_path / "root/b").symlink_to("../pool/more")
    assert ["a.jpg", "b/2.jpg"] == found(tmp_path / "root")
    assert [] == notes(tmp_path / "root")


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    """A folder is read once, and the link is said."""
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a/up").symlink_to("..")
    (tmp_path / "a/self").symlink_to(".")
    assert ["a/1.jpg"] == found(tmp_path)
    assert ["ignored 2 as a link to a folder that is read anyway: a/self, a/up"] == notes(tmp_path)


def test_broken_links_are_named(tmp_path: Path) -> None:
    """To nothing, and to themselves."""
    touch(tmp_path, "1.jpg")
    (tmp_path / "2.jpg").symlink_to("nowhere.jpg")
    (tmp_path / "3.jpg").symlink_to("3.jpg")
    assert ["1.jpg"] == found(tmp_path)
    assert ["ignored 2 as a broken link: 2.jpg, 3.jpg"] == notes(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a system with FIFOs and devices")
def test_what_is_no_regular_file_is_named(tmp_path: Path) -> None:
    """Whatever its suffix; nobody opens it."""
    touch(tmp_path, "1.jpg")
    os.mkfifo(tmp_path / "2.jpg")
    (tmp_path / "3.jpg").symlink_to("/dev/null")
    assert ["1.jpg"] == found(tmp_path)
    assert ["ignored 2 as not a regular file: 2.jpg, 3.jpg"] == notes(tmp_path)


def test_odd_names_are_found_as_they_are_and_noted_in_print(tmp_path: Path) -> None:
    """Bytes that are no UTF-8, newlines, escape sequences."""
    names = ["\x1b[31m.jpg", "a\nb.jpg", os.fsdecode(b"caf\xe9.jpg")]
    touch(tmp_path, *names, "\x1b[2J\n.txt")
    assert names == found(tmp_path)
    assert ["ignored 1 as no image by suffix: \\x1b[2J\\x0a.txt"] == notes(tmp_path)


def test_folders_may_nest_deeper_than_calls(tmp_path: Path) -> None:
    """120 levels, where Python allows 100 calls within each other."""
    deepest = "/".join(["d"] * 120) + "/1.jpg"
    touch(tmp_path, deepest)
    code = (
        "import sys; from nncli.data.folder_walk import find_images\n"
        "images = find_images(sys.argv[1]); sys.setrecursionlimit(100); print(*images)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"{tmp_path}/{deepest}" == shown.strip()


def test_the_given_root_stays_in_the_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative or absolute, as text or as a Path."""
    touch(tmp_path, "a/1.jpg")
    monkeypatch.chdir(tmp_path)
    assert ["a/1.jpg"] == list(find_images("a")) == list(find_images(Path("a"))) == list(find_images("a/"))
    assert ["./a/1.jpg"] == list(find_images("."))
    assert [str(tmp_path / "a/1.jpg")] == list(find_images(tmp_path))


def test_a_folder_without_images_gives_none(tmp_path: Path) -> None:
    """That is for the caller to judge."""
    assert [] == found(tmp_path)


def test_an_unreadable_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skipping it would lose images silently."""
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    refuse(monkeypatch, tmp_path / "b")
    images = find_images(tmp_path)
    assert str(tmp_path / "a/1.jpg") == next(images)
    with pytest.raises(DataError, match=r"/b: this folder cannot be read: Permission denied$"):
        next(images)


def test_where_all_have_to_be_told_an_unreadable_folder_stands_for_its_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prediction makes one error record of it and goes on."""
    touch(tmp_path, "a/1.jpg", "b/2.jpg", "c/3.jpg")
    refuse(monkeypatch, tmp_path / "b")
    names = ["a/1.jpg", "b", "c/3.jpg"]
    assert [str(tmp_path / name) for name in names] == list(find_images(tmp_path, strict=False))
    assert [str(tmp_path / "b")] == list(find_images(tmp_path / "b", strict=False))


def test_a_folder_that_vanishes_is_an_error(tmp_path: Path) -> None:
    """While it is walked through."""
    touch(tmp_path, "1.jpg", "b/2.jpg")
    images = find_images(tmp_path)
    next(images)
    (tmp_path / "b/2.jpg").unlink()
    (tmp_path / "b").rmdir()
    with pytest.raises(DataError, match=r"/b: this folder cannot be read: No such file or directory$"):
        next(images)


def test_a_missing_root_suggests_its_neighbor(tmp_path: Path) -> None:
    """A folder whose name is close; a file is none."""
    touch(tmp_path, "flowers/1.jpg", "flower")
    with pytest.raises(DataError) as caught:
        existing_folder(tmp_path / "flowerz")
    assert f"{tmp_path}/flowerz: no such folder; did you mean {tmp_path}/flowers?" == str(caught.value)


@pytest.mark.parametrize("name", ["zebra", "missing/too", "nul\0", "x" * 300, "new\nline"])
def test_a_missing_root_is_one_line(name: str, tmp_path: Path) -> None:
    """With no neighbor to suggest, with a parent that is missing too, with a name that cannot be."""
    touch(tmp_path, "flowers/1.jpg")
    with pytest.raises(
        DataError, match=r": (no such folder|this folder cannot be read: File name too long)$"
    ) as caught:
        existing_folder(tmp_path / name)
    assert 1 == len(str(caught.value).splitlines())


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """At the call and not when the first image is asked for."""
    touch(tmp_path, "x.jpg")
    with pytest.raises(DataError, match=r"/x.jpg: not a folder$"):
        find_images(tmp_path / "x.jpg")


def test_a_listing_looks_at_one_level(tmp_path: Path) -> None:
    """Images and folders apart, each in natural order."""
    touch(tmp_path, "10.jpg", "9.jpg", "b/1.jpg", "a/1.jpg")
    found = list_entries(str(tmp_path))
    assert (["9.jpg", "10.jpg"], ["a", "b"]) == tuple(
        [Path(p).name for p in each] for each in (found.images, found.folders)
    )


@pytest.mark.parametrize(
    ("names", "count", "text"),
    [
        (["a"], None, "a"),
        (["a", "b", "c"], None, "a, b, c"),
        (["a", "b", "c", "d", "e"], None, "a, b, c and 2 more"),
        (["a", "b"], 7, "a, b and 5 more"),
        (["\n"], None, "\\x0a"),
    ],
)
def test_some_names_three_and_counts_the_others(names: list[str], count: int | None, text: str) -> None:
    """Printable, too."""
    assert text == some(names, count)


def test_of_two_ways_to_a_folder_the_first_is_taken(tmp_path: Path) -> None:
    """In natural order, so that the paths are the same every time."""
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "b").symlink_to("a")
    assert ["a/1.jpg"] == found(tmp_path)
    assert ["ignored 1 as a link to a folder that is read anyway: b"] == notes(tmp_path)
