"""Labeled images, wherever they lie: in files, or in memory.

A plan needs the names, the classes and the splits of its images, a recipe looks at some of them, and a data set needs
the pixels of all. A source answers these three questions; nothing behind it knows where images come from.

ImageSource    image files, however they were listed (image_folder.py lists those of class folders)
ImageArrays    arrays of bytes
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.cache import load_cached
from nncli.data.image.decoding import array_rows
from nncli.data.loading import LoadedImages, load_images
from nncli.data.looks import LOOK, Looks, evenly_chosen, look_at, looks_of
from nncli.data.split import stratified_split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat


@dataclass(frozen=True)
class LabeledFiles:
    """Images and their classes.

    Attributes:
        paths: The file of each image, or its name in a source that has no files; no two are the same.
        labels: Its class, an index into `ImageSource.classes`.
    """

    paths: tuple[str, ...]
    labels: tuple[int, ...]

    def chosen(self, indices: NDArray[np.intp]) -> LabeledFiles:
        """Those at these places, in this order."""
        return LabeledFiles(tuple(self.paths[i] for i in indices), tuple(self.labels[i] for i in indices))


@dataclass(frozen=True)
class ImageSource:
    """Labeled images, none of which has been opened: files, unless a subclass loads something else.

    Attributes:
        root: Where they are, for messages; also what the cache says they come from.
        classes: Class names in natural order.
        splits: Images by split: ``train`` and perhaps ``val`` and ``test``, or ``all`` where they are not split.
        notes: One line each about what was ignored or looks odd; safe to print.
    """

    root: str
    classes: tuple[str, ...]
    splits: Mapping[str, LabeledFiles]
    notes: tuple[str, ...] = ()

    def split(self, fraction: float, seed: int) -> tuple[LabeledFiles, LabeledFiles]:
        """Images to train on and to validate with: as they are split, or drawn, see `stratified_split`."""
        files = self.splits.get("all") or self.splits["train"]
        if "val" in self.splits:
            return files, self.splits["val"]
        training, validation = stratified_split(files.labels, fraction, seed)
        return files.chosen(training), files.chosen(validation)

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """What some of these images look like; None if none of those looked at can be read."""
        return look_at(paths)

    def load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        on_note: Callable[[str], None] = lambda _note: None,
        *,
        cached: bool = False,
    ) -> LoadedImages:
        """The pixels of these images.

        Args:
            paths: Images of this source.
            image_format: The size and the color mode to bring them to.
            on_progress: Told the number of images just finished, good or bad.
            on_note: Told in a line why pixels could not be kept in the cache.
            cached: Whether to look for them in the cache first, and to keep them there.

        Raises:
            DataError: They do not fit into memory, or a helper process died.
        """
        if cached:
            return load_cached(paths, image_format, self.root, on_progress, on_note)
        return load_images(paths, image_format, on_progress)


@dataclass(frozen=True)
class ImageArrays(ImageSource):
    """Images in memory; the name of each is its place in `images`, and the cache keeps none of them.

    Attributes:
        images: uint8 each, (height, width) or (height, width, channels).
    """

    images: Sequence[NDArray[np.uint8]] | NDArray[np.uint8] = ()

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

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """As of files."""
        chosen = evenly_chosen(paths)
        sizes = [self.images[int(path)].shape for path in chosen]
        return looks_of(self._rows(chosen, LOOK), [(width, height) for height, width, *_ in sizes])

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
