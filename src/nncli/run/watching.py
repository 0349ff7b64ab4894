"""Watching a network learn: a few looks an epoch, and now and then a picture of its weights or of the plane.

The looks are between two steps, with a batch and memory of their own: the weights that come out are the same to the
bit. Several processes wait as for a save. Of an ensemble the first network is watched; the plane has all votes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.machine.backend import on_host
from nncli.model.preprocessing import Preprocessing
from nncli.network.ensemble import vote
from nncli.network.normalization import fold
from nncli.network.parameters import Workspace
from nncli.run.watched import POINTS, Watched
from nncli.training.probe import Probe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.network.parameters import Array, Network, Parameters
    from nncli.run.dataset import Experiment
    from nncli.training.loop import Trainer

LOOKS_PER_EPOCH, MOST_LOOKS = 4, 400
"""How often; a long training is looked at less often than four times an epoch."""

FIRST_STEPS = 10
"""And after each of so many steps: where numbers explode, it is soon over."""

MOST_FRAMES = 12
"""Pictures after epochs of a geometric series: most happens at the beginning."""

PROBE_SIZE = 256
"""Training examples that the network is looked at with."""

UNITS = 9
"""Units of the first layer whose weights are kept."""

MOST_SIDE = 32
"""Pixels of a picture of weights; larger ones are averaged."""

GRID = 64
"""Places along each side of the plane."""

MOST_POINTS = 400


class Unwatched:
    """Nobody looks."""

    def start(self) -> None:
        """Training begins, or goes on."""

    def after_step(self) -> None:
        """All parameters have moved."""

    def after_epoch(self) -> None:
        """The epoch is over."""

    def watched(self) -> Watched | None:
        """All that was seen so far, if anybody looks."""
        return None

    def restore(self, watched: Watched | None) -> None:
        """Take over what was seen before a training was stopped."""


class Watch(Unwatched):
    """A training under observation.

    Args:
        experiment: Data and plan.
        trainer: What is watched; it may be ahead of its first step, or restored.
    """

    def __init__(self, experiment: Experiment, trainer: Trainer) -> None:
        self._experiment, self._trainer = experiment, trainer
        n_batches, epochs = len(trainer.training_set), trainer.settings.epochs
        self._interval = max(1, n_batches // LOOKS_PER_EPOCH, n_batches * epochs // MOST_LOOKS)
        self._frame_epochs = {0, *np.geomspace(1, epochs, MOST_FRAMES - 1).round().astype(int).tolist()}
        self._before: Array | None = None
        self._seen: dict[str, list[Any]] = {}
        self._last_step, self._last_frame = -1, -1
        self._points = self._plane_points()
        self._probe: Probe | None = None

    @property
    def _parameters(self) -> Parameters:
        """Those under training, or a copy of them in this machine's memory."""
        parameters = self._trainer.parameters
        return parameters.like(flat=on_host(parameters.flat))

    @property
    def _network(self) -> Network:
        return self._parameters.members[0]

    def restore(self, watched: Watched | None) -> None:
        """Go on from what was seen up to the step at which the training stands."""
        if watched is not None and watched.n_layers == self._network.n_layers:
            earlier = watched.until(self._trainer.optimizer.step_count, self._trainer.state.epoch)
            self._seen = {name: list(array) for name, array in earlier.arrays.items() if name not in POINTS}
            self._last_step, self._last_frame = (max(earlier[name], default=-1) for name in ("step", "frame"))

    def start(self) -> None:
        """Look at the network as it begins."""
        self.after_step()
        if self._last_frame < 0:
            self._take_frame()

    def after_step(self) -> None:
        """Look, if it is time; keep the weights, if it is time after the next step."""
        step = self._trainer.optimizer.step_count
        if self._is_due(step) and step > self._last_step:
            self._look(step)
        self._before = self._network.weights.copy() if self._is_due(step + 1) else None

    def _is_due(self, step: int) -> bool:
        return step <= FIRST_STEPS or step % self._interval == 0

    def after_epoch(self) -> None:
        """Take a picture, if it is time."""
        if self._trainer.state.epoch in self._frame_epochs:
            self._take_frame()

    def _look(self, step: int) -> None:
        trainer = self._trainer
        if self._probe is None:
            step_size = max(1, trainer.training_set.n_examples // PROBE_SIZE)  # of all classes, which lie in order
            batches = trainer.training_set.in_order(lambda _m: slice(0, step_size * PROBE_SIZE, step_size))
            copies = ((on_host(X.copy()), on_host(Y)) for X, Y in batches)
            X, Y = (np.concatenate(parts, axis=-1) for parts in zip(*copies, strict=True))
            self._probe = Probe(self._network, X, Y, trainer.settings.activation)
        self._keep({"step": step, "epoch": step / len(trainer.training_set)})
        self._keep(self._probe.look(self._network, self._before)._asdict())
        self._last_step = step

    def _keep(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._seen.setdefault(name, []).append(value)

    def _take_frame(self) -> None:
        epoch = self._trainer.state.epoch
        if epoch > self._last_frame:
            self._keep({"frame": epoch, "weights": self._weight_pictures(), "plane": self._plane()})
            self._last_frame = epoch

    def _weight_pictures(self) -> NDArray[Any]:
        """Rows of W[1] as images, (u, h, w, c); none where they are no images."""
        shape = self._experiment.plan.image_format.shape
        if not self._preprocessing.is_pixels or min(shape[:2]) < 2:
            return np.zeros((0, 1, 1, 1), np.float16)
        rows = self._network.W[1][:UNITS].reshape(-1, *shape)
        factor = -(-max(shape[:2]) // MOST_SIDE)
        down, across = min(factor, shape[0]), min(factor, shape[1])
        h, w = shape[0] // down, shape[1] // across
        blocks = rows[:, : h * down, : w * across].reshape(len(rows), h, down, w, across, shape[2])
        pictures: NDArray[Any] = np.clip(blocks.mean(axis=(2, 4)), -6e4, 6e4).astype(np.float16)
        return pictures

    @property
    def _preprocessing(self) -> Preprocessing:
        experiment = self._experiment
        return Preprocessing(experiment.column, experiment.scaling, experiment.span.projection)

    def _plane_points(self) -> dict[str, NDArray[Any]]:
        """Training points, where an image is two numbers."""
        training = self._experiment.training
        rows = training.rows[:: -(-len(training.rows) // MOST_POINTS)]
        if self._experiment.plan.image_format.n_features != 2 or not self._preprocessing.is_pixels:
            return {"points": np.zeros((0, 2), np.uint8), "point_labels": np.zeros(0, np.int16)}
        labels = training.labels[:: -(-len(training.rows) // MOST_POINTS)]
        return {"points": training.pixels[rows], "point_labels": labels.astype(np.int16)}

    def _plane(self) -> NDArray[np.uint8]:
        """Probabilities of every class over the plane, (C, GRID, GRID); row i is the second number's i-th place."""
        if not len(self._points["points"]):
            return np.zeros((0, 1, 1), np.uint8)
        places = np.linspace(0, 255, GRID).round().astype(np.uint8)
        grid = np.stack([np.tile(places, GRID), np.repeat(places, GRID)], axis=1)  # first number, second number
        parameters = self._parameters
        X = np.empty((len(grid), 2), parameters.flat.dtype)
        self._preprocessing.apply(grid, X)
        with np.errstate(all="ignore"):
            parameters = fold(parameters)
            workspace = Workspace.of(parameters, len(grid), training=False)
            Y_hat = vote(parameters, workspace, X.T, self._trainer.settings.activation)
            Y_hat = np.concatenate([1 - Y_hat, Y_hat]) if len(Y_hat) == 1 else Y_hat
            shares = np.nan_to_num(Y_hat * 255).round().astype(np.uint8)
        return shares.reshape(-1, GRID, GRID)

    def watched(self) -> Watched:
        """All that was seen so far."""
        arrays = {name: np.array(values) for name, values in self._seen.items()}
        return Watched({name: _small(array) for name, array in arrays.items()} | self._points)


def _small(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(np.float32) if array.dtype == np.float64 else array
