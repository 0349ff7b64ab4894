"""From a model and images to predictions.

A prediction must not depend on which images it happens to share a batch with. Products of different widths add up in
different orders and differ in the last bits, so prediction computes in float64 and rounds to float32 at the end, where
those bits are gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.decoding import ImageError, decode_image
from nncli.errors import ModelFileError
from nncli.network.forward_propagation import forward
from nncli.network.parameters import Parameters, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from nncli.model_file import Model

BATCH_SIZE = 64
"""Images propagated together: enough for a fast product, few enough to stream."""


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
        self._parameters = Parameters(model.layer_dims, np.float64)
        self._parameters.flat[:] = model.parameters.flat
        self._workspace = Workspace(model.layer_dims, BATCH_SIZE, np.float64, training=False)
        self._pixels = np.empty((BATCH_SIZE, model.layer_dims[0]), np.uint8)
        self._rows = np.empty((BATCH_SIZE, model.layer_dims[0]), np.float64)

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of every class for images given as rows.

        Args:
            pixels: (m, n_0), any m.

        Returns:
            (m, n_classes); rows sum to 1.

        Raises:
            ModelFileError: The weights are so large that the network overflows.
        """
        result = np.empty((len(pixels), len(self.model.classes)), np.float32)
        for start in range(0, len(pixels), BATCH_SIZE):
            part = pixels[start : start + BATCH_SIZE]
            rows = self._rows[: len(part)]
            self.model.scaling.apply(part, rows)
            with np.errstate(all="ignore"):  # told below, in words
                Y_hat = forward(self._parameters, self._workspace, rows.T, self.model.activation)
            if Y_hat.shape[0] == 1:  # one output is P(second class)
                result[start : start + len(part), 1] = Y_hat[0]
                result[start : start + len(part), 0] = 1 - Y_hat[0]
            else:
                result[start : start + len(part)] = Y_hat.T
        if not np.isfinite(result).all():
            raise ModelFileError("the model's weights are so large that its probabilities are not finite")
        return result

    def predict(self, sources: Iterable[tuple[str, str | bytes]]) -> Iterator[Prediction]:
        """One prediction per image, in the order of the input.

        Args:
            sources: Pairs of a name to show and a path or an image's bytes.

        Yields:
            Predictions, as soon as a batch of images or the end of the input is reached.
        """
        waiting: list[Prediction] = []  # with the reason, or empty for a row of self._pixels
        n_rows = 0
        for name, source in sources:
            try:
                self._pixels[n_rows] = decode_image(source, self.model.image_format)
                n_rows += 1
                waiting.append(Prediction(name, np.empty(0, np.float32)))
            except ImageError as error:
                waiting.append(Prediction(name, np.empty(0, np.float32), str(error)))
            if len(waiting) == BATCH_SIZE:
                yield from self._finish(waiting, n_rows)
                waiting, n_rows = [], 0
        yield from self._finish(waiting, n_rows)

    def _finish(self, waiting: list[Prediction], n_rows: int) -> Iterator[Prediction]:
        rows = iter(self.probabilities(self._pixels[:n_rows]))
        for prediction in waiting:
            yield prediction if prediction.error else Prediction(prediction.path, next(rows))
