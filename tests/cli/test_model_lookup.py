"""Which model a command uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nncli.cli.messages import settings
from nncli.cli.model_lookup import find_model
from nncli.errors import ModelFileError


@pytest.fixture(autouse=True)
def _loud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "quiet", False)


def touch(path: str, seconds: int = 0) -> Path:
    """An empty file of a given age, and its folder."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).touch()
    os.utime(path, (seconds, seconds))
    return Path(path)


def test_no_model_says_what_was_tried() -> None:
    """All four places."""
    expected = r"^no model found; tried --model, \$NNCLI_MODEL, \./model\.npz and runs/\*/model\.npz\. Name one"
    with pytest.raises(ModelFileError, match=expected):
        find_model(None)


def test_the_newest_run_is_the_last_resort(capsys: pytest.CaptureFixture[str]) -> None:
    """Newest by its time, not by its name, and named on stderr; a run without a model does not count."""
    touch("runs/cats-2/model.npz", 100)
    newest = touch("runs/cats-1/model.npz", 200)
    touch("runs/cats-3/last.npz", 300)
    Path("runs/cats-4/model.npz").mkdir(parents=True)
    assert newest == find_model(None)
    assert ("", "using the newest model, runs/cats-1/model.npz\n") == tuple(capsys.readouterr())


def test_a_model_in_this_folder_comes_before_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """It is what one expects, so nothing is said."""
    touch("runs/cats-1/model.npz")
    touch("model.npz")
    assert Path("model.npz") == find_model(None)
    assert ("", "") == tuple(capsys.readouterr())


def test_the_environment_comes_before_this_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or a run directory."""
    touch("model.npz")
    monkeypatch.setenv("NNCLI_MODEL", str(touch("other.npz")))
    assert Path("other.npz") == find_model(None)
    monkeypatch.setenv("NNCLI_MODEL", str(touch("runs/cats-1/model.npz").parent))
    assert Path("runs/cats-1/model.npz") == find_model(None)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """As everywhere in Unix."""
    monkeypatch.setenv("NNCLI_MODEL", "")
    touch("model.npz")
    assert Path("model.npz") == find_model(None)


def test_what_is_given_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or a run directory."""
    monkeypatch.setenv("NNCLI_MODEL", str(touch("other.npz")))
    assert Path("mine.npz") == find_model(str(touch("mine.npz")))
    touch("runs/cats-1/model.npz")
    assert Path("runs/cats-1/model.npz") == find_model("runs/cats-1/")


def test_an_empty_name_is_no_model() -> None:
    """`-m "$m"` after a training that failed must not mean ./model.npz."""
    touch("model.npz")
    with pytest.raises(ModelFileError, match="--model is empty"):
        find_model("")


def test_a_missing_model_says_where_the_name_is_from(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable set long ago is hard to find otherwise; nothing else is tried instead."""
    touch("model.npz")
    monkeypatch.setenv("NNCLI_MODEL", "gone.npz")
    with pytest.raises(ModelFileError, match=r"^gone\.npz: no such file \(from \$NNCLI_MODEL\)$"):
        find_model(None)
    with pytest.raises(ModelFileError, match=r"^typo\.npz: no such file \(from --model\)$"):
        find_model("typo.npz")


def test_a_run_without_a_model_is_named() -> None:
    """With the file that is missing."""
    touch("runs/cats-1/last.npz")
    with pytest.raises(ModelFileError, match=r"^runs/cats-1/model\.npz: no such file"):
        find_model("runs/cats-1")
