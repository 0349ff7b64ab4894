"""What the feature column of an image can be made of, and how long it gets. No image and no NumPy here.

    pixels            the values themselves
    patches           how strongly small learned patterns answer in each part of the image
    deep_patches      what these patterns form together
    hog               which way the edges run in each part of the image
    color_histogram   how much there is of each color
    pca               the image in as few numbers as its likeness to the others allows

The config reads these settings, the model file keeps them, `nncli.features` computes with them.
"""

# No `from __future__ import annotations` here: the annotations are read at run time, as the limits of each setting.

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, ClassVar, NamedTuple, TypeAlias, get_args

MOST_ANSWERS = 1 << 25
"""Numbers computed for one image at a time: 128 MB."""

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


class Range(NamedTuple):
    """Smallest and largest value."""

    minimum: float
    maximum: float


class Setting(NamedTuple):
    """What is known about a setting of a block."""

    name: str
    default: int | float
    limits: Range
    doc: str

    @property
    def is_whole(self) -> bool:
        """Whether only integers will do."""
        return isinstance(self.default, int)


def settings_of(cls: "type[Block]") -> list[Setting]:
    """The settings of a kind of block, in order."""
    return [Setting(each.name, getattr(cls, each.name), *get_args(each.type)[1:]) for each in fields(cls)]


