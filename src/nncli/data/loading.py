"""Many image files into one array: 8 bits per value, one image per row.

Bad images are found here, all of them, before the first epoch; what to do about them is the caller's decision.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.decoding_pool import CHUNK_SIZE, DecodingPool
from nncli.data.pixel_rows import MemoryReturner
from nncli.errors import DataError
from nncli.machine.forking import number_of_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat

FEW = 256
"""Fewer files than this are not worth starting processes for."""


@dataclass(frozen=True)
class BadImage:
    """A file that did not decode, and why.

    Attributes:
        path: Of the file.
        reason: In words.
        may_pass: It may decode another time though the file is the same: it could not be opened, memory was short.
    """

    path: str
    reason: str
    may_pass: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class LoadedImages:
    """The images of a list of files.

    Args:
        pixels: One good image per row, (m, n_0) uint8, C-contiguous.
        kept: The place of each row's file in the list, ascending, (m,).
        bad: The other files, in the order of the list.
    """

    pixels: NDArray[np.uint8]
    kept: NDArray[np.intp]
    bad: tuple[BadImage, ...]


def load_images(
    paths: Sequence[str],
    image_format: ImageFormat,
    on_progress: Callable[[int], None] | None = None,
    *,
    pixels: NDArray[np.uint8] | None = None,
    processes: int | None = None,
) -> LoadedImages:
    """Decode `paths`.

    Args:
        paths: The files.
        image_format: The size and the color mode to bring them to.
        on_progress: Called with the number of files just finished, good or bad, some at a time.
        pixels: Where to put them, (len(paths), n_0) in a shared memory map; by default in memory.
        processes: How many work on it; by default as many as there are cores, or one if there are few files.

    Raises:
        DataError: The images do not fit into memory, or no process can be started for one that died.
    """
    if processes is None:
        processes = number_of_processes() if len(paths) >= FEW else 1
    n_workers = processes if processes > 1 else 0
    if pixels is None:
        pixels = _allocate(len(paths), image_format, is_shared=n_workers > 0)
    returner, bad, start = MemoryReturner(pixels), dict[int, BadImage](), 0
    chunks = (paths[i : i + CHUNK_SIZE] for i in range(0, len(paths), CHUNK_SIZE))
    with DecodingPool(image_format, n_workers, pixels) as pool:
        for good, reasons in pool.decode(chunks):
            if bad:  # row by row within the array: a copy of the good ones would need the memory twice
                for row, image in enumerate(good, start - len(bad)):
                    pixels[row] = image
                returner.used(len(good))
            bad |= {
                i: BadImage(paths[i], str(reason), reason.may_pass) for i, reason in enumerate(reasons, start) if reason
            }
            start += len(reasons)
            if on_progress:
                on_progress(len(reasons))
    kept = np.array([i for i in range(len(paths)) if i not in bad], dtype=np.intp)
    return LoadedImages(pixels[: len(kept)], kept, tuple(bad.values()))


def _allocate(n_images: int, image_format: ImageFormat, *, is_shared: bool) -> NDArray[np.uint8]:
    shape = n_images, image_format.n_features
    try:
        if not is_shared:
            return np.empty(shape, np.uint8)
        return np.frombuffer(mmap.mmap(-1, max(shape[0] * shape[1], 1)), np.uint8)[: shape[0] * shape[1]].reshape(shape)
    except (MemoryError, OSError, ValueError, OverflowError) as error:  # the last two: more than an address can tell
        gigabytes = shape[0] * shape[1] / 1e9
        needed = f"{n_images:,} images of {image_format} need {gigabytes:.1f} GB"
        raise DataError(f"{needed}, more than there is; make data.image_size smaller") from error
