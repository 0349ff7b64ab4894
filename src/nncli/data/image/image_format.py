"""Format of every image before the network sees it: one size, one color mode, one way to get there.

    n_0 = height * width * channels

The config fixes the format, the model file stores it and prediction uses it again: what training saw is what prediction
sees.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

CHANNELS = {"rgb": 3, "grayscale": 1}
RESIZE_MODES = ("stretch", "pad", "crop")
PROFILES = ("ignore", "srgb")
NAMED_BACKGROUNDS = {"white": "#ffffff", "black": "#000000"}

MAX_SIDE = 4096
"""Largest height or width in pixels: a model file cannot ask for more than 50 MB per image."""

MAX_PIXELS = 110_000_000
"""Largest image decoded, unless told otherwise: photos of 108-megapixel phones pass."""

MOST_PIXELS = 170_000_000
"""Largest that can be asked for: at 12 bytes each, the most that any color mode takes, they fit into 2 GiB."""

MOST_VALUE = 2**32
"""Of a pixel."""

MOST_CROPPED = 1 << 20
"""Pixels."""

_COLOR = re.compile(r"white|black|#[0-9a-f]{6}")

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".mpo"),
)
"""Endings, in lower case, of the files that a folder is searched for. What a file is, its content decides."""

SEVERAL_SUFFIXES = (
    *(".gif", ".png", ".apng", ".webp", ".tif", ".tiff", ".avif", ".avifs"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
"""Endings of the files that may hold more than one picture."""


@dataclass(frozen=True)
class ImageFormat:
    """The shape and color mode of the network's input.

    Args:
        height: Rows of pixels.
        width: Pixels in a row.
        color: ``rgb`` or ``grayscale``.
        resize: What happens to another aspect ratio: ``stretch`` ignores it, ``pad`` adds black bars, ``crop`` keeps
            the center.
        max_pixels: Larger images are refused.
        background: What shows through transparent pixels: ``white``, ``black`` or ``#rrggbb``.
        profile: What an embedded color profile does: ``srgb`` converts the colors, ``ignore`` takes them as they are.
        value_range: The values that become black and white, for samples of more than 8 bits; None is all that they
            can hold.
        crop: What is cut off at top, bottom, left and right before resizing: below 1 a share of the side, else pixels;
            None cuts nothing.

    Raises:
        ValueError: A field has the wrong type or is out of range.
    """

    height: int
    width: int
    color: str
    resize: str
    max_pixels: int = MAX_PIXELS
    background: str = "white"
    profile: str = "ignore"
    value_range: tuple[float, float] | None = None
    crop: tuple[float, float, float, float] | None = None

    def __post_init__(self) -> None:
        for name, side in (("height", self.height), ("width", self.width)):
            if type(side) is not int or not 1 <= side <= MAX_SIDE:  # a bool is an int to isinstance
                raise ValueError(f"image {name} is {side!r}, not a whole number from 1 to {MAX_SIDE}")
        if type(self.max_pixels) is not int or not 1 <= self.max_pixels <= MOST_PIXELS:
            raise ValueError(f"image max_pixels is {self.max_pixels!r}, not a whole number from 1 to {MOST_PIXELS}")
        chosen = (
            ("color", self.color, CHANNELS),
            ("resize", self.resize, RESIZE_MODES),
            ("profile", self.profile, PROFILES),
        )
        for name, value, choices in chosen:
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"image {name} is {value!r}, not one of {', '.join(choices)}")
        if not isinstance(self.background, str) or not _COLOR.fullmatch(self.background):
            raise ValueError(f"image background is {self.background!r}, not white, black or #rrggbb")
        _check_range(self.value_range)
        _check_crop(self.crop)

    @property
    def background_color(self) -> str:
        """The background as ``#rrggbb``."""
        return NAMED_BACKGROUNDS.get(self.background, self.background)

    @property
    def channels(self) -> int:
        """Values per pixel: 3 or 1."""
        return CHANNELS[self.color]

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels."""
        return self.height, self.width, self.channels

    @property
    def n_features(self) -> int:
        """Values per image, n_0: the length of a feature column."""
        return self.height * self.width * self.channels

    def __str__(self) -> str:
        return f"{self.height}x{self.width} {self.color}{', cropped' * (self.crop is not None)}"

    def to_dict(self) -> dict[str, Any]:
        """The fields by name, ready for JSON; those with a default only where they are another than that."""
        defaults = {field.name: field.default for field in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value != defaults[name]
        }

    @classmethod
    def from_dict(cls, values: object) -> ImageFormat:
        """The format that `to_dict` described; `values` may come from anyone.

        Raises:
            ValueError: `values` is not a dict with the four fields and perhaps others, each of the right type and in
                range.
        """
        names = {field.name: field.default is MISSING for field in fields(cls)}
        needed = {name for name, is_needed in names.items() if is_needed}
        if not isinstance(values, dict) or not needed <= set(values) <= set(names):
            raise ValueError(
                f"the image format must have exactly the keys {', '.join(sorted(needed, key=[*names].index))}"
            )
        chosen: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**chosen)


def _check_range(chosen: object) -> None:
    if chosen is None:
        return
    is_pair = isinstance(chosen, tuple) and len(chosen) == 2 and all(type(each) in (int, float) for each in chosen)
    if not is_pair or not -MOST_VALUE <= chosen[0] < chosen[1] <= MOST_VALUE:  # type: ignore[index]
        raise ValueError(f"image value_range is {chosen!r}, not two numbers, the smaller one first")


def _check_crop(crop: object) -> None:
    if crop is None:
        return
    is_four = isinstance(crop, tuple) and len(crop) == 4 and all(type(each) in (int, float) for each in crop)
    if not is_four or not all(0 <= each <= MOST_CROPPED for each in crop):  # type: ignore[attr-defined]
        raise ValueError(f"image crop is {crop!r}, not four numbers from 0 on")
    for one, other in (crop[:2], crop[2:]):  # type: ignore[index]
        if one < 1 and other < 1 and one + other >= 1:
            raise ValueError(f"image crop is {crop!r}, which leaves nothing")
