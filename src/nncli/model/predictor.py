"""From a model and images to predictions.

A prediction must not depend on which images it happens to share a batch with. Products of different widths add up in
different orders and differ in the last bits, so prediction computes in float64 and rounds to float32 at the end, where
those bits are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice, tee
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.decoding_pool import CHUNK_SIZE, DecodingPool
from nncli.errors import ModelFileError
from nncli.machine.forking import number_of_processes
from nncli.model.calibration import tempered
from nncli.network.ensemble import vote
from nncli.network.parameters import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.model.file import Model

Source = tuple[str, str | bytes]
"""A name to show, and a path or an image's bytes."""

BATCH_SIZE = 64
"""Most images propagated together: enough for a fast product."""

FIRST_BATCH = 4

MANY = 64
"""From so many images on, several processes decode them: to start these takes as long as some dozens of images."""

NOTHING = np.empty(0, np.float32)


@dataclass(frozen=True)
class Prediction:
    """What became of one image: probabilities, or the reason why there are none.

    Attributes:
        path: As the user gave it.
        probabilities: One per class, summing to 1, (n_classes,) float32; empty if the image could not be read.
        error: Empty, or why the image could not be read.
    """

    path: str
    probabilities: NDArray[np.float32]
    error: str = ""


class Predictor:
    """A model made ready to predict."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self._parameters = model.parameters.like(np.float64)
        self._parameters.flat[:] = model.parameters.flat
        self._workspace = Workspace.of(self._parameters, BATCH_SIZE, training=False)
        self._columns = np.empty((BATCH_SIZE, model.layer_dims[0]), np.float32)
        self._rows = np.empty((BATCH_SIZE, model.layer_dims[0]), np.float64)

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
                Y_hat = (Y_hat + self._forward(self._mirrored(part))) / 2
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
        model, rows = self.model, self._rows[: len(pixels)]
        if model.column.is_pixels:
            model.scaling.apply(pixels, rows)
        else:
            columns = self._columns[: len(pixels)]
            model.column.extract(pixels, columns)
            model.scaling.apply(columns, rows)
        with np.errstate(all="ignore"):  # told by the caller, in words
            Y_hat = vote(self._parameters, self._workspace, rows.T, model.activation)
        return Y_hat.astype(np.float64)  # a copy, because the workspace is used again

    def _mirrored(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        images = pixels.reshape(-1, *self.model.image_format.shape)
        return images[:, :, ::-1].reshape(pixels.shape)

    def predict(self, sources: Iterable[Source]) -> Iterator[Prediction]:
        """One prediction per image, in the order of the input; see `predict_batches`."""
        for predictions in self.predict_batches(sources):
            yield from predictions

    def predict_batches(self, sources: Iterable[Source]) -> Iterator[list[Prediction]]:
        """Predictions in lists, as soon as they are known; many images are decoded by several processes.

        Args:
            sources: Pairs of a name to show and a path or an image's bytes. Up to `MANY`, and later up to
                `DEPTH` * `CHUNK_SIZE` for each process, are fetched ahead: where they arrive slowly, call this again
                for each lot that has arrived.

        Yields:
            One prediction per image, in the order of the input.
        """
        iterator = iter(sources)
        first = list(islice(iterator, MANY))
        n_workers = number_of_processes() if len(first) == MANY else 1
        batches, copy = tee(_batches(chain(first, iterator)))
        with DecodingPool(self.model.image_format, n_workers if n_workers > 1 else 0) as pool:
            decoded = pool.decode([source for _, source in batch] for batch in copy)
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
    size = FIRST_BATCH
    while batch := list(islice(sources, size)):
        yield batch
        size = min(2 * size, CHUNK_SIZE)
