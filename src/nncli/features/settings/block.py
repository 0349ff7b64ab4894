"""Interface of every block's settings: settings with limits, a length, a cost."""

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

MOST_ANSWERS = 1 << 25
"""Numbers computed for one image at a time: 128 MB."""

Shape = tuple[int, int, int]
"""Height, width and channels of an image."""


@dataclass(frozen=True)
class Block:
    """Settings of one block of the feature column.

    Raises:
        ValueError: A setting has the wrong type or is out of range.
    """

    kind: ClassVar[str]

    names_file: ClassVar[bool] = False
    """Whether a setting is a path, and some are left to that file: see `located`."""

    def __init_subclass__(cls) -> None:
        """DeepPatches is what the config and the model file call deep_patches."""
        cls.kind = re.sub("(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    def __post_init__(self) -> None:
        if not fields(self):  # a prediction from pixels starts faster without the next line
            return
        from nncli.option import options_of

        for option in options_of(type(self)):
            value = getattr(self, option.key)
            if not option.kind.accepts(value):
                raise ValueError(f"{self.kind}.{option.key} is {value!r}, not {option.kind.wanted}")

    def n_features(self, shape: Shape) -> int:
        """Entries of the feature column that the block fills for images of `shape`."""
        raise NotImplementedError

    def misfit(self, shape: Shape) -> str | None:  # noqa: ARG002 - most blocks fit every image
        """Why the block cannot be used for images of `shape`, None if it can."""
        return None

    def wanted_format(self) -> dict[str, Any]:
        """Options of the images, by key, that a block wants where they are not written."""
        return {}

    def flops(self, shape: Shape) -> int:
        """Floating-point operations for an image of `shape`, about: of its features."""
        return 10 * self.n_features(shape)

    def to_dict(self) -> dict[str, Any]:
        """The kind and every setting, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}

    def __str__(self) -> str:
        written = [f"{name} {value:g}" for name, value in asdict(self).items()]
        return f"{self.kind} ({', '.join(written)})" if written else self.kind
