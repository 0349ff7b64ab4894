"""Images are decoded once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import pytest

from nncli.data import cache, cache_folder
from nncli.data.cache import load_cached
from nncli.data.cache_folder import About, entries
from nncli.data.image.image_format import ImageFormat
from nncli.data.loading import LoadedImages, load_images
from tests.data.pictures import encode, noise
from tests.without import needs_locks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = ImageFormat(3, 4, "rgb", "stretch")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five images and one that is none."""
    place = tmp_path / "photos"
    place.mkdir()
    for i in range(5):
        (place / f"{i}.png").write_bytes(encode(noise(3, 4, i), "PNG"))
    (place / "2bad.png").write_bytes(b"none")
    return place


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of files of every time that files were decoded."""
    counts: list[int] = []

    def count(paths: list[str], *args: Any, **options: Any) -> LoadedImages:
        counts.append(len(paths))
        return load_images(paths, *args, **options)

    monkeypatch.setattr(cache, "load_images", count)
    return counts


def load(folder: Path, image_format: ImageFormat = FORMAT, notes: list[str] | None = None) -> LoadedImages:
    """The images of a folder; without a list for notes there must be none."""
    found = notes if notes is not None else []
    paths = sorted(str(path) for path in folder.rglob("*.png"))
    loaded = load_cached(paths, image_format, folder, on_note=found.append)
    assert notes is not None or not found
    expected = load_images(paths, image_format)
    assert expected.pixels.tolist() == loaded.pixels.tolist()
    assert expected.kept.tolist() == loaded.kept.tolist()
    assert expected.bad == loaded.bad
    return loaded


def test_the_second_time_no_image_is_decoded(folder: Path, decoded: list[int], cache_home: Path) -> None:
    """Pixels, order and bad images are the same; nobody can change them by accident."""
    for _ in range(3):
        loaded = load(folder)
        assert not loaded.pixels.flags.writeable
    assert [6] == decoded
    assert 1 == len(list((cache_home / "nncli").iterdir()))


def test_progress_is_told_both_times(folder: Path) -> None:
    """A bar reaches its end."""
    for _ in range(2):
        finished: list[int] = []
        load_cached(sorted(map(str, folder.iterdir())), FORMAT, folder, finished.append)
        assert 6 == sum(finished)


def replace_file(path: Path, content: bytes) -> None:
    """Put another file in the place of `path`, with the same size and times of access and modification."""
    status = path.stat()
    other = path.with_name("other")
    other.write_bytes(content.ljust(status.st_size, b"\0"))
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)


CHANGES: dict[str, Callable[[Path], object]] = {
    "added": lambda folder: (folder / "9.png").write_bytes(encode(noise(3, 4, 9), "PNG")),
    "removed": lambda folder: (folder / "3.png").unlink(),
    "renamed": lambda folder: (folder / "3.png").rename(folder / "0a.png"),
    "mended": lambda folder: (folder / "2bad.png").write_bytes(encode(noise(3, 4, 8), "PNG")),
    "touched": lambda folder: os.utime(folder / "1.png", ns=(1, 1)),
    "same size, new time": lambda folder: (folder / "1.png").write_bytes((folder / "4.png").read_bytes()),
    "same size, old time": lambda folder: replace_file(folder / "1.png", b""),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_change_is_seen(change: Callable[[Path], object], folder: Path, decoded: list[int]) -> None:
    """The images are decoded anew, once, and what was kept before goes."""
    load(folder)
    change(folder)
    load(folder)
    load(folder)
    assert 2 == len(decoded)
    assert 1 == len(list(entries()))


def test_another_preprocessing_is_another_entry(
    folder: Path, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Size, color, resizing, decoder and Pillow count; entries of other formats stay."""
    load(folder)
    for other in (replace(FORMAT, height=4), replace(FORMAT, color="grayscale"), replace(FORMAT, resize="pad")):
        load(folder, other)
    assert 4 == len(decoded)
    for name, value in (("DECODER_VERSION", -1), ("PIL.__version__", "0")):
        monkeypatch.setattr(f"nncli.data.cache.{name}", value)
        load(folder)
    assert 6 == len(decoded) == len(list(entries()))


def entry_file() -> Path:
    """The only entry."""
    (entry,) = entries()
    return entry.path


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut off": lambda content: content[:-1],
    "cut off at the front": lambda content: content[1:],
    "longer": lambda content: content + b"x",
    "only the end": lambda content: content[-16:],
    "half": lambda content: content[: len(content) // 2],
    "foreign": lambda _: b"\x80\x04\x95hello" * 50,
    "other shape": lambda content: content.replace(b'"n_values": 36', b'"n_values": 18'),
    "other kind": lambda content: content.replace(b'"pixels"', b'["a b"]'),
    "no JSON": lambda content: content.replace(b'"source"', b"'source'"),
    "other keys": lambda content: content.replace(b'"source"', b'"sauces"'),
    "bad place": lambda content: content.replace(b'"bad": [[3', b'"bad": [[9'),
    "not a number": lambda content: content.replace(b'"bad": [[3', b'"bad": [[{'),
    "endless length": lambda content: content[:-16] + b"\xff" * 8 + content[-8:],
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=list(DAMAGES))
def test_a_damaged_entry_is_ignored_and_replaced(
    damage: Callable[[bytes], bytes], folder: Path, decoded: list[int]
) -> None:
    """Whatever is in the file, the images are right."""
    load(folder)
    content = entry_file().read_bytes()
    damaged = damage(content)
    assert damaged != content
    entry_file().write_bytes(damaged)
    load(folder)
    load(folder)
    assert 2 == len(decoded)
    assert content == entry_file().read_bytes()


