"""A source of labeled images in a list: files, their bytes, Pillow images, arrays, mixed and of any sizes."""

from __future__ import annotations

import contextlib
import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from nncli.data.image.decoding import ImageError, array_image, convert_image, decode_image
from nncli.data.loading import BadImage, LoadedImages, load_images
from nncli.data.looks import LOOK, Looks, evenly_chosen, look_at, looks_of
from nncli.data.source import ImageSource, LabeledFiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat


@dataclass(frozen=True)
class ImageList(ImageSource):
    """A list of images; the name of each is its place in it, ``X[3]``, and the cache keeps none of them.

    Attributes:
        images: Paths, bytes, Pillow images, or uint8 arrays (height, width) or (height, width, channels).
    """

    images: Sequence[Any] = ()

    @classmethod
    def of(cls, images: Sequence[Any], labels: NDArray[np.intp]) -> ImageList:
        """Images that are not split, class by class, as a folder would have them; the classes are called 0, 1, ...

        Args:
            images: As above.
            labels: 0, ..., n_classes - 1, (m,).
        """
        order = np.argsort(labels, kind="stable")
        every = LabeledFiles(tuple(f"X[{i}]" for i in order.tolist()), tuple(labels[order].tolist()))
        classes = tuple(map(str, range(int(labels.max()) + 1)))
        return cls("the images in the list", classes, {"all": every}, images=images)

    def _chosen(self, names: Sequence[str]) -> list[Any]:
        return [self.images[int(name[2:-1])] for name in names]

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """As of files."""
        chosen = self._chosen(evenly_chosen(paths))
        if all(isinstance(image, str | os.PathLike) for image in chosen):
            return look_at([os.fsdecode(image) for image in chosen])
        rows, sizes = [], []
        for image in chosen:
            try:
                rows.append(_row(image, LOOK))
            except ImageError:
                continue
            sizes.append(_size(image))
        return looks_of(rows, sizes, lambda larger: _rows(chosen, larger))

    def load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        *_: object,
        **__: object,
    ) -> LoadedImages:
        """As of files; where all of them are, several processes decode."""
        chosen = self._chosen(paths)
        if all(isinstance(image, str | os.PathLike) for image in chosen):
            return _loaded_files([os.fsdecode(image) for image in chosen], paths, image_format, on_progress)
        rows = np.empty((len(chosen), image_format.n_features), np.uint8)
        kept: list[int] = []
        bad: list[BadImage] = []
        for i, image in enumerate(chosen):
            try:
                rows[len(kept)] = _row(image, image_format)
                kept.append(i)
            except ImageError as error:
                bad.append(BadImage(paths[i], str(error)))
            if on_progress:
                on_progress(1)
        return LoadedImages(rows[: len(kept)], np.array(kept, np.intp), tuple(bad))


def _loaded_files(
    files: Sequence[str], names: Sequence[str], image_format: ImageFormat, on_progress: Callable[[int], None] | None
) -> LoadedImages:
    """Files decoded; those that cannot be read are called by their names in the list as well."""
    loaded = load_images(files, image_format, on_progress)
    missing = sorted(set(range(len(files))) - set(loaded.kept.tolist()))
    bad = [BadImage(names[i], f"{each.path}: {each.reason}") for i, each in zip(missing, loaded.bad, strict=True)]
    return LoadedImages(loaded.pixels, loaded.kept, tuple(bad))


def _rows(images: Sequence[Any], image_format: ImageFormat) -> Iterator[NDArray[np.uint8]]:
    """Those that can be read."""
    for image in images:
        with contextlib.suppress(ImageError):
            yield _row(image, image_format)


def _row(image: Any, image_format: ImageFormat) -> NDArray[np.uint8]:
    if isinstance(image, np.ndarray):
        return convert_image(array_image(image), image_format)
    if isinstance(image, Image.Image):
        return convert_image(image, image_format)
    return decode_image(image if isinstance(image, bytes) else os.fsdecode(image), image_format)


def _size(image: Any) -> tuple[int, int]:
    """Width and height of an image that has been decoded once already."""
    if isinstance(image, np.ndarray):
        return image.shape[1], image.shape[0]
    if isinstance(image, Image.Image):
        return image.size
    with Image.open(io.BytesIO(image) if isinstance(image, bytes) else image) as opened:
        return opened.size
