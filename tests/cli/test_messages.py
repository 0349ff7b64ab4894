"""Lines on stderr."""

from __future__ import annotations

import io
import sys

import pytest

from nncli.cli import messages
from nncli.cli.messages import say, settings, warn


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "quiet", False)


def test_say_and_warn_write_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """Stdout is for results; a warning says who warns."""
    say("fine")
    warn("not fine\nat all")
    assert ("", "fine\nnncli: not fine\nnncli: at all\n") == tuple(capsys.readouterr())


def test_quiet_silences_what_is_nice_to_know(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing else."""
    monkeypatch.setattr(settings, "quiet", True)
    say("fine")
    warn("not fine")
    assert "nncli: not fine\n" == capsys.readouterr().err


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    """A file name cannot repaint the terminal."""
    warn("\x1b[2J.png")
    assert "nncli: \\x1b[2J.png\n" == capsys.readouterr().err


def test_a_closed_stderr_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who closes it wants no messages, but still the results."""

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    abandoned: list[int] = []
    monkeypatch.setattr(messages, "abandon", abandoned.append)
    monkeypatch.setattr(sys, "stderr", Closed())
    warn("not fine")
    assert [2] == abandoned