@dataclass(frozen=True)
class Block:
    """Settings of one block of the feature column.

    Raises:
        ValueError: A setting has the wrong type or is out of range.
    """

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        for setting in settings_of(type(self)):
            value = getattr(self, setting.name)
            types = (int,) if setting.is_whole else (int, float)
            if type(value) not in types or not setting.limits.minimum <= value <= setting.limits.maximum:
                low, high = setting.limits
                raise ValueError(f"{self.kind}.{setting.name} is {value!r}, not a number from {low:g} to {high:g}")

    def n_features(self, shape: Shape) -> int:
        """Entries of the feature column that the block fills for images of `shape`."""
        raise NotImplementedError

    def misfit(self, shape: Shape) -> str | None:  # noqa: ARG002 - most blocks fit every image
        """Why the block cannot be used for images of `shape`, None if it can."""
        return None

    def flops(self, shape: Shape) -> int:
        """Floating-point operations for an image of `shape`, about: of its features."""
        return 10 * self.n_features(shape)

    def to_dict(self) -> dict[str, Any]:
        """The kind and every setting, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}

    def __str__(self) -> str:
        written = [f"{name} {value:g}" for name, value in asdict(self).items()]
        return f"{self.kind} ({', '.join(written)})" if written else self.kind


@dataclass(frozen=True)
class Pixels(Block):
    """The pixel values themselves."""

    kind = "pixels"

    def n_features(self, shape: Shape) -> int:
        """One for each value of the image."""
        return shape[0] * shape[1] * shape[2]


@dataclass(frozen=True)
class Patches(Block):
    """How strongly learned patches answer, averaged over the cells of a grid."""

    kind = "patches"

    size: Annotated[int, Range(2, 32), "height and width of a patch in pixels"] = 6
    count: Annotated[int, Range(1, 8192), "patches to learn"] = 128
    grid: Annotated[int, Range(1, 16), "answers are averaged in grid * grid cells"] = 3
    stride: Annotated[int, Range(1, 32), "pixels from one place of a patch to the next"] = 1
    contrast: Annotated[float, Range(0, 1), "what is added to a patch's variance: flat patches stay faint"] = 0.001
    threshold: Annotated[float, Range(0, 10), "answers below it count as none"] = 0.25

    def positions(self, shape: Shape) -> tuple[int, int]:
        """Places of a patch in an image, down and across."""
        return (shape[0] - self.size) // self.stride + 1, (shape[1] - self.size) // self.stride + 1

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """Two for each patch in each cell: the answers above the threshold, and those below minus the threshold."""
        return 2 * self.count * self.grid**2

    def flops(self, shape: Shape) -> int:
        """A product of all places with all patches, and another one for the average over the cells."""
        down, across = self.positions(shape)
        return 2 * down * across * self.count * (self.size**2 * shape[2] + 1 + 2 * self.grid**2)

    def misfit(self, shape: Shape) -> str | None:
        """A patch must fit into the image, and each cell needs a place of its own."""
        if min(shape[:2]) < self.size:
            return f"patches of size {self.size} do not fit into {shape[0]}x{shape[1]} images"
        down, across = self.positions(shape)
        if down * across * max(self.size**2 * shape[2] + 1, self.count, self.grid**2) > MOST_ANSWERS:
            return f"patches at {down * across:,} places of {shape[0]}x{shape[1]} images: a larger stride is needed"
        if min(self.positions(shape)) < self.grid:
            return f"a grid of {self.grid} needs more places for a patch than {shape[0]}x{shape[1]} images have"
        return None


@dataclass(frozen=True)
class DeepPatches(Block):
    """How strongly learned patterns of learned patches answer, averaged over the cells of a grid."""

    kind = "deep_patches"

    size: Annotated[int, Range(2, 32), "height and width of a patch in pixels"] = 6
    count: Annotated[int, Range(1, 1024), "patches to learn"] = 64
    stride: Annotated[int, Range(1, 32), "pixels from one place of a patch to the next"] = 1
    pool: Annotated[int, Range(1, 32), "answers are averaged over pool * pool places, half of which overlap"] = 4
    deep_size: Annotated[int, Range(1, 16), "height and width of a pattern of patches, in such squares"] = 3
    deep_count: Annotated[int, Range(1, 8192), "patterns to learn"] = 256
    grid: Annotated[int, Range(1, 16), "answers are averaged in grid * grid cells"] = 3
    contrast: Annotated[float, Range(0, 1), "what is added to a patch's variance: flat patches stay faint"] = 0.001
    threshold: Annotated[float, Range(0, 10), "answers of patches below it count as none"] = 0.25
    deep_threshold: Annotated[float, Range(0, 10), "answers of patterns below it count as none"] = 0.5

    def map_shape(self, shape: Shape) -> tuple[int, int]:
        """Squares that the answers of an image are averaged over, down and across."""
        step = max(self.pool // 2, 1)
        down, across = (((side - self.size) // self.stride + 1 - self.pool) // step + 1 for side in shape[:2])
        return down, across

    def deep_positions(self, shape: Shape) -> tuple[int, int]:
        """Places of a pattern of patches, down and across."""
        down, across = self.map_shape(shape)
        return down - self.deep_size + 1, across - self.deep_size + 1

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """Two for each pattern in each cell, as for patches."""
        return 2 * self.deep_count * self.grid**2

    def flops(self, shape: Shape) -> int:
        """Two products: places with patches, and places of the map with patterns."""
        places = math.prod((side - self.size) // self.stride + 1 for side in shape[:2])
        first = 2 * places * self.count * (self.size**2 * shape[2] + 1)
        n_in = self.deep_size**2 * 2 * self.count + 1
        return first + 2 * math.prod(self.deep_positions(shape)) * self.deep_count * (n_in + 2 * self.grid**2)

    def misfit(self, shape: Shape) -> str | None:
        """A patch must fit into the image, a pattern into the map, and each cell needs a place of its own."""
        if min(shape[:2]) < self.size:
            return f"patches of size {self.size} do not fit into {shape[0]}x{shape[1]} images"
        if min(self.deep_positions(shape)) < self.grid:
            return f"patterns of {self.deep_size} squares and a grid of {self.grid} need larger images, or less pooling"
        places = math.prod((side - self.size) // self.stride + 1 for side in shape[:2])
        n_in = self.deep_size**2 * 2 * self.count + 1
        most = max(
            places * max(self.size**2 * shape[2] + 1, 2 * self.count),
            math.prod(self.deep_positions(shape)) * max(n_in, self.deep_count, self.grid**2),
        )
        if most > MOST_ANSWERS:
            return f"patches at {places:,} places of {shape[0]}x{shape[1]} images: a larger stride or pool is needed"
        return None


@dataclass(frozen=True)
class Hog(Block):
    """Histograms of oriented gradients."""

    kind = "hog"

    cell: Annotated[int, Range(2, 64), "height and width of a cell in pixels"] = 8
    bins: Annotated[int, Range(2, 36), "directions told apart, over half a turn"] = 9

    def n_features(self, shape: Shape) -> int:
        """The four histograms of each block of 2 * 2 cells."""
        return (shape[0] // self.cell - 1) * (shape[1] // self.cell - 1) * 4 * self.bins

    def misfit(self, shape: Shape) -> str | None:
        """There must be a block of 2 * 2 cells."""
        if min(shape[:2]) < 2 * self.cell:
            return f"hog cells of {self.cell} pixels need images of at least {2 * self.cell}x{2 * self.cell}"
        return None


@dataclass(frozen=True)
class ColorHistogram(Block):
    """How much of each color there is in each cell of a grid."""

    kind = "color_histogram"

    bins: Annotated[int, Range(2, 16), "levels of each of red, green and blue that are told apart"] = 6
    grid: Annotated[int, Range(1, 16), "one histogram for each of grid * grid cells"] = 1

    def n_features(self, shape: Shape) -> int:
        """One for each combination of levels in each cell."""
        return int(self.bins ** shape[2]) * self.grid**2

    def misfit(self, shape: Shape) -> str | None:
        """Every cell needs a pixel."""
        if min(shape[:2]) < self.grid:
            return f"a grid of {self.grid} is finer than {shape[0]}x{shape[1]} images"
        return None


@dataclass(frozen=True)
class Pca(Block):
    """The image's coordinates along the directions in which the training images differ most."""

    kind = "pca"

    components: Annotated[int, Range(1, 4096), "directions"] = 64

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """One for each direction."""
        return self.components

    def misfit(self, shape: Shape) -> str | None:
        """There are no more directions than values."""
        if self.components > shape[0] * shape[1] * shape[2]:
            return f"{self.components} components are more than the {shape[0] * shape[1] * shape[2]} values of an image"
        return None


