"""Files that are no config, or no file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli.config.reading import LARGEST_FILE, read_text
from nncli.errors import ConfigError


def complaint(path: str) -> str:
    """Why there is no text at a path."""
    with pytest.raises(ConfigError) as caught:
        read_text(Path(path))
    (problem,) = caught.value.problems
    return problem


def test_text() -> None:
    """UTF-8, with the line ends as they are."""
    Path("a.yaml").write_bytes("é\r\n中\n".encode())
    assert "é\r\n中\n" == read_text(Path("a.yaml"))


def test_missing_file() -> None:
    """A missing file is one line."""
    assert "a.yaml: no such file" == complaint("a.yaml")
    assert "nowhere/a.yaml: no such file" == complaint("nowhere/a.yaml")


def test_missing_file_with_a_neighbor_of_nearly_that_name() -> None:
    """A typing error in the name leads to the file that is there."""
    Path("configs").mkdir()
    Path("configs/noodles.yaml").touch()
    Path("configs/noodles.txt").touch()
    assert "configs/noodels.yaml: no such file. Did you mean 'configs/noodles.yaml'?" == complaint(
        "configs/noodels.yaml"
    )
    assert "configs/noodles.yml: no such file. Did you mean 'configs/noodles.yaml'?" == complaint("configs/noodles.yml")
    assert "configs/flowers.yaml: no such file" == complaint("configs/flowers.yaml")


def test_folder() -> None:
    """A folder is not a config, but may hold one."""
    Path("runs/a-1").mkdir(parents=True)
    Path("runs/a-1/config.yaml").touch()
    assert "runs: a folder, not a config file" == complaint("runs")
    assert "runs/a-1: a folder, not a config file. Did you mean 'runs/a-1/config.yaml'?" == complaint("runs/a-1")


def test_pipe_does_not_hang() -> None:
    """Nobody writes to the pipe, and we do not wait for them."""
    os.mkfifo("pipe")
    assert "pipe: not a regular file" == complaint("pipe")


def test_device() -> None:
    """A device has no end."""
    assert "/dev/zero: not a regular file" == complaint("/dev/zero")


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "file/a.yaml"])
def test_impossible_path(path: str) -> None:
    """What the system refuses is one line."""
    Path("file").touch()
    assert "cannot be read: " in complaint(path)


def test_link_loop() -> None:
    """Links that go round are one line."""
    Path("a.yaml").symlink_to("a.yaml")
    assert complaint("a.yaml").startswith("a.yaml: cannot be read: ")


def test_size_limit() -> None:
    """A file of the largest size is read, a byte more is not."""
    Path("a.yaml").write_bytes(b"#" * LARGEST_FILE)
    assert LARGEST_FILE == len(read_text(Path("a.yaml")))
    Path("a.yaml").write_bytes(b"#" * (LARGEST_FILE + 1))
    assert "a.yaml: larger than 100 KB, which no config is" == complaint("a.yaml")


def test_not_utf8() -> None:
    """The line and the byte are named."""
    Path("a.yaml").write_bytes("ok\nnaïve\n".encode("latin-1"))
    assert "a.yaml:2: the byte 0xEF is not UTF-8 text; save the file as UTF-8" == complaint("a.yaml")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_unicode(encoding: str) -> None:
    """What some editors call Unicode is not read as garbage."""
    content = "\ufeffdata:\n".encode(encoding)
    Path("a.yaml").write_bytes(content)
    assert "a.yaml: the file is UTF-16 text; save it as UTF-8" == complaint("a.yaml")


def test_name_is_shown_safely() -> None:
    """A file name cannot repaint the terminal."""
    assert "\\x1b[2J.yaml: no such file" == complaint("\x1b[2J.yaml")
