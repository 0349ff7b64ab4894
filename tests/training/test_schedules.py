"""Learning-rate schedules, at points worked out by hand."""

from __future__ import annotations

import pytest

from nncli.training.schedules import LearningRate


def test_constant() -> None:
    """The same from the first step to the last."""
    rate = LearningRate(0.1, "constant", epochs=10, steps_per_epoch=5)
    assert {0.1} == {rate.at(step) for step in range(50)}


def test_step_falls_after_every_so_many_epochs() -> None:
    """0.1 for three epochs, then 0.01, then 0.001."""
    rate = LearningRate(0.1, "step", epochs=9, steps_per_epoch=4, step_epochs=3, step_factor=0.1)
    assert 0.1 == rate.at(11)
    assert 0.01 == pytest.approx(rate.at(12))
    assert 0.01 == pytest.approx(rate.at(23))
    assert 0.001 == pytest.approx(rate.at(24))


def test_cosine_falls_from_base_to_zero() -> None:
    """Full at the start, half in the middle, nothing at the end."""
    rate = LearningRate(0.2, "cosine", epochs=10, steps_per_epoch=10)
    assert 0.2 == rate.at(0)
    assert 0.1 == pytest.approx(rate.at(50))
    assert 0 == pytest.approx(rate.at(100))
    assert rate.at(98) > rate.at(99) > 0


def test_one_cycle_rises_and_falls() -> None:
    """A 25th of the base at the start, the base after 30 percent, almost nothing at the end."""
    rate = LearningRate(0.5, "one_cycle", epochs=10, steps_per_epoch=10)
    assert 0.02 == pytest.approx(rate.at(0))
    assert 0.5 == pytest.approx(rate.at(30))
    assert 0.26 == pytest.approx(rate.at(15))  # halfway up
    assert 0.25 == pytest.approx(rate.at(65))  # halfway down
    assert 0 < rate.at(99) < 0.001


@pytest.mark.parametrize("schedule", ["constant", "step", "cosine"])
def test_warm_up_grows_linearly_then_the_schedule_starts(schedule: str) -> None:
    """Four warm-up steps climb by fifths of the base; the step after them has all of it."""
    rate = LearningRate(1.0, schedule, epochs=10, steps_per_epoch=2, warmup_epochs=2, step_epochs=3)
    assert [0.2, 0.4, 0.6, 0.8] == pytest.approx([rate.at(step) for step in range(4)])
    assert 1.0 == pytest.approx(rate.at(4))


def test_warm_up_shifts_the_end_of_the_schedule() -> None:
    """Cosine after a warm-up still reaches zero at the end of training, not later."""
    rate = LearningRate(1.0, "cosine", epochs=10, steps_per_epoch=2, warmup_epochs=2)
    assert 0.5 == pytest.approx(rate.at(12))
    assert 0 == pytest.approx(rate.at(20))


def test_beyond_the_planned_end_it_stays_low() -> None:
    """A run that is extended does not see the cosine rise again."""
    assert 0 == pytest.approx(LearningRate(1.0, "cosine", epochs=2, steps_per_epoch=2).at(7))
