"""Format of every image before the network sees it: one size, one color mode, one way to get there.

    n_0 = height * width * channels

The config fixes the format, the model file stores it and prediction uses it again: what training saw is what prediction
sees.
"""

from __future__ import annotations

from dataclasses import MISSING, asdict, dataclass, fields

CHANNELS = {"rgb": 3, "grayscale": 1}
RESIZE_MODES = ("stretch", "pad", "crop")

MAX_SIDE = 4096
"""Largest height or width in pixels: a model file cannot ask for more than 50 MB per image."""

MAX_PIXELS = 110_000_000
"""Largest image decoded, unless told otherwise: photos of 108-megapixel phones pass."""

MOST_PIXELS = 170_000_000
"""Largest that can be asked for: at 12 bytes each, the most that any color mode takes, they fit into 2 GiB."""

IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".mpo"),
)
"""Endings, in lower case, of the files that a folder is searched for. What a file is, its content decides."""


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

    Raises:
        ValueError: A field has the wrong type or is out of range.
    """

    height: int
    width: int
    color: str
    resize: str
    max_pixels: int = MAX_PIXELS

    def __post_init__(self) -> None:
        for name, side in (("height", self.height), ("width", self.width)):
            if type(side) is not int or not 1 <= side <= MAX_SIDE:  # a bool is an int to isinstance
                raise ValueError(f"image {name} is {side!r}, not a whole number from 1 to {MAX_SIDE}")
        if type(self.max_pixels) is not int or not 1 <= self.max_pixels <= MOST_PIXELS:
            raise ValueError(f"image max_pixels is {self.max_pixels!r}, not a whole number from 1 to {MOST_PIXELS}")
        for name, value, choices in (("color", self.color, CHANNELS), ("resize", self.resize, RESIZE_MODES)):
            if not isinstance(value, str) or value not in choices:
                raise ValueError(f"image {name} is {value!r}, not one of {', '.join(choices)}")

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
        return f"{self.height}x{self.width} {self.color}"

    def to_dict(self) -> dict[str, int | str]:
        """The fields by name, ready for JSON; `max_pixels` only where it is another than everywhere."""
        values = asdict(self)
        if self.max_pixels == MAX_PIXELS:
            del values["max_pixels"]
        return values

    @classmethod
    def from_dict(cls, values: object) -> ImageFormat:
        """The format that `to_dict` described; `values` may come from anyone.

        Raises:
            ValueError: `values` is not a dict with the four fields and perhaps `max_pixels`, each of the right type and
                in range.
        """
        names = [field.name for field in fields(cls) if field.default is MISSING]
        if not isinstance(values, dict) or set(values) - {"max_pixels"} != set(names):
            raise ValueError(f"the image format must have exactly the keys {', '.join(names)}")
        return cls(**values)
