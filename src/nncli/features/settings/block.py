"""What all blocks of the feature column have in common: settings with limits, a length, a cost."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the limits of each setting.

from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple, get_args

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
