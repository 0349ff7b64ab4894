"""What predict is asked about, as one stream."""

from __future__ import annotations

import os
import threading
import zipfile
from pathlib import Path
from typing import Any

import pytest

from nncli.cli.inputs import MAX_NAME_BYTES, check_folders, source_lots
from nncli.errors import DataError, NncliError, UsageError


def touch(*paths: str) -> None:
    """Empty files and their folders."""
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).touch()


def names(paths: list[str], names_from: str | None = None, separator: bytes = b"\n") -> list[list[str]]:
    """The names in each lot that has any; what is to be opened is what is shown."""
    lots = [list(lot) for lot in source_lots(paths, names_from, separator)]
    assert all(name == source for lot in lots for name, source in lot)
    return [[name for name, _ in lot] for lot in lots if lot]


def test_files_stay_in_their_order_whether_or_not_they_exist() -> None:
    """Every argument gets its record."""
    touch("b.png")
    assert [["b.png", "nope.png", "a.txt", "b.png"]] == names(["b.png", "nope.png", "a.txt", "b.png"])


def test_folders_are_read_to_the_bottom_in_natural_order() -> None:
    """1, 2, 10; hidden files and other types are skipped."""
    touch("d/10.png", "d/2.JPG", "d/1.png", "d/sub/0.png", "d/.hidden.png", "d/notes.txt", "x.png")
    assert [["d/1.png", "d/2.JPG", "d/10.png", "d/sub/0.png", "x.png"]] == names(["d", "x.png"])


def test_a_folder_is_read_while_its_images_are_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the number of images, and the first one does not wait for the last folder."""
    touch("d/1.png", "e/1.png")
    read: list[str] = []
    scandir = os.scandir

    def noting(path: str) -> Any:
        read.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", noting)
    (lot,) = source_lots(["d", "e"], None, b"\n")
    assert ("d/1.png", "d/1.png") == next(iter(lot))
    assert ["d"] == read


def test_an_empty_argument_is_not_this_folder() -> None:
    """Path("") would be."""
    touch("a.png")
    assert [[""]] == names([""])


def test_a_list_of_names_follows_the_arguments() -> None:
    """Empty lines are skipped, Windows' line ends are none of the name, the last line may lack its end."""
    Path("list.txt").write_bytes(b"b.png\r\n\n c .png\nd.png")
    assert [["a.png"], ["b.png", " c .png"], ["d.png"]] == names(["a.png"], "list.txt")


def test_names_that_end_with_nul_may_hold_anything() -> None:
    """As find -print0 writes them."""
    Path("list").write_bytes(b"a\nb.png\0c\r\0\xff.png\0")
    assert [["a\nb.png", "c\r", "\udcff.png"]] == names([], "list", b"\0")


def test_a_folder_in_a_list_is_read() -> None:
    """But one without images is a source that will fail, and not the end of the stream."""
    touch("d/1.png", "d/2.png", "empty/notes.txt")
    Path("list").write_text("empty\nd\n")
    assert [["empty", "d/1.png", "d/2.png"]] == names([], "list")


@pytest.mark.parametrize("paths", [["d"], ["d/closed", "d/open"]])
def test_an_unreadable_folder_is_one_source_that_will_fail(paths: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of the stream, which goes on."""
    touch("d/closed/1.png", "d/open/1.png")
    scandir = os.scandir

    def refusing(path: str) -> Any:
        if path == "d/closed":
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    check_folders(paths)
    assert [["d/closed", "d/open/1.png"]] == names(paths)
    Path("list").write_text("\n".join([*paths, ""]))
    assert [["d/closed", "d/open/1.png"]] == names([], "list")


def test_an_empty_list_is_no_images() -> None:
    """And no error: find may have found nothing."""
    touch("list")
    assert [] == names([], "list")


def test_what_has_arrived_does_not_wait_for_what_has_not() -> None:
    """The first name comes while the pipe is open; a name cut in two by the pipe is put together."""
    os.mkfifo("pipe")
    go_on = threading.Event()

    def write() -> None:
        with Path("pipe").open("wb", buffering=0) as pipe:
            pipe.write(b"a.png\nb.p")
            assert go_on.wait(250)
            pipe.write(b"ng\n")

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    lots = source_lots([], "pipe", b"\n")
    assert [[], [("a.png", "a.png")]] == [list(next(lots)), list(next(lots))]
    go_on.set()
    assert [[("b.png", "b.png")], []] == [list(lot) for lot in lots]
    writer.join(10)


def test_nul_in_lines_asks_for_the_option() -> None:
    """Otherwise find -print0 would be one long name."""
    Path("list").write_bytes(b"a.png\0b.png\0")
    with pytest.raises(UsageError, match=r"^list: a list with NUL bytes; add -0"):
        names([], "list")


def test_something_else_than_a_list_does_not_fill_the_memory() -> None:
    """A line of a megabyte is no name."""
    Path("list").write_bytes(b"x" * (MAX_NAME_BYTES + 1))
    with pytest.raises(DataError, match="list: not a list of names"):
        names([], "list")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_list_that_cannot_be_read_is_named(name: str) -> None:
    """A missing file, or a folder."""
    with pytest.raises(NncliError, match=rf"^{name}: cannot be read: "):
        names([], name)


def test_folders_are_checked_before_anything_starts() -> None:
    """A folder without images is probably not the one that was meant."""
    touch("good/1.png", "empty/notes.txt")
    check_folders(["good", "nope.png", "-", ""])
    with pytest.raises(DataError, match=r"^empty: no images in this folder$"):
        check_folders(["good", "empty"])


def write_zip(path: str, *names: str) -> None:
    """An archive of members that hold their own names."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, name)


def test_the_images_of_an_archive_are_read_in_place() -> None:
    """Each with its contents; what is no image is skipped."""
    write_zip("x.zip", "d/1.png", "d/10.png", "d/notes.txt", "__MACOSX/d/._1.png")
    touch("y.png")
    (lot,) = source_lots(["x.zip", "y.png"], None, b"\n")
    assert [("x.zip/d/1.png", b"d/1.png"), ("x.zip/d/10.png", b"d/10.png"), ("y.png", "y.png")] == list(lot)


def test_archives_are_checked_before_anything_starts() -> None:
    """One without images, one that is none."""
    write_zip("x.zip", "notes.txt")
    touch("y.tar")
    with pytest.raises(DataError, match=r"^x\.zip: no images in this archive$"):
        check_folders(["x.zip"])
    with pytest.raises(DataError, match=r"^y\.tar: neither a zip nor a tar archive"):
        check_folders(["y.tar"])


def test_a_list_as_the_only_argument_asks_for_the_option() -> None:
    """Among images, as a shell's * brings it, it gets a record of its own."""
    touch("labels.csv", "1.png")
    with pytest.raises(
        UsageError, match=r"^labels\.csv: a list, not an image; did you mean --files-from labels\.csv\?$"
    ):
        check_folders(["labels.csv"])
    check_folders(["1.png", "labels.csv"])
