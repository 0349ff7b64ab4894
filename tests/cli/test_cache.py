"""``nncli cache``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.tiny import Runner


def test_an_empty_cache_is_said_on_stderr(nncli: Runner, cache_home: Path) -> None:
    """There is nothing to list."""
    result = nncli("cache")
    assert (0, "", f"nothing is kept in {cache_home / 'nncli'}\n") == (result.code, result.out, result.err)


def test_path_prints_the_folder(nncli: Runner, cache_home: Path) -> None:
    """Ready for du."""
    assert f"{cache_home / 'nncli'}\n" == nncli("cache", "--path").out


def test_what_check_has_loaded_is_listed_and_cleared(nncli: Runner, place: Path, cache_home: Path) -> None:
    """Source, images, format, size, time."""
    write_class_folders(place / "photos")
    write_config(place / "c.yaml", "photos")
    assert 0 == nncli("check", "c.yaml").code
    (file,) = (cache_home / "nncli").iterdir()
    file.with_name("broken.rows").write_bytes(b"x")
    file.with_name("old.pixels").write_bytes(file.read_bytes()[:-1] + b"\x01")
    lines = nncli("cache").out.splitlines()
    assert ["last", "used", "images", "MB", "kind", "format", "source"] == lines[0].split()
    assert 4 == len(lines)
    listed = next(line for line in lines if line.endswith(str(place / "photos")))
    assert time.strftime("%Y-%m-%d") == listed.split()[0]
    assert ["40", "0.0", "pixels", "4x4", "grayscale"] == listed.split()[2:-1]
    assert any(line.endswith("(damaged)") for line in lines)
    assert any(line.endswith("(of an older version)") for line in lines)
    freed = 2 * file.stat().st_size + 1
    assert f"{freed}\n" == nncli("cache", "--clear").out
    assert [] == list((cache_home / "nncli").iterdir())
    assert "0\n" == nncli("cache", "--clear").out


def test_off_keeps_nothing(nncli: Runner, place: Path, cache_home: Path) -> None:
    """Neither reads nor writes."""
    write_class_folders(place / "photos")
    write_config(place / "c.yaml", "photos", data={"cache": "off"})
    assert 0 == nncli("check", "c.yaml").code
    assert [] == list(cache_home.iterdir())


def test_a_cache_that_cannot_be_written_is_a_note(nncli: Runner, place: Path, cache_home: Path) -> None:
    """On stderr; the command succeeds."""
    write_class_folders(place / "photos")
    write_config(place / "c.yaml", "photos")
    (cache_home / "nncli").touch()
    result = nncli("check", "c.yaml")
    assert 0 == result.code
    assert "decoded images are not kept for the next time" in result.err


def test_one_thing_at_a_time(nncli: Runner) -> None:
    """--clear removes; --path shows."""
    assert 2 == nncli("cache", "--clear", "--path").code
