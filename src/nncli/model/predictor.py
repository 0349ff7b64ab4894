"""From a model and images to predictions.

A prediction must not depend on which images it happens to share a batch with. Products of different widths add up in
different orders and differ in the last bits, so prediction computes in float64 and rounds to float32 at the end, where
those bits are gone.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, islice, tee
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nncli.data.decoding_pool import CHUNK_SIZE, DecodingPool
from nncli.data.pixel_rows import mirrored
from nncli.errors import ModelFileError
from nncli.machine.forking import number_of_processes
from nncli.machine.threads import PerThread
from nncli.model.calibration import tempered
from nncli.network.ensemble import vote
from nncli.network.parameters import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nncli.model.file import Model

Source = tuple[str, str | bytes]
"""A name to show, and a path or an image's bytes."""

FIRST_CHUNK = 4
"""Images decoded before the first prediction; chunks double up to `CHUNK_SIZE`: the first answer comes soon, and later
ones in lots large enough for several processes."""

MANY = 64
"""From so many images known at once several processes decode: to start these takes as long as some dozens of images."""

BATCH_SIZE = 64
"""Most images propagated together: enough for a fast product, and little memory for every thread that asks."""

NOTHING = np.empty(0, np.float32)

ALONE = threading.Lock()
"""Held by one call of `predict_batches`, the only one that may start processes. A process would inherit the pipes of
another call's processes, and a module that another thread is just importing would never be ready in it."""


@dataclass(frozen=True)
class Prediction:
    """Outcome for one image: probabilities, or the reason why there are none.

    Attributes:
        path: As the user gave it.
        probabilities: One per class, summing to 1, (n_classes,) float32; empty if the image could not be read.
        error: Empty, or why the image could not be read.
    """

    path: str
    probabilities: NDArray[np.float32]
    error: str = ""


class Predictor:
    """A model made ready to predict, by as many threads at once as like: each has its own memory."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._parameters = model.parameters.like(np.float64)
        self._parameters.flat[:] = model.parameters.flat
        self._memory = PerThread[tuple[NDArray[np.float64], Workspace]]()

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of every class for images given as rows.

        Args:
            pixels: (m, values of an image), any m.

        Returns:
            (m, n_classes); rows sum to 1.

        Raises:
            ModelFileError: The weights are so large that the network overflows.
        """
        result = np.empty((len(pixels), len(self.model.classes)), np.float32)
        for start in range(0, len(pixels), BATCH_SIZE):
            part = pixels[start : start + BATCH_SIZE]
            Y_hat = self._forward(part)
            if self.model.test_time_augmentation == "mirror":
                Y_hat = (Y_hat + self._forward(mirrored(part, self.model.image_format.shape))) / 2
            if Y_hat.shape[0] == 1:  # one output is P(second class)
                Y_hat = np.concatenate([1 - Y_hat, Y_hat])
            if self.model.temperature != 1:
                Y_hat = tempered(Y_hat, self.model.temperature)
            result[start : start + len(part)] = Y_hat.T
        if not np.isfinite(result).all():
            raise ModelFileError("the model's weights are so large that its probabilities are not finite")
        return result

    def _forward(self, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Y_hat, (n_L, m), of up to BATCH_SIZE images given as rows."""
        memory, workspace = self._memory.get(self._buffers)
        rows = memory[: len(pixels)]
        self.model.preprocessing.apply(pixels, rows)
        with np.errstate(all="ignore"):  # told by the caller, in words
            Y_hat = vote(self._parameters, workspace, rows.T, self.model.activation)
        return Y_hat.astype(np.float64)  # a copy, because the workspace is used again

    def _buffers(self) -> tuple[NDArray[np.float64], Workspace]:
        """Memory for the network input of a batch, and what the batch passes through."""
        rows = np.empty((BATCH_SIZE, self.model.layer_dims[0]), np.float64)
        return rows, Workspace.of(self._parameters, BATCH_SIZE, training=False)

    def predict(self, sources: Iterable[Source]) -> Iterator[Prediction]:
        """One prediction per image, in the order of the input; see `predict_batches`."""
        for predictions in self.predict_batches([sources]):
            yield from predictions

    def predict_batches(self, lots: Iterable[Iterable[Source]]) -> Iterator[list[Prediction]]:
        """Predictions in lists, as soon as they are known; many images are decoded by several processes.

        Args:
            lots: Images that are known together: pairs of a name to show and a path or an image's bytes. Of a lot up to
                `MANY`, and later up to `DEPTH` * `CHUNK_SIZE` for each process, are fetched ahead; the next lot is
                asked for when all of this one are predicted, so that it may wait for images to arrive.

        Yields:
            One prediction per image, in the order of the input.
        """
        is_alone = ALONE.acquire(blocking=False)
        with ExitStack() as stack:
            if is_alone:
                stack.callback(ALONE.release)
            pools: dict[int, DecodingPool] = {}
            n_workers = 0
            for lot in lots:
                sources = iter(lot)
                first = list(islice(sources, MANY))
                if is_alone and len(first) == MANY and not n_workers:  # they stay for the lots to come
                    n_workers = number_of_processes()
                if n_workers not in pools:
                    pool = DecodingPool(self.model.image_format, n_workers if n_workers > 1 else 0)
                    pools[n_workers] = stack.enter_context(pool)
                batches, copy = tee(_batches(chain(first, sources)))
                decoded = pools[n_workers].decode([source for _, source in batch] for batch in copy)
                for (pixels, reasons), batch in zip(decoded, batches, strict=False):  # the batches are further ahead
                    yield self._finish(batch, pixels, reasons)

    def _finish(self, batch: list[Source], pixels: NDArray[np.uint8], reasons: Sequence[str]) -> list[Prediction]:
        """The predictions of a batch: `pixels` of the good images, and for each image a reason or an empty text."""
        rows = iter(self.probabilities(pixels))
        return [
            Prediction(name, NOTHING, reason) if reason else Prediction(name, next(rows))
            for (name, _), reason in zip(batch, reasons, strict=True)
        ]


def _batches(sources: Iterator[Source]) -> Iterator[list[Source]]:
    """Small ones first: the first prediction is not to wait for many others."""
    size = FIRST_CHUNK
    while batch := list(islice(sources, size)):
        yield batch
        size = min(2 * size, CHUNK_SIZE)
