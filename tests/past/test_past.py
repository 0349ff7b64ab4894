"""What an earlier version wrote is still read: models predict what they did, runs are shown, evaluated, resumed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli import load, train
from nncli.run.files import read_predictions, read_run
from tests.folders import history_but_seconds
from tests.past.make import CLASSES, PLACEHOLDER, RUNS, WHOLE, draw, write_images

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

V0_1 = Path(__file__).parent / "v0_1"


def moved_here(name: str, folder: Path) -> Path:
    """A copy of a run in `folder`, whose images are drawn once more."""
    kind = RUNS[name][0]
    images = write_images(folder / "images", kind)
    run = shutil.copytree(V0_1 / name, folder / "run")
    for file in ("config.yaml", "predictions.csv"):
        (run / file).write_text((run / file).read_text().replace(f"{PLACEHOLDER}-{kind}", str(images.resolve())))
    return run


@pytest.mark.parametrize("name", RUNS)
def test_a_model_predicts_what_it_did(name: str) -> None:
    """To five digits: another processor, or another order of the same sums, gives other last bits."""
    model = load(V0_1 / name / "model.npz")
    assert CLASSES == model.classes
    with np.load(V0_1 / "probabilities.npz") as recorded:
        found = model.predict_proba(draw(RUNS[name][0], 9, seed=1))
        np.testing.assert_allclose(recorded[name], found, rtol=0, atol=5e-6)


@pytest.mark.parametrize("name", WHOLE)
def test_a_run_is_resumed(name: str, tmp_path: Path) -> None:
    """With more epochs; those that were there stay as they were."""
    run = moved_here(name, tmp_path)
    before = history_but_seconds(run)
    resumed = train(resume=run, settings={"training.epochs": 5})
    after = history_but_seconds(run)
    assert before == after[:3]
    assert 5 == len(after) == resumed.metrics["epochs"]


@pytest.mark.parametrize("name", WHOLE)
def test_a_run_is_shown(name: str, tmp_path: Path, nncli: Runner) -> None:
    """Figures, curves and predictions are read."""
    run = moved_here(name, tmp_path)
    files = read_run(run)
    assert [1, 2, 3] == files.history["epoch"]
    shown = nncli("show", run)
    assert 0 == shown.code
    assert f"{files.metrics['accuracy']:.4f}" in shown.out


@pytest.mark.parametrize("name", WHOLE)
def test_a_run_is_evaluated(name: str, tmp_path: Path, nncli: Runner) -> None:
    """Its validation images get the probabilities that it wrote down."""
    run = moved_here(name, tmp_path)
    assert 0 == nncli("evaluate", tmp_path / "images", "-m", run, "--predictions", "all.csv").code
    (tmp_path / "again").mkdir()
    shutil.move("all.csv", "again/predictions.csv")
    found = {row.path: row for row in read_predictions(Path("again"))}
    for row in read_predictions(run):
        again = found[row.path]
        assert (row.actual, row.predicted) == (again.actual, again.predicted)
        assert row.probability == pytest.approx(again.probability, abs=2e-4)
