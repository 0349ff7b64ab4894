"""The feature column: several blocks, one below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.block import Alone
from nncli.features.settings import PIXELS, Features, Shape, class_name, n_features, part_of
from nncli.features.settings.looks import seen_shape
from nncli.machine.backend import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from numpy.typing import NDArray

    from nncli.features.block import Array, FittedBlock, Unit
    from nncli.features.looks import Crops, Rows


def block_class(kind: str) -> Any:
    """The class that computes a kind of block."""
    return part_of(kind, "features", f"{class_name(kind)}Block")


class FeatureColumn:
    """From images to feature columns.

    Args:
        features: The settings of the blocks, from top to bottom.
        shape: Height, width and channels of the images.
        blocks: The fitted blocks.
        looks: ``whole``; ``parts`` or ``parts_in_training`` where they see the whole in the size of a part, or a part;
            ``shifts`` or ``shifts_in_training`` where they see the image, or the image moved; see looks.py.
        like: An array: images are brought to where it lies, and features are computed there. By default by NumPy.
    """

    def __init__(
        self,
        features: Features,
        shape: Shape,
        blocks: list[FittedBlock],
        looks: str = "whole",
        like: NDArray[Any] = HOST,
    ) -> None:
        self.features, self.shape, self.blocks, self.looks, self.like = features, shape, blocks, looks, like
        self.parts = _crops_of(shape, looks)
        shape = seen_shape(shape, looks)
        self.n_features = n_features(features, shape)
        self._units = _units(blocks, shape)
        self._units_of_parts = [unit.of_parts(self.parts) if self.parts else None for _, unit in self._units]

    @classmethod
    def of_pixels(cls, shape: Shape) -> FeatureColumn:
        """The column that is the image itself."""
        return cls(PIXELS, shape, [block_class("pixels")(PIXELS[0], shape)])

    @classmethod
    def fit(
        cls,
        features: Features,
        shape: Shape,
        pixels: Rows,
        seed: int,
        on_block: Callable[[int], None] = lambda _n: None,
        looks: str = "whole",
    ) -> FeatureColumn:
        """Learn what the blocks need.

        Args:
            features: The settings of the blocks.
            shape: Height, width and channels of the images.
            pixels: Training images to learn from, one per row, (m, height * width * channels).
            seed: Of the run.
            on_block: Told of every block that has learned.
            looks: See above; blocks learn from the whole.
        """
        crops = _crops_of(shape, looks)
        images = crops.whole(pixels) if crops else pixels[:].reshape(-1, *shape)
        blocks: list[Any] = []
        for i, settings in enumerate(features):
            rng, block = np.random.default_rng([seed, i, len(features)]), block_class(settings.kind)
            layers = [each.layer for each in blocks if hasattr(each, "layer")]
            known = {"layers": layers} if getattr(block, "can_share", False) else {}
            blocks.append(block.fit(settings, images, rng, **known))
            on_block(1)
        return cls(features, shape, blocks, looks)

    def moved_to(self, like: NDArray[Any]) -> FeatureColumn:
        """The same column, its learned arrays lying where `like` does."""
        if isinstance(like, type(self.like)):
            return self
        return self.from_arrays(self.features, self.shape, self.arrays(), self.looks, like)

    @property
    def is_pixels(self) -> bool:
        """Whether the column is the image itself."""
        return self.features == PIXELS

    def prepare(self) -> None:
        """Have blocks see whether files of theirs are what they were, before threads and processes ask.

        Raises:
            DataError: A file is missing or another one.
        """
        for block in self.blocks:
            if prepare := getattr(block, "prepare", None):
                prepare()

    def extract(self, pixels: NDArray[np.uint8], out: Array) -> None:
        """Write the feature columns of `pixels`, one image per row, to the rows of `out`, (m, n_features).

        Here as below: pixels may lie anywhere, features are written where the column lies.
        """
        self._extract(pixels, [out])

    def extract_both(self, pixels: NDArray[np.uint8], out: Array, mirrored: Array) -> None:
        """As `extract`, and write the feature columns of the mirror images to the rows of `mirrored`."""
        self._extract(pixels, [out, mirrored])

    def extract_looks(
        self, pixels: NDArray[np.uint8], looks: Array, *, mirrored: bool, is_first_known: bool = False
    ) -> None:
        """Write the feature columns of all looks at `pixels`, the whole first, to `looks`, (n_looks, m, n_features).

        Each is followed by that of its mirror image, if these are wanted. One look is at the whole; where that column
        is known, it is left out.
        """
        images, n = self._images(pixels), 2 if mirrored else 1
        if not is_first_known:
            self._extract(images, list(looks[:n]))
        elif mirrored:
            self._extract_seen(self.whole(images)[:, :, ::-1].copy(), [looks[1]])
        if len(looks) == n or not self.parts:
            return
        for number, seen in enumerate(self.parts.parts_of(images), start=1):
            self._extract_seen(seen, list(looks[n * number : n * number + n]), is_part=True)
        entries, around = self.entries(), self.parts.around(images)
        for (members, _), of_parts in zip(self._units, self._units_of_parts, strict=True):
            if of_parts:
                of_parts.extract(around, [list(looks[n:, :, entries[i]]) for i in members], mirrored=mirrored)

    def whole(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Whole images as the blocks see them, (m, height, width, channels)."""
        images = self._images(pixels)
        return self.parts.whole(images) if self.parts else images

    def _images(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images given as rows, where the column lies, (m, height, width, channels)."""
        return np.asarray(pixels, like=self.like).reshape(-1, *self.shape)

    def _extract(self, pixels: NDArray[np.uint8], looks: list[Array]) -> None:
        self._extract_seen(self.whole(pixels), looks)

    def _extract_seen(self, images: NDArray[np.uint8], looks: list[Array], *, is_part: bool = False) -> None:
        """Write features to one or both `looks`; of a part only what is not computed for all parts together."""
        entries = self.entries()
        for (members, unit), of_parts in zip(self._units, self._units_of_parts, strict=True):
            if not (is_part and of_parts):
                its = [[look[:, entries[i]] for look in looks] for i in members]
                unit.extract(images, its, mirrored=len(looks) == 2)

    def entries(self) -> list[slice]:
        """Which entries of the column each block fills."""
        ends = np.cumsum([block.n_features for block in self.blocks]).tolist()
        return [slice(end - block.n_features, end) for end, block in zip(ends, self.blocks, strict=True)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that was learned, by names such as `features2.matrix`, which is of the second block."""
        return {
            f"features{i}.{name}": array
            for i, block in enumerate(self.blocks, start=1)
            for name, array in block.arrays().items()
        }

    @staticmethod
    def array_shapes(features: Features, shape: Shape, names: Container[str] = ()) -> dict[str, tuple[int, ...]]:
        """The shapes of `arrays`, for checking a file before anything is computed.

        Args:
            features: The settings of the blocks.
            shape: Of what they see.
            names: Of the arrays in the file, which may be an older one.
        """
        shapes: dict[str, tuple[int, ...]] = {}
        for i, settings in enumerate(features, start=1):
            block = block_class(settings.kind)
            its = block.array_shapes(settings, shape)
            if older := getattr(block, "older_array_shapes", None):
                before = older(settings, shape)
                its = before if all(f"features{i}.{name}" in names for name in before) else its
            shapes |= {f"features{i}.{name}": array_shape for name, array_shape in its.items()}
        return shapes

    @classmethod
    def from_arrays(
        cls,
        features: Features,
        shape: Shape,
        arrays: Mapping[str, NDArray[Any]],
        looks: str = "whole",
        like: NDArray[Any] = HOST,
    ) -> FeatureColumn:
        """The column that gave `arrays`, which have the right names and shapes; they are brought to where `like` is."""
        blocks, seen = [], seen_shape(shape, looks)
        for i, settings in enumerate(features, start=1):
            prefix = f"features{i}."
            own = {
                name.removeprefix(prefix): np.asarray(array, like=like)
                for name, array in arrays.items()
                if name.startswith(prefix)
            }
            blocks.append(block_class(settings.kind)(settings, seen, **own))
        return cls(features, shape, blocks, looks, like)


def _crops_of(shape: Shape, looks: str) -> Crops | None:
    """Crops, if there are any; imported here because few columns have them."""
    if looks == "whole":
        return None
    from nncli.features.looks import crops_of

    return crops_of(shape, looks)


def _units(blocks: list[FittedBlock], shape: Shape) -> list[tuple[list[int], Unit]]:
    """Which blocks are computed together, and by what; imported here because only they need the code."""
    units: list[tuple[list[int], Unit]] = []
    layers = [getattr(block, "layer", None) for block in blocks]
    for cut in dict.fromkeys(layer.cut for layer in layers if layer):
        from nncli.features.shared_patches import SharedPatches

        members = [i for i, layer in enumerate(layers) if layer and layer.cut == cut]
        users: list[Any] = [blocks[i] for i in members]
        units.append((members, SharedPatches(users, shape)))
    return units + [([i], Alone(blocks[i])) for i, layer in enumerate(layers) if layer is None]
