"""Every test of the command line works in an empty folder of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nncli.cli.main import main
from tests.cli.tiny import Result, Runner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder, without the user's environment; 80 columns wide."""
    for name in list(os.environ):
        if name.startswith("NNCLI") or name in ("NO_COLOR", "LINES"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nncli(capsys: pytest.CaptureFixture[str]) -> Runner:
    """Run the program in this process."""

    def run(*args: str | Path) -> Result:
        with pytest.raises(SystemExit) as exit_:
            main([str(arg) for arg in args])
        assert isinstance(exit_.value.code, int)
        return Result(exit_.value.code, *capsys.readouterr())

    return run
