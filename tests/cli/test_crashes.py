"""An image that crashes its decoder is a bad image for every command."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from nncli.data import decoding_worker, loading
from nncli.data.image.decoding import decode_image
from tests.folders import write_class_folders, write_config
from tests.without import needs_fork

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from tests.cli.tiny import Runner

pytestmark = [needs_fork, pytest.mark.skipif(sys.platform != "linux", reason="decoded in this process elsewhere")]


@pytest.fixture(autouse=True)
def _killer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """photos/dark/3.png ends the process that decodes it; two processes decode."""
    monkeypatch.chdir(tmp_path)
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})

    def decode(source: str | bytes, image_format: ImageFormat) -> NDArray[np.uint8]:
        if isinstance(source, str) and source.endswith("dark/3.png"):
            os.kill(os.getpid(), signal.SIGKILL)
        return decode_image(source, image_format)

    monkeypatch.setattr(decoding_worker, "decode_image", decode)
    monkeypatch.setattr(loading, "FEW", 1)
    monkeypatch.setattr(loading, "number_of_processes", lambda: 2)


@pytest.mark.parametrize("cache", ["on", "off"])
def test_train_skips_it_if_told_so(nncli: Runner, tmp_path: Path, cache: str) -> None:
    """With a warning; nothing else is lost."""
    write_config(tmp_path / "c.yaml", "photos")
    result = nncli("train", "c.yaml", "--set", "data.on_bad_image=skip", "--set", f"data.cache={cache}")
    assert 0 == result.code, result.err
    assert "photos/dark/3.png: crashes its decoder; skipped" in result.err


@pytest.mark.parametrize("command", ["train", "check"])
def test_it_is_named_as_any_other_bad_image(nncli: Runner, tmp_path: Path, command: str) -> None:
    """By default bad images are an error."""
    write_config(tmp_path / "c.yaml", "photos")
    result = nncli(command, "c.yaml")
    assert 1 == result.code
    assert "photos/dark/3.png: crashes its decoder" in result.err


def test_check_goes_on_without_it_if_told_so(nncli: Runner, tmp_path: Path) -> None:
    """As train does."""
    write_config(tmp_path / "c.yaml", "photos")
    result = nncli("check", "c.yaml", "--set", "data.on_bad_image=skip")
    assert 3 == result.code
    assert "photos/dark/3.png: crashes its decoder; will be skipped" in result.err
