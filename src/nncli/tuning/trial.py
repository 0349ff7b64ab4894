"""A trial as it is told, and how one is watched while it trains."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.evaluation.intervals import Interval, wilson
from nncli.evaluation.resampling import Drawn
from nncli.run.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial, Trial

    from nncli.run.hooks import Counts
    from nncli.run.training import Training
    from nncli.training.state import EpochResult
    from nncli.tuning.search_space import Choice

STEPS = 10
"""Trials are compared by how many tenths of their epochs are over, since they may differ in epochs."""


@dataclass(frozen=True)
class Tried:
    """A trial.

    Attributes:
        number: From 0.
        state: finished, pruned, too slow, unfinished or running.
        is_own: The config as it is.
        choice: What it chose.
        share: Of the whole training, 0..1; see size.py.
        n_training, n_validation, epochs: What that came to.
        seconds: How long it took; only of finished ones, as all that follows.
        value, loss: On the validation images; the value is what it is judged by, see measure.py.
        drawn: What chance makes of the value, where this is no share of the images.
        answers: For the images set aside: class indices, (m,), or probabilities of labels or numbers, (m, K); None
            where it was not asked.
        thresholds: Probability from which on it tells each label, (K,).
    """

    number: int
    state: str
    is_own: bool
    choice: Choice
    share: float = 1.0
    n_training: int = 0
    n_validation: int = 0
    epochs: int = 0
    seconds: float = 0.0
    value: float | None = None
    loss: float | None = None
    drawn: Drawn | None = None
    answers: NDArray[Any] | None = None
    thresholds: NDArray[np.float64] | None = None

    @property
    def score(self) -> tuple[float, float]:
        """Larger is better; the loss decides between equal values."""
        return self.value or 0.0, -math.inf if self.loss is None else -self.loss

    @property
    def interval(self) -> Interval:
        """Of the value."""
        if self.drawn:
            return self.drawn.interval
        return wilson(round((self.value or 0.0) * self.n_validation), self.n_validation)

    @property
    def deviation(self) -> float:
        """Standard error of the value."""
        if self.drawn:
            return self.drawn.deviation
        share = self.value or 0.0
        return math.sqrt(share * (1 - share) / max(self.n_validation, 1))


def tried(trial: FrozenTrial) -> Tried:
    """A trial as optuna keeps it."""
    about: dict[str, Any] = trial.user_attrs
    state = {"COMPLETE": "finished", "FAIL": "unfinished"}.get(trial.state.name, trial.state.name.lower())
    value, drawn = trial.value if state == "finished" else None, None
    if value is not None and "interval" in about:
        drawn = Drawn(value, Interval(*about["interval"]), about["deviation"])
    return Tried(
        number=trial.number,
        state="too slow" if about.get("slow") else state,
        is_own=bool(about.get("own")),
        choice=dict(trial.params),
        share=about.get("share", 1.0),
        n_training=about.get("n_training", 0),
        n_validation=about.get("n_validation", 0),
        epochs=about.get("epochs", 0),
        seconds=about.get("seconds", 0.0),
        value=value,
        loss=about.get("loss"),
        drawn=drawn,
        answers=np.array(about["answers"]) if "answers" in about else None,
        thresholds=np.array(about["thresholds"]) if "thresholds" in about else None,
    )


def contest(trials: list[Tried]) -> list[Tried]:
    """Trials that may be compared with the config's own, best first: finished, and as large as its largest."""
    finished = [each for each in trials if each.state == "finished"]
    own = [each.share for each in finished if each.is_own]
    largest = max(own or [each.share for each in finished], default=0.0)
    same = [each for each in finished if each.share == largest]
    return sorted(same, key=lambda each: (*(-part for part in each.score), each.number))


def winner(trials: list[Tried]) -> Tried | None:
    """The best of the contest; None where nothing was finished.

    Small trainings may rank settings otherwise than whole ones do. So where trials are small, the config's own settings
    win unless another is better by more than chance makes of it, two standard deviations of the difference.
    """
    compared = contest(trials)
    own = next((each for each in compared if each.is_own), None)
    if own is None or own.share == 1:
        return compared[0] if compared else None
    noise = 2**0.5 * own.deviation
    return compared[0] if (compared[0].value or 0.0) - (own.value or 0.0) > 2 * noise else own


class SearchHooks(Hooks):
    """Also hear of trials."""

    def on_sized(self, share: float, left_out: dict[str, float]) -> None:
        """Hear how large trials are, and the seconds that beginnings would take that were left out for it."""

    def on_trial(self, number: int, choice: Choice, n_training: int, epochs: int) -> None:
        """See a trial begin."""

    def on_tried(self, tried: Tried) -> None:
        """See a trial that has ended."""


class TrialHooks(Hooks):
    """A trial tells the study how it gets on, and is given up if it is worse than the others, or much slower.

    Args:
        watcher: Sees what there is to see.
        trial: Of the study; None if it is trained to its end whatever it brings.
        seconds: After which it is too slow.
        of_epoch: What it is compared with others by; see measure.py.

    Attributes:
        epochs: Of the trial.
        is_hopeless: Whether the study has given it up.
    """

    def __init__(
        self, watcher: SearchHooks, trial: Trial | None, seconds: float, of_epoch: Callable[[EpochResult], float]
    ) -> None:
        self._watcher, self._trial, self._of_epoch = watcher, trial, of_epoch
        self.epochs, self._step, self.is_hopeless = 1, 0, False
        self._latest = time.monotonic() + seconds

    def on_learning(self, n_blocks: int) -> Counts:
        """Pass on."""
        return self._watcher.on_learning(n_blocks)

    def on_features(self, n_images: int) -> Counts:
        """Pass on."""
        return self._watcher.on_features(n_images)

    def on_training(self, training: Training) -> Counts:
        """Pass on."""
        return self._watcher.on_training(training)

    def on_epoch(self, result: EpochResult) -> None:
        """Report every tenth of the epochs."""
        self._watcher.on_epoch(result)
        before, self._step = self._step, STEPS * result.epoch // self.epochs
        if self._trial is not None and self._step > before:
            self._trial.report(self._of_epoch(result), self._step)
            self.is_hopeless = self._trial.should_prune()

    @property
    def is_slow(self) -> bool:
        """Whether it takes longer than any trial may."""
        return self._trial is not None and time.monotonic() > self._latest

    def should_stop(self) -> bool:
        """Whether it is given up, or all are."""
        return self.is_hopeless or self.is_slow or self._watcher.should_stop()
