"""A source of images that are in memory already, as arrays of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.image.decoding import array_rows
from nncli.data.loading import LoadedImages
from nncli.data.looks import LOOK, Looks, evenly_chosen, looks_of
from nncli.data.samples import FULL, DeepValues
from nncli.data.source import ImageSource, LabeledFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat


@dataclass(frozen=True)
class ImageArrays(ImageSource):
    """Images in memory; the name of each is its place in `images`, and the cache keeps none of them.

    Attributes:
        images: uint8 each, (height, width) or (height, width, channels).
        origins: The array that they come from, or the arrays one after the other: its name, and how many images it has.
    """

    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8] = ()
    origins: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8], labels: NDArray[np.intp]) -> ImageArrays:
        """Images that are not split, class by class, as a folder would have them; the classes are called 0, 1, ...

        Args:
            images: As above.
            labels: 0, ..., n_classes - 1, (m,).
        """
        order = np.argsort(labels, kind="stable")
        every = LabeledFiles(tuple(map(str, order.tolist())), tuple(labels[order].tolist()))
        classes = tuple(map(str, range(int(labels.max()) + 1)))
        return cls("the images in memory", classes, {"all": every}, images=images)

    def _rows(self, paths: Sequence[str], image_format: ImageFormat) -> NDArray[np.uint8]:
        images, places = self.images, list(map(int, paths))
        chosen = images[places] if isinstance(images, np.ndarray) else [images[i] for i in places]
        return array_rows(chosen, image_format)

    def opened(self, paths: Sequence[str]) -> Iterator[tuple[str, str | bytes]]:
        """See `ImageSource.opened`: as files, called after their place in the array that they come from."""
        named = [f"{name}[{i}]" for name, count in self.origins for i in range(count)]
        for path in paths:
            yield named[int(path)] if named else path, as_file(self.images[int(path)])

    def sizes(self, paths: Sequence[str]) -> Sequence[tuple[int, int]]:
        """As of files."""
        shapes = (self.images[int(path)].shape for path in evenly_chosen(paths))
        return [(width, height) for height, width, *_ in shapes]

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """As of files."""
        chosen = evenly_chosen(paths)
        return looks_of(self._rows(chosen, LOOK), self.sizes(paths), lambda larger: self._rows(chosen, larger))

    def look_at_values(self, paths: Sequence[str]) -> DeepValues:  # noqa: ARG002
        """None of them: arrays have 8 bits."""
        return DeepValues(0, 0, 0, FULL)

    def look_at_transparency(self, paths: Sequence[str]) -> tuple[int, int, float]:  # noqa: ARG002
        """None of them is looked at."""
        return 0, 0, 0.0

    def load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        *_: object,
        **__: object,
    ) -> LoadedImages:
        """As of files."""
        rows = self._rows(paths, image_format)
        if on_progress:
            on_progress(len(paths))
        return LoadedImages(rows, np.arange(len(rows)), ())


def as_file(image: NDArray[np.uint8]) -> bytes:
    """A file of the PPM family, which decodes to the same bytes as `image`, see `ImageArrays`."""
    kind, (height, width) = (b"P6", image.shape[:2]) if image.ndim == 3 else (b"P5", image.shape)
    pixels = image[..., :3] if image.ndim == 3 else image
    return b"%s %d %d 255\n%s" % (kind, width, height, pixels.tobytes())
