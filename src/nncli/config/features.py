"""The option `data.features`: a list of blocks, each a word or a word with its settings.

features: [pixels]
features:
  - patches: {size: 6, count: 200}
  - color_histogram
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from nncli.config.places import Problem, shortened
from nncli.config.suggestions import nearest_word
from nncli.config.values import InvalidError, read_all, wrong
from nncli.features.settings import KINDS, Block, Features, settings_class
from nncli.option import REQUIRED, Option, either, options_of

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class FeatureBlock:
    """One block: a word, or a mapping of the word to settings."""

    @property
    def wanted(self) -> str:
        """The words, and how settings are written."""
        return either([*KINDS, "one of them with settings, such as patches: {count: 200}"])

    def read(self, key: str, node: Node) -> Block:
        """The block with all its settings."""
        entry = _only_entry(node)
        if entry is None:
            word, body = (node.value, None) if isinstance(node, Scalar) else (None, None)
        else:
            word, body = entry[0], entry[1].node
        if not isinstance(word, str) or word not in KINDS:
            if entry and isinstance(word, str):
                near = nearest_word(word, KINDS)
                hint = f"Did you mean '{near}'?" if near else f"There are {', '.join(KINDS)}"
                message = f"{key} has an unknown block '{shortened(word)}'. {hint}"
                raise InvalidError(Problem(entry[1].key_place, message))
            raise wrong(key, self.wanted, node, KINDS)
        cls = settings_class(word)
        settings = {option.key: option for option in options_of(cls)}
        if body is None or (isinstance(body, Scalar) and body.value is None):
            _refuse_missing(f"{key}.{word}", settings, (), node)
            return cls()
        if not isinstance(body, Mapping):
            raise wrong(f"{key}.{word}", "a mapping of settings", body)
        unknown = [
            Problem(entry.key_place, _unknown_setting(f"{key}.{word}", name, settings))
            for name, entry in body.entries.items()
            if name not in settings
        ]
        if unknown:
            raise InvalidError(*unknown)
        _refuse_missing(f"{key}.{word}", settings, body.entries, node)
        values = read_all((f"{key}.{word}.{name}", settings[name].kind, e.node) for name, e in body.entries.items())
        return cls(**dict(zip(body.entries, values, strict=True)))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        return {"anyOf": [{"enum": list(KINDS)}, *map(_block_schema, KINDS)]}


@dataclass(frozen=True)
class FeatureList:
    """Blocks of the feature column, or a single one."""

    @property
    def wanted(self) -> str:
        """The words of the blocks."""
        return f"a list of blocks: {either(KINDS)}"

    def read(self, key: str, node: Node) -> Features:
        """The blocks in order."""
        block = FeatureBlock()
        if isinstance(node, Scalar | Mapping) and not (isinstance(node, Scalar) and node.value is None):
            return (block.read(key, node),)
        if not isinstance(node, Sequence) or not node.items:
            raise wrong(key, self.wanted, node)
        return tuple(read_all((f"{key}[{i}]", block, item) for i, item in enumerate(node.items)))

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the value."""
        block = FeatureBlock().schema()
        return {"anyOf": [{"type": "array", "minItems": 1, "items": block}, *block["anyOf"]]}


def _only_entry(node: Node) -> tuple[str, Entry] | None:
    """The key and the entry of a mapping that has just one."""
    if isinstance(node, Mapping) and len(node.entries) == 1:
        return next(iter(node.entries.items()))
    return None


def _refuse_missing(block: str, settings: dict[str, Option], written: Collection[str], node: Node) -> None:
    """Refuse a block without a setting that has no default."""
    for name, option in settings.items():
        if option.default is REQUIRED and name not in written:
            raise InvalidError(Problem(node.place, f"{block}.{name} is missing: {option.kind.wanted}"))


def _unknown_setting(block: str, name: str, known: dict[str, Option]) -> str:
    near = nearest_word(name, known)
    hint = f"Did you mean '{near}'?" if near else f"It has {either(known)}" if known else "It has no settings"
    return f"unknown key '{block}.{shortened(name)}'. {hint}"


def _default(option: Option) -> dict[str, Any]:
    return {} if option.default is REQUIRED else {"default": option.default}


def _block_schema(kind: str) -> dict[str, Any]:
    cls = settings_class(kind)
    properties = {
        option.key: {"description": option.doc, **_default(option), **option.kind.schema()}
        for option in options_of(cls)
    }
    body = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [kind],
        "properties": {kind: {"description": cls.__doc__, **body}},
    }
