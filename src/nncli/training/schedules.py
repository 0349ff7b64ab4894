"""How the learning rate changes during training.

    constant     alpha
    step         alpha * step_factor^k        after every step_epochs epochs, k = 0, 1, 2 ...
    cosine       alpha (1 + cos(pi t)) / 2    t = 0..1 over the whole training (Loshchilov and Hutter 2017)
    one_cycle    from alpha / 25 up to alpha over the first 30 % of training, then down to almost 0
                 (Smith and Topin 2018)
    warm-up      alpha grows linearly over the first warmup_epochs; the schedule runs over the rest (Goyal et al. 2017)

A large step makes fast progress at the start and keeps jumping over the minimum at the end: hence down. The first
steps of a fresh network are the least reliable: hence up before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

ONE_CYCLE_START = 1 / 25
ONE_CYCLE_RISE = 0.3


@dataclass(frozen=True)
class LearningRate:
    """The learning rate as a function of the step.

    Attributes:
        base: alpha.
        schedule: constant, step, cosine or one_cycle.
        epochs: Of the whole training.
        steps_per_epoch: Batches in an epoch.
        step_epochs: Of `step`: epochs between two reductions.
        step_factor: Of `step`: what each reduction multiplies by.
        warmup_epochs: Epochs of linear growth at the start.
    """

    base: float
    schedule: str
    epochs: int
    steps_per_epoch: int
    step_epochs: int = 10
    step_factor: float = 0.1
    warmup_epochs: float = 0

    def at(self, step: int) -> float:
        """The learning rate of step number `step`, counted from 0."""
        warmup_steps = self.warmup_epochs * self.steps_per_epoch
        if step < warmup_steps:
            return self.base * (step + 1) / (warmup_steps + 1)
        n_steps = self.epochs * self.steps_per_epoch - warmup_steps
        t = min((step - warmup_steps) / n_steps, 1.0)
        if self.schedule == "step":
            epochs_done = (step - warmup_steps) // self.steps_per_epoch
            return float(self.base * self.step_factor ** (epochs_done // self.step_epochs))
        if self.schedule == "cosine":
            return self.base * _half_cosine(t)
        if self.schedule == "one_cycle":
            if t < ONE_CYCLE_RISE:
                low = self.base * ONE_CYCLE_START
                return low + (self.base - low) * _half_cosine(1 - t / ONE_CYCLE_RISE)
            return self.base * _half_cosine((t - ONE_CYCLE_RISE) / (1 - ONE_CYCLE_RISE))
        return self.base


def _half_cosine(t: float) -> float:
    """From 1 at t = 0 smoothly down to 0 at t = 1."""
    return (1 + math.cos(math.pi * t)) / 2
