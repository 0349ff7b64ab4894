"""A training that is watched: the same weights, and what lies in watch.npz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.config import Override
from nncli.errors import ModelFileError, TrainingError
from nncli.machine.npz_file import read_npz, write_npz
from nncli.model.file import read_model
from nncli.run.hooks import Hooks
from nncli.run.pipeline import run_plan, train
from nncli.run.resuming import plan_resumed
from nncli.run.watched import LAYERS, WATCH, Watched, read_watched
from nncli.training.probe import Look
from tests.fixtures import experiment_of, plan_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes, 20 of each."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    return tmp_path


class StopAfter(Hooks):
    """Stops after some batches."""

    def __init__(self, n_batches: int) -> None:
        self.left = n_batches

    def should_stop(self) -> bool:
        """Whether so many are done."""
        self.left -= 1
        return self.left < 0


def watched_run(folder: Path, name: str, hooks: Hooks | None = None, **training: Any) -> Watched:
    """What is in the file of a watched run."""
    plan = plan_of(folder, training={"watch": "on", **training})
    run_plan(plan, hooks or Hooks(), out=folder / name)
    found = read_watched(folder / name / WATCH)
    assert found
    return found


@pytest.mark.parametrize("training", [{}, {"processes": 2, "batch_size": 8}, {"ensemble": 2}])
def test_the_model_is_the_same_with_and_without(folder: Path, training: dict[str, Any]) -> None:
    """To the byte, with one process, two, and two networks; there is a look before the first step."""
    run_plan(plan_of(folder, training=training), Hooks(), out=folder / "plain")
    watched = watched_run(folder, "watched", **training)
    assert (folder / "plain/model.npz").read_bytes() == (folder / "watched/model.npz").read_bytes()
    assert not (folder / "plain" / WATCH).exists()
    assert 0 == watched["step"][0]
    assert np.isnan(watched["step_length"][0]).all()
    assert (watched["step_length"][1:] > 0).all()
    assert len(watched["step"]) == len(watched["activation_mean"]) > 3


def test_the_last_picture_shows_the_weights_as_they_are(folder: Path) -> None:
    """Of each unit of the first layer, as an image."""
    watched = watched_run(folder, "run", monitor="last")
    model = read_model(folder / "run/model.npz")
    weights = model.parameters.W[1].reshape(-1, *model.image_format.shape)[:9]
    assert (0, model.training["best_epoch"]["epoch"]) == (watched["frame"][0], watched["frame"][-1])
    np.testing.assert_allclose(weights, watched["weights"][-1], rtol=1e-3, atol=1e-4)
    assert (0, 0) == (watched["plane"].shape[1], len(watched["points"]))


def test_a_resumed_run_goes_on_where_it_stopped(folder: Path) -> None:
    """Its file ends as that of a run that was never stopped, but for the step on which it stopped."""
    whole = watched_run(folder, "whole", epochs=4)
    part = watched_run(folder, "part", StopAfter(6), epochs=4)
    assert 0 < len(part["step"]) < len(whole["step"])
    run_plan(plan_resumed(folder / "part"), Hooks(), resume=folder / "part")
    resumed = read_watched(folder / "part" / WATCH)
    assert resumed
    for name, array in whole.arrays.items():
        if name != "step_length":
            assert array.tobytes() == resumed[name].tobytes(), name


def test_watching_can_begin_when_a_run_is_resumed(folder: Path) -> None:
    """It is no setting of what is learned."""
    run_plan(plan_of(folder, training={"epochs": 1}), Hooks(), out=folder / "run")
    more = [Override("training.epochs", "2", "here"), Override("training.watch", "on", "here")]
    run_plan(plan_resumed(folder / "run", None, more), Hooks(), resume=folder / "run")
    watched = read_watched(folder / "run" / WATCH)
    assert watched
    assert 1 <= watched["epoch"][0]


def test_a_training_that_diverges_has_been_watched(folder: Path) -> None:
    """That is when one wants to see it."""
    training = {"watch": "on", "learning_rate": 1e38, "optimizer": "gradient_descent"}
    with pytest.raises(TrainingError):
        run_plan(plan_of(folder, training=training), Hooks(), out=folder / "run")
    watched = read_watched(folder / "run" / WATCH)
    assert watched
    assert watched["step"].tolist() == list(range(len(watched["step"])))


def test_in_memory(folder: Path) -> None:
    """Without a directory, too."""
    watched = train(experiment_of(folder, training={"watch": "on"})).watch.watched()
    assert watched
    assert watched.n_layers == 2
    assert Look._fields == LAYERS


def test_a_file_of_a_stranger(folder: Path) -> None:
    """Is refused if its arrays do not belong together; None is what is not there."""
    assert read_watched(folder / WATCH) is None
    watched_run(folder, "run")
    path = folder / "run" / WATCH
    arrays = read_npz(path)
    for bad in (
        {**arrays, "dead": arrays["dead"][:1]},
        {name: array for name, array in arrays.items() if name != "step"},
        {**arrays, "plane": arrays["plane"][0]},
    ):
        write_npz(path, bad)
        with pytest.raises(ModelFileError, match=r"watch\.npz: is damaged: .*; remove it"):
            read_watched(path)
