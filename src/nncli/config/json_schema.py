"""The options for editors (JSON Schema, draft-07) and for the documentation's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from nncli.config.options import OPTIONS, SECTIONS, Recipe
from nncli.config.recipes import known_before, likely_defaults
from nncli.config.validation import why_ignored
from nncli.config.writing import yaml_value
from nncli.features.settings import Block
from nncli.option import REQUIRED, Only, Option, either

if TYPE_CHECKING:
    from collections.abc import Iterator


PLAIN = "plain"

SNIPPETS = [
    {
        "label": "photos, all chosen for them",
        "description": "one folder of images per class; the recipe looks at them",
        "body": {"data": {"path": "${1:photos}"}, "training": {"recipe": "auto", "effort": "quick"}},
    },
    {
        "label": "a network on pixels, every size written",
        "description": "small gray images, one hidden layer",
        "body": {
            "data": {"path": "${1:digits}", "image_size": [28, 28], "color": "grayscale"},
            "network": {"layer_dims": ["auto", 64, "auto"]},
            "training": {"epochs": 30, "learning_rate": 0.001},
        },
    },
]
"""Whole configs that an editor offers in an empty file."""


class ReferenceRow(NamedTuple):
    """Row of the documentation's table for one option."""

    key: str
    type: str
    default: str
    doc: str


def reference_rows() -> Iterator[ReferenceRow]:
    """A row for each option, in order; the default is "required" where there is none."""
    for option in OPTIONS.values():
        default = "required" if option.default is REQUIRED else yaml_value(option.default)
        wanted = option.kind.wanted.removeprefix("an ").removeprefix("a ").removeprefix("the ")
        yield ReferenceRow(option.key, wanted, default, description(option))


def description(option: Option) -> str:
    """Meaning of an option and when it counts."""
    only = f"; only with {option.only.selector} {either(option.only.values)}" if option.only else ""
    return option.doc + only


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft-07) of a config file; no key that it does not know is allowed."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "nncli config",
        "type": "object",
        "additionalProperties": False,
        "required": [section for section in SECTIONS if _required(section)],
        "properties": {section: _section_schema(section) for section in SECTIONS},
        "allOf": [rule for option in OPTIONS.values() if option.only for rule in _rules(option, option.only)],
        "defaultSnippets": SNIPPETS,
    }


def _rules(option: Option, only: Only) -> Iterator[dict[str, Any]]:
    """If an option that counts with another setting only is written, then that setting has one of its values.

    A recipe has defaults of its own. With those under which the setting has such a value, or has none before images
    are seen, it need not be written.
    """
    section, _, name = option.key.partition(".")
    selectors, _, selector = only.selector_of(option.key).partition(".")
    is_written = _has(section, {name: {}})
    suits = {"properties": {selectors: {"properties": {selector: {"enum": list(only.values)}}}}}
    yield {"if": is_written, "then": suits}
    free = [recipe for recipe in get_args(Recipe) if _counts_by_default(option.key, recipe)]
    bound = [recipe for recipe in get_args(Recipe) if recipe not in free]
    lacks_default = _has("training", {"recipe": {"enum": bound}})
    if PLAIN in bound:  # which holds where no recipe is written
        lacks_default = {"not": _has("training", {"recipe": {"enum": free}})}
    if bound:
        yield {"if": {"allOf": [is_written, lacks_default]}, "then": _has(selectors, {selector: {}})}


def _counts_by_default(key: str, recipe: str) -> bool:
    """Whether an option is read under a recipe where nothing else is written."""
    values = {each: option.default for each, option in OPTIONS.items()} | likely_defaults(recipe)
    return why_ignored(key, known_before(values | {"training.recipe": recipe}, {"training.recipe"})) is None


def _has(section: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of a config that writes these keys of a section, each as its own schema says."""
    written = {"type": "object", "required": list(properties), "properties": properties}
    return {"required": [section], "properties": {section: written}}


def _section_schema(section: str) -> dict[str, Any]:
    properties = {key.partition(".")[2]: _option_schema(OPTIONS[key]) for key in _keys(section)}
    required = _required(section)
    return {
        "description": SECTIONS[section].__doc__,
        "type": "object" if required else ["object", "null"],  # `training:` with nothing below it is null
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _option_schema(option: Option) -> dict[str, Any]:
    """An editor inserts defaults as it completes; one that counts with another setting only would be an error there."""
    about, default = description(option), {}
    if option.only:
        about += f"; then {yaml_value(option.default)} by default" if option.default is not REQUIRED else ""
    elif option.default is not REQUIRED:
        default = {"default": _as_json(option.default)}
    return {"description": about, **default, **option.kind.schema()}


def _as_json(value: Any) -> Any:
    if isinstance(value, Block):
        return value.kind
    return [_as_json(each) for each in value] if isinstance(value, tuple) else value


def _keys(section: str) -> list[str]:
    return [key for key in OPTIONS if key.startswith(f"{section}.")]


def _required(section: str) -> list[str]:
    return [key.partition(".")[2] for key in _keys(section) if OPTIONS[key].default is REQUIRED]
