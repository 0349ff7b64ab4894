"""The options that are more than one value: the size of images, the sizes of layers, a weight for each class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nncli.config.nodes import Mapping, Node, Scalar, Sequence
from nncli.config.values import read, read_all, wrong
from nncli.option import Integer, Number, either

CHOSEN = ("auto", "auto", "auto")
"""Layer sizes that are all to be chosen."""

SIDE = Integer(1, 4096)
WEIGHT = Number(above=0)
LEVEL = Number(minimum=-(2**32), maximum=2**32)
RANGES = ("auto", "full")
BACKGROUNDS = ("auto", "white", "black")
COLOR = re.compile("#[0-9A-Fa-f]{6}")


@dataclass(frozen=True)
class ImageSize:
    """Height and width in pixels, or one integer for a square."""

    wanted: str = "[height, width] or one integer"

    def read(self, key: str, node: Node) -> tuple[int, int]:
        """Height, width."""
        if isinstance(node, Sequence) and len(node.items) == 2:
            height, width = read_all((f"{key}[{i}]", SIDE, item) for i, item in enumerate(node.items))
            return height, width
        if isinstance(node, Scalar) and type(node.value) is int:
            side = read(SIDE, key, node)
            return side, side
        raise wrong(key, self.wanted, node)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        side = SIDE.schema()
        return {"anyOf": [{"type": "array", "items": side, "minItems": 2, "maxItems": 2}, side]}


@dataclass(frozen=True)
class LayerDims:
    """The sizes n_0 ... n_L; the first and the last may be left open, or all of them."""

    wanted: str = "auto or a list of two or more layer sizes, such as [auto, 64, auto]"

    def read(self, key: str, node: Node) -> tuple[int | str, ...]:
        """The sizes, with the word auto where the data decide."""
        if isinstance(node, Scalar) and node.value == "auto":
            return CHOSEN
        if not isinstance(node, Sequence) or len(node.items) < 2:
            raise wrong(key, self.wanted, node)
        ends = Integer(1, words=("auto",))
        kinds = [ends] + [Integer(1)] * (len(node.items) - 2) + [ends]
        return tuple(read_all((f"{key}[{i}]", kinds[i], item) for i, item in enumerate(node.items)))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        sizes = {"type": "array", "minItems": 2, "items": Integer(1, words=("auto",)).schema()}
        return {"anyOf": [sizes, {"enum": ["auto"]}]}


@dataclass(frozen=True)
class ValueRange:
    """Two numbers, the smaller one first, or one of two words."""

    wanted: str = "auto, full or [low, high]"

    def read(self, key: str, node: Node) -> str | tuple[float, float]:
        """The word, or the numbers."""
        if isinstance(node, Scalar) and node.value in RANGES:
            return str(node.value)
        if isinstance(node, Sequence) and len(node.items) == 2:
            low, high = read_all((f"{key}[{i}]", LEVEL, item) for i, item in enumerate(node.items))
            return low, high
        raise wrong(key, self.wanted, node, RANGES)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {
            "anyOf": [{"enum": list(RANGES)}, {"type": "array", "items": LEVEL.schema(), "minItems": 2, "maxItems": 2}]
        }


@dataclass(frozen=True)
class Background:
    """A color: one of a few words, or six hexadecimal digits."""

    wanted: str = "auto, white, black or a color such as '#3366cc'"

    def read(self, key: str, node: Node) -> str:
        """The word, or the color in small letters."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            if node.value in BACKGROUNDS:
                return node.value
            if COLOR.fullmatch(node.value):
                return node.value.lower()
        raise wrong(key, self.wanted, node, BACKGROUNDS)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"anyOf": [{"enum": list(BACKGROUNDS)}, {"type": "string", "pattern": f"^{COLOR.pattern}$"}]}


@dataclass(frozen=True)
class ClassWeights:
    """One of several words, or a positive number for each class."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words, and what a mapping looks like."""
        return either([*self.words, "a mapping such as {cat: 1, dog: 2.5}"])

    def read(self, key: str, node: Node) -> str | dict[str, float]:
        """The word, or class name -> weight."""
        if isinstance(node, Mapping):
            weights = read_all((f"{key}.{name}", WEIGHT, entry.node) for name, entry in node.entries.items())
            return dict(zip(node.entries, weights, strict=True))
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        raise wrong(key, self.wanted, node, self.words)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        weights = {"type": "object", "additionalProperties": WEIGHT.schema()}
        return {"anyOf": [{"enum": list(self.words)}, weights]}
