"""``nncli demo``, and what the program does with points in the plane."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


def test_a_model_a_prediction_and_a_page(nncli: Runner) -> None:
    """In the current folder; stdout has the three of them, stderr the commands and what to do next."""
    pytest.importorskip("jinja2")
    result = nncli("demo")
    model, prediction, page = result.out.splitlines()
    assert (0, "runs/digits-1/model.npz", "runs/digits-1/report.html") == (result.code, model, page)
    assert "7" == prediction.split("\t")[1]
    assert "<h1>digits-1</h1>" in Path(page).read_text()
    assert "$ nncli train digits.yaml\n" in result.err
    assert result.err.endswith("nncli train photos.yaml\n")
    Path("digits.yaml").write_text("mine")
    assert "nncli: digits.yaml: exists already" in nncli("demo").err


def test_without_the_extra(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has less on it, and the line that installs the rest."""
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    monkeypatch.delitem(__import__("sys").modules, "nncli.report.page", raising=False)
    result = nncli("demo")
    assert (0, "runs/digits-1/report.html") == (result.code, result.out.splitlines()[-1])
    assert "this page has less on it: a report needs jinja2; install it with: pip install '" in result.err
    page = Path("runs/digits-1/report.html").read_text()
    for part in (
        "<dt>accuracy</dt><dd>97.3%</dd>",
        "<h2>Confusion matrix</h2>",
        "<h2>Wrong images</h2>",
        "pip install",
    ):
        assert part in page
    assert "<script" not in page


def test_rows_of_numbers_are_predicted(nncli: Runner) -> None:
    """A label for each row, also where the table has none; and the run has pictures of the plane."""
    rows = "".join(f"{x / 10},{y / 10},{'low' if y < 5 else 'high'}\n" for x in range(10) for y in range(10))
    Path("points.csv").write_text(f"x,y,label\n{rows}")
    Path("c.yaml").write_text(
        "data: {path: points.csv, scaling: standardize}\ntraining: {epochs: 20, learning_rate: 0.1}\n"
    )
    assert 0 == nncli("train", "c.yaml", "--watch", "-o", "run").code
    Path("new.csv").write_text("x,y\n0.1,0.9\n0.9,0.1\n")
    result = nncli("predict", "-m", "run", "new.csv", "-f", "csv")
    assert ["new.csv#1,high", "new.csv#2,low"] == [line.rpartition(",")[0] for line in result.out.splitlines()[1:]]
    assert "accuracy" in nncli("evaluate", "-m", "run", "points.csv").out
    assert 0 == nncli("show", "run", "--film", "film.png").code
