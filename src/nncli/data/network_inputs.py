"""From rows of bytes to network input: as they are, changed at random, or one of several versions at random.

NetworkInputs      every row as it is: pixels, or features computed beforehand
AugmentedInputs    pixels that are changed anew each time they are drawn, before anything is computed of them
VersionedInputs    each example lies there in several versions, of which one is drawn

All of them can give their batches on a GPU (`move_to`): bytes go there, and become network input there. What is always
the same is computed once and stays.

What is drawn follows from the numbers of run, epoch and batch alone, each time from a generator of its own: resuming
needs no stored state, and several processes that share a batch draw alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike, NDArray

    from nncli.data.augmentation.kinds import Augmentation
    from nncli.data.pixel_rows import PixelRows

AUGMENTATION, VERSION = 1, 2
"""Keep the generators apart that belong to the same batch."""

TOGETHER = 1024
"""Examples brought to a GPU at a time."""


class Transform(Protocol):
    """From rows of bytes to rows of network input."""

    n_inputs: int

    def moved_to(self, like: NDArray[Any]) -> Transform:
        """The same, its arrays lying where `like` does."""

    def apply(self, rows: NDArray[np.uint8], out: NDArray[Any]) -> None:
        """Write the network input of `rows`, one example each, to `out`, (m, n_0), in the precision of `out`."""


class AsTheyAre:
    """Rows that are network input already.

    Args:
        n_inputs: n_0.
    """

    def __init__(self, n_inputs: int) -> None:
        self.n_inputs = n_inputs

    def moved_to(self, _like: NDArray[Any]) -> AsTheyAre:
        """Itself: it has no arrays."""
        return self

    def apply(self, rows: NDArray[Any], out: NDArray[Any]) -> None:
        """Copy `rows` to `out`, (m, n_0)."""
        out[:] = rows


class NetworkInputs:
    """Examples as the network sees them.

    Args:
        rows: The examples.
        transform: From their rows to network input.
        dtype: The network's precision.

    Attributes:
        is_mirrored: Which examples of the batch last drawn are mirror images, (m,).
    """

    is_always_the_same = True

    def __init__(self, rows: PixelRows, transform: Transform, dtype: DTypeLike = np.float32) -> None:
        self.is_mirrored = np.zeros(0, bool)
        self._rows, self._transform = rows, transform
        self._bytes = np.empty((0, rows.n_values), rows.dtype)
        self._inputs = np.empty((0, transform.n_inputs), dtype)
        self._like: NDArray[Any] | None = None
        self._resident: NDArray[Any] | None = None

    def move_to(self, like: NDArray[Any], room: int) -> int:
        """Give batches where `like` lies from now on; keep all examples there if they fit.

        Args:
            like: An array.
            room: Bytes that may be taken.

        Returns:
            Bytes that were taken.
        """
        self._like, self._transform = like, self._transform.moved_to(like)
        self._inputs = np.empty((0, self._transform.n_inputs), self._inputs.dtype, like=like)
        shape = len(self._rows), self._transform.n_inputs
        n_bytes = shape[0] * shape[1] * self._inputs.itemsize
        if not self.is_always_the_same or n_bytes > room:
            return 0
        resident = np.empty(shape, self._inputs.dtype, like=like)
        for start in range(0, shape[0], TOGETHER):
            chosen = np.arange(start, min(start + TOGETHER, shape[0]))
            resident[start : start + TOGETHER] = self._transformed(chosen).T
        self._resident = resident
        return n_bytes

    def __len__(self) -> int:
        """Examples in the set."""
        return len(self._rows)

    def take(self, chosen: NDArray[np.intp]) -> NDArray[Any]:
        """The chosen examples as they are, X, (n_0, m), overwritten by the next."""
        return self._transformed(chosen)

    def draw(self, batch: NDArray[np.intp], share: slice | NDArray[np.intp], _key: Sequence[int]) -> NDArray[Any]:
        """A share of a training batch.

        Args:
            batch: The examples of the whole batch.
            share: Which of them are wanted, by their places in it.
            _key: Of the batch: numbers that its randomness follows from.

        Returns:
            X, (n_0, m), overwritten by the next.
        """
        chosen = batch[share]
        self.is_mirrored = np.zeros(len(chosen), bool)
        return self._transformed(chosen)

    def _transformed(
        self, chosen: NDArray[np.intp], change: Callable[[NDArray[np.uint8]], None] = lambda _rows: None
    ) -> NDArray[Any]:
        if self._resident is not None:
            return self._resident[np.asarray(chosen, like=self._resident)].T
        m = len(chosen)
        if m > len(self._inputs):
            self._bytes = np.empty((m, self._bytes.shape[1]), self._bytes.dtype)
            self._inputs = np.empty((m, self._inputs.shape[1]), self._inputs.dtype, like=self._like)
        rows, inputs = self._rows.take(chosen, self._bytes), self._inputs[:m]
        change(rows)
        self._transform.apply(np.asarray(rows, like=self._like), inputs)
        return inputs.T  # examples are rows in memory, columns in the formulas


class AugmentedInputs(NetworkInputs):
    """Images that are changed at random whenever they are drawn.

    Args:
        images: Their pixels.
        transform: From pixels to network input.
        augmentation: What changes them.
        dtype: The network's precision.
    """

    is_always_the_same = False

    def __init__(
        self, images: PixelRows, transform: Transform, augmentation: Augmentation, dtype: DTypeLike = np.float32
    ) -> None:
        super().__init__(images, transform, dtype)
        self._augmentation = augmentation

    def draw(self, batch: NDArray[np.intp], share: slice | NDArray[np.intp], key: Sequence[int]) -> NDArray[Any]:
        """A share of a training batch, changed; see `NetworkInputs.draw`."""
        rng = np.random.default_rng([*key, AUGMENTATION])

        def change(rows: NDArray[np.uint8]) -> None:
            self.is_mirrored = self._augmentation.apply(rows, rng, len(batch), share)

        return self._transformed(batch[share], change)


class VersionedInputs(NetworkInputs):
    """Examples in several versions.

    Args:
        rows: First the first version of every example, then all second versions, and so on.
        transform: From rows to network input.
        n_versions: Of every example.
        dtype: The network's precision.
        is_second_mirrored: Whether the second, the fourth and so on are mirror images.
    """

    def __init__(
        self,
        rows: PixelRows,
        transform: Transform,
        n_versions: int,
        dtype: DTypeLike = np.float32,
        *,
        is_second_mirrored: bool = True,
    ) -> None:
        super().__init__(rows, transform, dtype)
        self._n_versions, self._is_second_mirrored = n_versions, is_second_mirrored

    def __len__(self) -> int:
        """Examples in the set."""
        return len(self._rows) // self._n_versions

    def draw(self, batch: NDArray[np.intp], share: slice | NDArray[np.intp], key: Sequence[int]) -> NDArray[Any]:
        """A share of a training batch, each example in one version; see `NetworkInputs.draw`."""
        version = np.random.default_rng([*key, VERSION]).integers(0, self._n_versions, len(batch))
        self.is_mirrored = (version % 2 == 1)[share] & self._is_second_mirrored
        return self._transformed((batch + len(self) * version)[share])
