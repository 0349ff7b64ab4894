"""How large trials are, and which images are set aside for the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nncli.config import load_config
from nncli.run.dataset import load_experiment, plan_experiment
from nncli.tuning import size
from nncli.tuning.size import Cost, measured_cost, resized, set_aside
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.run.dataset import Experiment


def experiment_of(tmp_path: Path, counts: dict[str, int], **data: object) -> Experiment:
    """Of small images, 10 epochs."""
    write_class_folders(tmp_path / "photos", counts)
    training: dict[str, object] = {"processes": 1, "epochs": 10}
    config = write_config(tmp_path / "c.yaml", "photos", training=training, data={**data})
    return load_experiment(plan_experiment(load_config(config)))


def test_a_share_fits_into_the_time() -> None:
    """What is learned whatever the number of images comes on top; a little is always done."""
    cost = Cost(learning=2.0, work=10.0)
    assert 7.0 == cost.seconds(0.5)
    assert 0.5 == cost.share(7.0)
    assert (1.0, 1e-6) == (cost.share(99.0), cost.share(1.0))


def test_images_are_left_out_before_epochs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Down to a number; of a class of one the image stays."""
    experiment = experiment_of(tmp_path, {"a": 24, "b": 24, "c": 1})
    monkeypatch.setattr(size, "FEWEST_IMAGES", 10)
    n = len(experiment.training.rows)
    plan, training, _ = resized(experiment.plan, experiment.training, experiment.validation, 0.5)
    assert (10, 3) == (plan.config.training.epochs, len(set(training.labels.tolist())))
    assert abs(len(training.rows) - n / 2) <= 1
    plan, training, _ = resized(experiment.plan, experiment.training, experiment.validation, 0.1)
    assert abs(len(training.rows) - 10) <= 1
    assert 0.1 * 10 * n / 10 == pytest.approx(plan.config.training.epochs, abs=0.5)


def test_images_set_aside_are_nowhere_else(tmp_path: Path) -> None:
    """As many as validate, a fifth at most; none where they are few."""
    experiment = experiment_of(tmp_path, {"a": 120, "b": 120}, validation_split=0.1)
    training, aside = set_aside(experiment)
    assert aside is not None
    assert 24 == len(aside.paths)
    assert set(experiment.training.paths) == set(training.paths) | set(aside.paths)
    assert not set(training.paths) & set(aside.paths)
    few = experiment_of(tmp_path / "few", {"a": 30, "b": 30})
    assert (few.training, None) == set_aside(few)


def test_groups_are_set_aside_together(tmp_path: Path) -> None:
    """Images of one group are on one side."""
    experiment = experiment_of(tmp_path, {"a": 120, "b": 120}, groups="'^(..)'")
    training, aside = set_aside(experiment)
    assert aside is not None
    groups = [
        {(path.rsplit("/", 2)[1], path.rsplit("/", 1)[1][:2]) for path in part.paths} for part in (training, aside)
    ]
    assert groups[0] | groups[1]
    assert not {group for _, group in groups[0]} & {group for _, group in groups[1]}


def test_the_cost_is_measured(tmp_path: Path) -> None:
    """Of all epochs on all images."""
    experiment = experiment_of(tmp_path, {"a": 10, "b": 10})
    cost = measured_cost(experiment.plan, experiment.training, experiment.validation)
    assert cost.work > 0 <= cost.learning