def test_a_file_that_cannot_be_opened_is_tried_again(folder: Path, decoded: list[int]) -> None:
    """Its permissions may change without a trace in the file; so nothing is kept."""
    (folder / "x.png").symlink_to("nowhere.jpg")
    for _ in range(2):
        load(folder)
    assert 2 == len(decoded)
    assert [] == list(entries())


def test_only_bad_images_and_no_images_are_not_kept(tmp_path: Path) -> None:
    """There are no pixels."""
    (tmp_path / "a.png").write_bytes(b"")
    assert 0 == len(load(tmp_path).pixels)
    (tmp_path / "a.png").unlink()
    assert 0 == len(load(tmp_path).pixels)
    assert [] == list(entries())


def test_a_folder_that_cannot_be_made_is_no_error(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Images are loaded into memory; a note says why."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    notes: list[str] = []
    load(folder, notes=notes)
    assert [f"decoded images are not kept for the next time: {tmp_path / 'file' / 'nncli'}: Not a directory"] == notes


@pytest.mark.parametrize("call", ["posix_fallocate", "pwrite", "fsync"])
def test_a_full_disk_is_no_error(
    call: str, folder: Path, decoded: list[int], cache_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found before decoding or after: the images are there, no half entry is, nothing is decoded twice."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    notes: list[str] = []
    load(folder, notes=notes)
    assert ["decoded images are not kept for the next time: No space left on device"] == notes
    assert [6] == decoded
    assert [] == list((cache_home / "nncli").iterdir())


def test_an_interruption_leaves_nothing_behind(folder: Path, cache_home: Path) -> None:
    """Ctrl-C while decoding."""

    def interrupt(_n: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load_cached(sorted(map(str, folder.iterdir())), FORMAT, folder, interrupt)
    assert [] == list((cache_home / "nncli").iterdir())


def test_two_programs_at_once(folder: Path, cache_home: Path) -> None:
    """Both find the right pixels; one entry remains."""
    program = (
        "import sys, pathlib, hashlib\n"
        "from nncli.data.cache import load_cached\n"
        "from nncli.data.image.image_format import ImageFormat\n"
        "paths = sorted(map(str, pathlib.Path(sys.argv[1]).iterdir()))\n"
        "image_format = ImageFormat(3, 4, 'rgb', 'stretch')\n"
        "loaded = load_cached(paths, image_format, sys.argv[1], lambda n: sys.stdin.readline())\n"
        "print(hashlib.sha256(loaded.pixels.tobytes()).hexdigest(), flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as one,
        subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as two,
    ):
        outputs = [one.communicate("\n" * 6)[0], two.communicate("\n" * 6)[0]]
    assert 1 == len(set(outputs))
    assert outputs[0]
    assert [entry_file()] == list((cache_home / "nncli").iterdir())
    load(folder)


@needs_locks
def test_the_draft_of_a_program_that_was_killed_goes(folder: Path, cache_home: Path) -> None:
    """That of one still at work stays: it holds a lock."""
    (cache_home / "nncli").mkdir()
    (cache_home / "nncli" / ".1-a.rows.tmp").write_bytes(b"left over")
    draft = cache.Draft(cache_home / "nncli" / "b.rows", (2, 36))
    load(folder)
    assert [draft._draft] == list((cache_home / "nncli").glob(".*"))
    draft.close()
    assert [] == list((cache_home / "nncli").glob(".*"))


def test_the_least_recently_used_goes_when_it_gets_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Using an entry counts as much as making it; the newest stays in any case."""
    formats = [ImageFormat(3, width, "rgb", "stretch") for width in (4, 5, 6, 7)]
    for age, image_format in enumerate(formats[:3]):
        load(folder, image_format)
        newest = next(iter(entries())).path
        os.utime(newest, (1000 + age, 1000 + age))
    load(folder, formats[0])  # used again
    monkeypatch.setattr(cache_folder, "MOST_BYTES", sum(entry.n_bytes for entry in entries()) + 1)
    load(folder, formats[3])
    assert {"3x4 rgb", "3x7 rgb"} == {entry.about.form for entry in entries() if entry.about}
    monkeypatch.setattr(cache_folder, "MOST_BYTES", 1)
    load(folder, ImageFormat(8, 8, "rgb", "pad"))
    assert ["8x8 rgb"] == [entry.about.form for entry in entries() if entry.about]


def test_what_an_entry_says_about_itself_can_be_read_back(folder: Path) -> None:
    """The source folder, the number of images, the bad ones."""
    load(folder)
    (entry,) = entries()
    assert entry.about is not None
    assert (str(folder), 6, 5, 36) == (
        entry.about.source,
        entry.about.n_images,
        entry.about.n_rows,
        entry.about.n_values,
    )
    assert [3] == [place for place, _ in entry.about.bad]
    assert entry.n_bytes == 5 * 36 + len(entry.about.to_bytes())
    assert asdict(entry.about) == {**json.loads(entry.about.to_bytes()[:-16]), "bad": entry.about.bad}
    assert isinstance(entry.about, About)


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_without_a_cache_home_it_is_in_the_home_folder(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative one is to be ignored, says the XDG specification."""
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert tmp_path / ".cache" / "nncli" == cache_folder.cache_folder()


def test_an_entry_of_an_older_version_is_not_read(folder: Path, decoded: list[int], cache_home: Path) -> None:
    """Whatever name it has: the end of the file tells its version."""
    load(folder)
    content = entry_file().read_bytes()
    assert cache_folder._MAGIC == content[-8:]
    entry_file().write_bytes(content[:-1] + b"\x01")
    (cache_home / "nncli" / "old.pixels").write_bytes(content[:-1] + b"\x01")
    assert [None, None] == [entry.about for entry in entries()]
    load(folder)
    assert 2 == len(decoded)
