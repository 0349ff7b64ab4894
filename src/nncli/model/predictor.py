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
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.decoding_pool import CHUNK_SIZE, DecodingPool
from nncli.errors import ModelFileError
from nncli.machine.backend import is_on_host, on_host
from nncli.machine.forking import number_of_processes
from nncli.machine.threads import PerThread
from nncli.model.calibration import tempered
from nncli.model.known_images import are_unseen
from nncli.network.ensemble import vote
from nncli.network.parameters import Workspace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

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

N_MORE = 2
"""Numbers that are told of an image beside its probabilities."""

NOTHING = np.empty(0, np.float32)

ALONE = threading.Lock()
"""Held by one call of `predict_batches`, the only one that may start processes. A process would inherit the pipes of
another call's processes, and a module that another thread is just importing would never be ready in it."""


@dataclass(frozen=True)
class Prediction:
    """Outcome for one image: probabilities, or the reason why there are none.

    Attributes:
        path: As the user gave it.
        probabilities: One per class, summing to 1, (n_classes,) float32; empty if the image could not be read. Of a
            regression its numbers.
        error: Empty, or why the image could not be read.
        known: What the image is to the model, see known_images.py; None if the model cannot tell, or nobody asked.
        strangeness: How unlike the training images it is, 0..1, see strangeness.py; None likewise.
    """

    path: str
    probabilities: NDArray[np.float32]
    error: str = ""
    known: int | None = None
    strangeness: float | None = None


