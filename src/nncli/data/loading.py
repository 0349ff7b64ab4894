"""Many image files into one array: 8 bits per value, one image per row.

Bad images are found here, all of them, before the first epoch; what to do about them is the caller's decision.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.decoding import ImageError, decode_image
from nncli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from nncli.data.image_format import ImageFormat


@dataclass(frozen=True)
class BadImage:
    """A file that did not decode, and why."""

    path: str
    reason: str


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
    paths: Sequence[str], image_format: ImageFormat, on_progress: Callable[[int], None] | None = None
) -> LoadedImages:
    """Decode `paths`.

    Args:
        paths: The files.
        image_format: The size and the color mode to bring them to.
        on_progress: Called with the number of files just finished, good or bad.

    Raises:
        DataError: The images do not fit into memory.
    """
    pixels = _allocate(len(paths), image_format)
    bad: dict[int, BadImage] = {}
    for i, path in enumerate(paths):
        try:
            pixels[i] = decode_image(path, image_format)
        except ImageError as error:
            bad[i] = BadImage(path, str(error))
        if on_progress:
            on_progress(1)
    kept = np.array([i for i in range(len(paths)) if i not in bad], dtype=np.intp)
    if bad:
        # Row by row within the array: a copy of the good rows would need the memory twice.
        for row, i in enumerate(kept):
            pixels[row] = pixels[i]
    return LoadedImages(pixels[: len(kept)], kept, tuple(bad.values()))


def _allocate(n_images: int, image_format: ImageFormat) -> NDArray[np.uint8]:
    try:
        return np.empty((n_images, image_format.n_features), np.uint8)
    except (MemoryError, ValueError) as error:  # ValueError: more than an address can tell
        gigabytes = n_images * image_format.n_features / 1e9
        needed = f"{n_images} images of {image_format} need {gigabytes:.1f} GB"
        raise DataError(f"{needed}, more than there is; make data.image_size smaller") from error
