"""Labeled images, wherever they lie: in files, or in memory.

A plan needs the names, the classes and the splits of its images, a recipe looks at some of them, and a data set needs
the pixels of all. A source answers these three questions; nothing behind it knows where images come from.

ImageSource    image files, however they were listed (image_folder.py lists those of class folders)
ImageArrays    arrays of bytes (image_arrays.py)
PackedImages   members of an archive, cells of a table (packed_images.py)

Listing files waits for neither NumPy nor Pillow: a wrong path is told at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nncli.data.natural_order import natural_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nncli.data.image.image_format import ImageFormat
    from nncli.data.loading import LoadedImages
    from nncli.data.looks import Looks
    from nncli.data.samples import DeepValues


GLANCE = (64, 64, "rgb", "stretch")
"""Fields of the image format in which near-copies are looked for before the size that the network gets is known."""

NO_GROUPS = "none"
"""The grouping that keeps nothing together; the others are in groups.py."""


@dataclass(frozen=True)
class LabeledFiles:
    """Images and their classes.

    Attributes:
        paths: The file of each image, or its name in a source that has no files; no two are the same.
        labels: Its class, an index into `ImageSource.classes`; 0 where images have labels or numbers instead.
        targets: For each name in `ImageSource.classes` that number, or whether the image has that label, 1 or 0; empty
            where images have a class.
        weights: How much each counts in training; empty where all count alike.
    """

    paths: tuple[str, ...]
    labels: tuple[int, ...]
    targets: tuple[tuple[float, ...], ...] = ()
    weights: tuple[float, ...] = ()

    def chosen(self, indices: NDArray[np.intp] | Sequence[int]) -> LabeledFiles:
        """Those at these places, in this order."""
        every = (self.paths, self.labels, self.targets, self.weights)
        return LabeledFiles(*(tuple(values[i] for i in indices if values) for values in every))  # type: ignore[arg-type]

    def __add__(self, other: LabeledFiles) -> LabeledFiles:
        return LabeledFiles(
            self.paths + other.paths,
            self.labels + other.labels,
            self.targets + other.targets,
            self.weights + other.weights,
        )


@dataclass(frozen=True)
class ImageSource:
    """Labeled images, none of which has been opened: files, unless a subclass loads something else.

    Attributes:
        root: Where they are, for messages; also what the cache says they come from.
        classes: Class names in natural order; else the names of the labels or numbers that images have.
        splits: Images by split: ``train`` and perhaps ``val`` and ``test``, or ``all`` where they are not split.
        notes: One line each about what was ignored or looks odd; safe to print.
        groups: What images hang together, by path; empty if they do not.
        order: When each image was taken, by path; empty if nobody says.
        sides: Further pictures to train on wherever this one is, by path, of driving logs with several cameras.
        has_labels: Whether the targets are labels, a 1 or 0 for each.
        n_elsewhere: Further training images, which other ranks have listed.
    """

    root: str
    classes: tuple[str, ...]
    splits: Mapping[str, LabeledFiles]
    notes: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    order: Mapping[str, str] = field(default_factory=dict)
    sides: Mapping[str, LabeledFiles] = field(default_factory=dict)
    has_labels: bool = False
    n_elsewhere: int = 0

    @property
    def only_size(self) -> tuple[int, int] | None:
        """Height and width of every image, where no other size and no color would make sense; else None."""
        return None

    def split(self, fraction: float, seed: int, grouping: str = NO_GROUPS) -> tuple[LabeledFiles, LabeledFiles]:
        """Images to train on and to validate with: as they are split, or drawn.

        The last ones are for validation where there is an order, and groups stay together. Pictures of side cameras are
        trained on, where the one of the center is, and never judged by.

        Args:
            fraction: Share for validation, see `stratified_split`.
            seed: Of the draw.
            grouping: What keeps images together in place of `groups` and `order`, see groups.py.

        Raises:
            UsageError: The grouping is not to be understood, or puts nothing together.
        """
        files = self.splits.get("all") or self.splits["train"]
        if "val" in self.splits:
            training, validation = files, self.splits["val"]
        else:
            training, validation = map(files.chosen, self._drawn(files, fraction, seed, grouping))
        return sum((self.sides[path] for path in training.paths if path in self.sides), training), validation

    def _drawn(
        self, files: LabeledFiles, fraction: float, seed: int, grouping: str
    ) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Places of the images to train on, and of those to validate with."""
        from nncli.data.split import grouped_split, last_split, stratified_split

        if grouping != NO_GROUPS:
            from nncli.data.groups import group_numbers

            names = [self.classes[label] for label in files.labels]
            groups = group_numbers(grouping, files.paths, names, lambda: self._near_copies(files.paths))
            return grouped_split(self.strata(files), fraction, seed, groups)
        if self.order:
            return last_split([natural_key(self.order[path]) for path in files.paths], fraction)
        if self.groups:
            return grouped_split(self.strata(files), fraction, seed, [self.groups[path] for path in files.paths])
        return stratified_split(self.strata(files), fraction, seed)

    def strata(self, files: LabeledFiles) -> Sequence[int]:
        """Of which both parts of a split get the same share: the class of each image, or the rarest of its labels."""
        if not self.has_labels:
            return files.labels
        from nncli.data.split import rarest_labels

        return rarest_labels(files.targets)

    def seen(self, training: LabeledFiles) -> LabeledFiles:
        """Those of the training images by which is chosen what a look at some of them can tell."""
        return training

    def in_reading_order(self, paths: Sequence[str]) -> Sequence[int]:
        """Places of these images in the order in which `opened` gives them."""
        return range(len(paths))

    def opened(self, paths: Sequence[str]) -> Iterator[tuple[str, str | bytes]]:
        """Name of each image and the file that it is, or what such a file would hold; in any order."""
        return zip(paths, paths, strict=True)

    def _near_copies(self, paths: Sequence[str]) -> NDArray[np.intp]:
        """Groups of near-copies, (m,); an image that cannot be read is alone."""
        import numpy as np

        from nncli.data.groups import near_copy_groups
        from nncli.data.image.image_format import ImageFormat

        image_format = ImageFormat(*GLANCE)
        loaded = self.load(paths, image_format)
        groups = -1 - np.arange(len(paths))
        groups[loaded.kept] = near_copy_groups(loaded.pixels, image_format.shape)
        return groups

    def sizes(self, paths: Sequence[str]) -> Sequence[tuple[int, int]]:
        """Width and height of some of these images, as their headers say; empty where that takes reading them whole."""
        from nncli.data.image.image_sizes import sizes_of
        from nncli.data.looks import evenly_chosen

        return [*sizes_of(evenly_chosen(paths)).elements()]

    def look_at(self, paths: Sequence[str]) -> Looks | None:
        """Look of some of these images; None if none of those looked at can be read."""
        from nncli.data.looks import look_at

        return look_at(paths)

    def look_at_values(self, paths: Sequence[str]) -> DeepValues:
        """The values that those of some of these images use which have more than 8 bits."""
        from nncli.data.samples import look_at_values

        return look_at_values(paths)

    def look_at_transparency(self, paths: Sequence[str]) -> tuple[int, int, float]:
        """How many of some of these images are transparent, of how many, and the mean gray of these."""
        from nncli.data.samples import look_at_transparency

        return look_at_transparency(paths)

    def load(
        self,
        paths: Sequence[str],
        image_format: ImageFormat,
        on_progress: Callable[[int], None] | None = None,
        on_note: Callable[[str], None] = lambda _note: None,
        *,
        cached: bool = False,
        part: str = "",
    ) -> LoadedImages:
        """The pixels of these images.

        Args:
            paths: Images of this source.
            image_format: The size and the color mode to bring them to.
            on_progress: Told the number of images just finished, good or bad.
            on_note: Told in a line why pixels could not be kept in the cache.
            cached: Whether to look for them in the cache first, and to keep them there.
            part: Which part of the source they are, where several processes keep one each.

        Raises:
            DataError: They do not fit into memory, or a helper process died.
        """
        if cached:
            from nncli.data.cache import load_cached

            return load_cached(paths, image_format, self.root, on_progress, on_note, part=part)
        from nncli.data.loading import load_images

        return load_images(paths, image_format, on_progress)
