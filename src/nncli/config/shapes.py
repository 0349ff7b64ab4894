"""The options that are more than one value: the size of images, of layers, class weights, splits, columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nncli.config.nodes import Mapping, Node, Scalar, Sequence
from nncli.config.values import read, read_all, wrong
from nncli.option import Integer, Number, Text, either

CHOSEN = ("auto", "auto", "auto")
"""Layer sizes that are all to be chosen."""

SIDE = Integer(1, 4096)
WEIGHT = Number(above=0)
NAME = Text("the name of a column")
SIDES = ("top", "bottom", "left", "right")
CUT = Number(minimum=0, maximum=100_000)
OFFSET = Number(minimum=-1e9, maximum=1e9)
FOLDER = Text("the name of a folder")
COLUMN_NUMBER = Integer(1)

SPLIT_KEYS = ("all", "train", "val", "test", "ignore")
COLUMN_KEYS = ("path", "label", "split", "group", "order")
SEPARATOR = Text("what stands between labels, such as ';', or blank")
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


@dataclass(frozen=True)
class Splits:
    """One of several words, or the folders of each split."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words, and what a mapping looks like."""
        return either([*self.words, "a mapping such as {train: [a, b], test: [c], ignore: [d]}"])

    def read(self, key: str, node: Node) -> str | dict[str, tuple[str, ...]]:
        """The word, or split -> folders."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        if not isinstance(node, Mapping) or not set(node.entries) <= set(SPLIT_KEYS):
            raise wrong(key, self.wanted, node, self.words)
        return {name: _texts(f"{key}.{name}", FOLDER, entry.node) for name, entry in node.entries.items()}

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        folders = {"anyOf": [{"type": "array", "items": FOLDER.schema()}, FOLDER.schema()]}
        splits = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(SPLIT_KEYS, folders)}
        return {"anyOf": [{"enum": list(self.words)}, splits]}


@dataclass(frozen=True)
class Crop:
    """Amounts cut off at the sides, by their names: a share of the height or width below 1, else pixels; or null."""

    wanted: str = "null or a mapping such as {top: 0.35, bottom: 20}"

    def read(self, key: str, node: Node) -> dict[str, float] | None:
        """Side -> amount, of those that are cut."""
        if isinstance(node, Scalar) and node.value is None:
            return None
        if not isinstance(node, Mapping) or not set(node.entries) <= set(SIDES):
            raise wrong(key, f"{self.wanted}, with keys of {either(SIDES)}", node)
        amounts = read_all((f"{key}.{name}", CUT, entry.node) for name, entry in node.entries.items())
        found = dict(zip(node.entries, amounts, strict=True))
        for pair in (SIDES[:2], SIDES[2:]):
            shares = [found.get(side, 0.0) for side in pair]
            if max(shares) < 1 <= sum(shares):
                raise wrong(key, "shares that leave something of the picture", node)
        return found

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        sides = {"type": "object", "additionalProperties": False, "properties": dict.fromkeys(SIDES, CUT.schema())}
        return {"anyOf": [sides, {"type": "null"}]}


@dataclass(frozen=True)
class MirrorTargets:
    """One of two words, or the names of the numbers whose sign turns in the mirror."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words, and what a list looks like."""
        return either([*self.words, "a list of columns such as [steering]"])

    def read(self, key: str, node: Node) -> str | tuple[str, ...]:
        """The word, or the names."""
        if isinstance(node, Sequence) and node.items and all(isinstance(item, Scalar) for item in node.items):
            return _texts(key, NAME, node)
        if isinstance(node, Scalar) and node.value in self.words:
            return str(node.value)
        raise wrong(key, self.wanted, node, self.words)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"anyOf": [{"enum": list(self.words)}, {"type": "array", "items": NAME.schema(), "minItems": 1}]}


@dataclass(frozen=True)
class SideCameras:
    """Null, or a number for each column of pictures."""

    wanted: str = "null or a mapping such as {left: 0.2, right: -0.2}"

    def read(self, key: str, node: Node) -> dict[str, float] | None:
        """Column -> what is added to the target."""
        if isinstance(node, Scalar) and node.value is None:
            return None
        if not isinstance(node, Mapping):
            raise wrong(key, self.wanted, node)
        offsets = read_all((f"{key}.{name}", OFFSET, entry.node) for name, entry in node.entries.items())
        return dict(zip(node.entries, offsets, strict=True))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"anyOf": [{"type": "object", "additionalProperties": OFFSET.schema()}, {"type": "null"}]}


@dataclass(frozen=True)
class Columns:
    """A word, or the column for each purpose: its name, its number, or names of columns of 0 and 1."""

    words: tuple[str, ...]

    @property
    def wanted(self) -> str:
        """The words, and what a mapping looks like."""
        return either([*self.words, "a mapping such as {path: file, label: kind}"])

    def read(self, key: str, node: Node) -> str | dict[str, Any]:
        """The word, or purpose -> column."""
        if isinstance(node, Scalar) and isinstance(node.value, str) and node.value in self.words:
            return node.value
        keys = (*COLUMN_KEYS, "separator")
        if not isinstance(node, Mapping) or not set(node.entries) <= set(keys):
            raise wrong(key, f"{self.wanted}, with keys of {either(keys)}", node, self.words)
        return {name: self._column(f"{key}.{name}", entry.node) for name, entry in node.entries.items()}

    @staticmethod
    def _column(key: str, node: Node) -> Any:
        if key.endswith(".separator"):
            return read(SEPARATOR, key, node)
        if isinstance(node, Sequence):
            return _texts(key, NAME, node)
        is_number = isinstance(node, Scalar) and type(node.value) is int
        return read(COLUMN_NUMBER if is_number else NAME, key, node)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        column = {"anyOf": [NAME.schema(), COLUMN_NUMBER.schema(), {"type": "array", "items": NAME.schema()}]}
        properties = dict.fromkeys(COLUMN_KEYS, column) | {"separator": SEPARATOR.schema()}
        columns = {"type": "object", "additionalProperties": False, "properties": properties}
        return {"anyOf": [{"enum": list(self.words)}, columns]}


def _texts(key: str, kind: Text, node: Node) -> tuple[str, ...]:
    """A list of texts, or one."""
    if isinstance(node, Sequence):
        return tuple(read_all((f"{key}[{i}]", kind, item) for i, item in enumerate(node.items)))
    return (read(kind, key, node),)


@dataclass(frozen=True)
class TextOrNull:
    """Text, or null."""

    what: str

    @property
    def wanted(self) -> str:
        """The text, or null."""
        return f"{self.what} or null"

    def read(self, key: str, node: Node) -> str | None:
        """The text."""
        if isinstance(node, Scalar) and node.value is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str) and Text().accepts(node.value):
            return node.value
        raise wrong(key, self.wanted, node)

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"anyOf": [Text().schema(), {"type": "null"}]}