Features: TypeAlias = tuple[Block, ...]

BLOCKS: dict[str, type[Block]] = {cls.kind: cls for cls in (Pixels, Patches, DeepPatches, Hog, ColorHistogram, Pca)}
"""Every kind of block by its word in the config."""

PIXELS: Features = (Pixels(),)
"""What a feature column is made of unless something else is asked for."""

MOST_FEATURES = 1_000_000
"""Longest feature column, unless the image itself is longer: beyond it are only typing errors."""


def n_features(features: Features, shape: Shape) -> int:
    """Length of the feature column, n_0, for images of `shape`."""
    return sum(block.n_features(shape) for block in features)


def misfit(features: Features, shape: Shape) -> str | None:
    """Why the blocks together are too much for images of `shape`, None if they are not."""
    most = max(MOST_FEATURES, shape[0] * shape[1] * shape[2])
    return f"more than {most:,} features for each image" if n_features(features, shape) > most else None


def features_from_list(values: object) -> Features:
    """The blocks that a list of `Block.to_dict` describes; `values` may come from anyone.

    Raises:
        ValueError: It is no such list.
    """
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ValueError("features is not a list of blocks")
    blocks = []
    for value in values:
        kind = value.get("kind") if isinstance(value, dict) else None
        cls = BLOCKS.get(kind) if isinstance(kind, str) else None
        if cls is None:
            raise ValueError(f"features has an unknown block {kind!r}")
        settings = {name: each for name, each in value.items() if name != "kind"}
        if set(settings) != {field.name for field in fields(cls)}:
            raise ValueError(f"the block {kind} does not have the settings that it should")
        blocks.append(cls(**settings))
    return tuple(blocks)