class Predictor:
    """A model made ready to predict, by as many threads at once as like: each has its own memory.

    Args:
        model: What answers.
        tells_known: Whether predictions tell what an image is to the model.
        answers_seen: Whether images that trained the model, as far as it tells, are answered; if not, all they get is
            zeros, at no cost.
        tells_strangeness: Whether they tell how strange it is.
        like: An array; features and network are computed where it lies. By default by NumPy.
    """

    def __init__(
        self,
        model: Model,
        *,
        tells_known: bool = False,
        answers_seen: bool = True,
        tells_strangeness: bool = False,
        like: NDArray[Any] | None = None,
    ) -> None:
        self.model = model
        self._known = model.evidence.known if tells_known else None
        self._answers_seen = answers_seen
        self._strangeness = model.evidence.strangeness if tells_strangeness else None
        flat = np.asarray(model.parameters.flat.astype(np.float64), like=like)
        self._parameters = model.parameters.like(flat=flat)
        self._computes_here = model.column.is_pixels or not is_on_host(flat)  # no forked process can use a GPU
        self._preprocessing = model.preprocessing.moved_to(flat)
        self._preprocessing.column.prepare()
        if self._preprocessing.projection:
            self._preprocessing.projection.prepare(np.float64)  # before other threads ask, and processes are forked
        self._memory: PerThread[tuple[NDArray[np.float64], Workspace]] = PerThread()

    def probabilities(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Probabilities of every class for images given as rows.

        Args:
            pixels: (m, values of an image), any m.

        Returns:
            (m, n_classes); rows sum to 1.

        Raises:
            ModelFileError: The weights are so large that the network overflows.
        """
        return self.answers(pixels)[0]

    def answers(self, pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Probabilities, (m, n_classes), and strangeness scores, (m,), NaN where they are not wanted; see above."""
        result = np.empty((len(pixels), len(self.model.classes)), np.float32)
        scores = np.full(len(pixels), np.nan, np.float32)
        self._compute(pixels, result, scores)
        return _finite(result), scores

    @np.errstate(all="ignore")  # numbers that overflow, in features or answers, are told in words: `_finite`
    def _compute(self, pixels: NDArray[np.uint8], result: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Write the answers for any number of images to `result`, (m, n_classes), finite or not, and `scores`, (m,)."""
        for start in range(0, len(pixels), BATCH_SIZE):
            part = pixels[start : start + BATCH_SIZE]
            Y_hat = self.model.task.answers(self._forward(part, scores[start : start + len(part)]))
            if self.model.temperature != 1:
                Y_hat = tempered(Y_hat, self.model.temperature)
            result[start : start + len(part)] = Y_hat.T

    def _forward(self, pixels: NDArray[np.uint8], scores: NDArray[np.float32] | None = None) -> NDArray[np.float64]:
        """Y_hat, (n_L, m), of up to BATCH_SIZE images given as rows; where wanted, `scores` get their strangeness.

        Where there are several looks, such as an image and its mirror image, it is the average of all.
        """
        memory, workspace = self._memory.get(self._buffers)
        looks = memory[:, : len(pixels)]
        if len(looks) > 1:
            self._preprocessing.apply_looks(pixels, looks, mirrored=self.model.is_mirrored)
        else:
            self._preprocessing.apply(pixels, looks[0])
        if scores is not None and self._strangeness is not None:
            scores[:] = self._strangeness.scores(on_host(looks[0].astype(np.float32)))
        total: Any = 0
        with np.errstate(all="ignore"):  # told by the caller, in words
            for number, rows in enumerate(looks):
                Y_hat: Any = on_host(vote(self._parameters, workspace, rows.T, self.model.activation))
                if self.model.is_mirrored and number % 2:
                    Y_hat = self.model.task.of_mirrored(Y_hat)
                total = total + Y_hat  # a copy, because the workspace is used again
        return np.asarray(total / len(looks), np.float64)

    def _buffers(self) -> tuple[NDArray[np.float64], Workspace]:
        """Memory for the network input of a batch, all looks, and what the batch passes through."""
        shape = self.model.n_looks, BATCH_SIZE, self.model.layer_dims[0]
        looks = np.empty(shape, np.float64, like=self._parameters.flat)
        return looks, Workspace.of(self._parameters, BATCH_SIZE, training=False)

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
                    pools[n_workers] = stack.enter_context(self._pool(n_workers if n_workers > 1 else 0))
                batches, copy = tee(_batches(chain(first, sources)))
                decoded = pools[n_workers].decode([source for _, source in batch] for batch in copy)
                for (values, reasons), batch in zip(decoded, batches, strict=False):  # the batches are further ahead
                    yield self._finish(batch, values, reasons)

    def _pool(self, n_workers: int) -> DecodingPool:
        """Processes that decode, and predict as well where computing features takes longer than decoding."""
        if self._computes_here:
            return DecodingPool(self.model.image_format, n_workers)
        n_results = len(self.model.classes) + N_MORE
        return DecodingPool(self.model.image_format, n_workers, compute=self._answer_rows, n_results=n_results)

    def _answer_rows(self, pixels: NDArray[np.uint8], rows: NDArray[np.float32]) -> None:
        """Write all that is told of some images to `rows`: probabilities, strangeness score, relation to the model."""
        rows[:, -N_MORE:] = np.nan
        if self._known is not None:
            kinds = self._known.which(pixels, self.model.image_format.shape)
            rows[:, -1] = kinds
            if not self._answers_seen and not (unseen := are_unseen(kinds)).all():
                rows[:, :-N_MORE] = 0
                answers = rows[unseen]
                self._compute(pixels[unseen], answers[:, :-N_MORE], answers[:, -2])
                rows[unseen] = answers
                return
        self._compute(pixels, rows[:, :-N_MORE], rows[:, -2])

    def _finish(self, batch: list[Source], values: NDArray[Any], reasons: Sequence[str]) -> list[Prediction]:
        """The predictions of a batch.

        Args:
            batch: The images.
            values: Pixels of the good ones, or what `_answer_rows` made of them.
            reasons: For each image, empty if it is good.
        """
        rows = values.copy()
        if self._computes_here:
            rows = np.empty((len(values), len(self.model.classes) + N_MORE), np.float32)
            self._answer_rows(values, rows)
        probabilities, scores = _finite(rows[:, :-N_MORE]), rows[:, -2]
        known = [None] * len(rows) if self._known is None else rows[:, -1].astype(int).tolist()
        told = [None] * len(rows) if self._strangeness is None else self._strangeness.told(scores).tolist()
        answers = zip(probabilities, told, known, strict=True)
        good = (
            Prediction(name, p, "", kind, strange)
            for name, (p, strange, kind) in zip(_good(batch, reasons), answers, strict=True)
        )
        return [
            Prediction(name, NOTHING, reason) if reason else next(good)
            for (name, _), reason in zip(batch, reasons, strict=True)
        ]


def _good(batch: list[Source], reasons: Sequence[str]) -> list[str]:
    """The names of those that could be read."""
    return [name for (name, _), reason in zip(batch, reasons, strict=True) if not reason]


def _finite(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    if not np.isfinite(probabilities).all():
        raise ModelFileError("the model's weights are so large that its answers are not finite")
    return probabilities


def _batches(sources: Iterator[Source]) -> Iterator[list[Source]]:
    """Small ones first: the first prediction is not to wait for many others."""
    size = FIRST_CHUNK
    while batch := list(islice(sources, size)):
        yield batch
        size = min(2 * size, CHUNK_SIZE)
