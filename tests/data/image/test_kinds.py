"""Formats known by name and by their first bytes."""

from __future__ import annotations

import pytest

from nncli.data.image import kinds
from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.image.kinds import KINDS, ignored_note, image_suffixes, kind_of_content, kind_of_name, unread_kind
from nncli.machine.extras import install_command


def without_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine where no plugin is installed."""
    monkeypatch.setattr(kinds, "_exists", lambda _: False)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"\0\0\0\x20ftypavif\0\0\0\0", "AVIF"),
        (b"\0\0\0\x24ftypheic\0\0\0\0", "HEIC"),
        (b"\0\0\0\x24ftypmif1\0\0\0\0", "HEIC"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"\xff\x4f\xff\x51\0", "JPEG 2000"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?>\n<!-- a -->\n<!DOCTYPE svg PUBLIC 'x'>\n<svg>", "SVG"),
        (b"%PDF-1.4\n", "PDF"),
        (b"\n<!DOCTYPE html><html>", "HTML page"),
        (b"II*\0\x10\0\0\0CR\x02\0", "camera RAW"),
        (b"FUJIFILMCCD-RAW 0201", "camera RAW"),
        (bytes(128) + b"DICM", "DICOM"),
    ],
)
def test_a_kind_is_known_by_its_first_bytes(data: bytes, name: str) -> None:
    """As its standard writes them."""
    kind = kind_of_content(data)
    assert kind
    assert name == kind.name


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0\x08\0\0\0", b"text", bytes(200)]
)
def test_other_files_are_of_no_kind(data: bytes) -> None:
    """Neither those that are always read nor those that are nothing."""
    assert kind_of_content(data) is None


def test_a_kind_is_known_by_its_name() -> None:
    """In any case of letters; no name of a format that is always read is among them."""
    assert "HEIC" == getattr(kind_of_name("IMG_0001.HEIC"), "name", "")
    assert "camera RAW" == getattr(kind_of_name("a.b.dng"), "name", "")
    assert [None] * 3 == [kind_of_name(name) for name in ("heic", "x.txt", "x.jpg")]
    assert set() == set(IMAGE_SUFFIXES) & {suffix for kind in KINDS for suffix in kind.suffixes}


def test_what_is_read_depends_on_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder is searched for the files of a plugin only where it is there."""
    without_plugins(monkeypatch)
    assert IMAGE_SUFFIXES == image_suffixes.__wrapped__()
    assert "HEIC" == getattr(unread_kind("x.heic"), "name", "")
    monkeypatch.setattr(kinds, "_exists", lambda module: module == "pillow_heif")
    assert (*IMAGE_SUFFIXES, ".heic", ".heif", ".hif") == image_suffixes.__wrapped__()
    assert [None, "JPEG XL"] == [getattr(unread_kind(name), "name", None) for name in ("x.heic", "x.jxl")]


def test_the_note_names_the_extra_or_the_way_out() -> None:
    """One line, which says how many there are and what to do."""
    heic, raw = kind_of_name("x.heic"), kind_of_name("x.nef")
    assert heic
    assert raw
    assert f"9 HEIC files ignored; {install_command('heic')}, or save them as JPEG or PNG" == ignored_note(heic, 9)
    assert "1 camera RAW file ignored: x.nef; export it from the camera's program as JPEG or TIFF" == ignored_note(
        raw, 1, "x.nef"
    )
