"""The options for editors (JSON Schema, draft-07) and for the documentation's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from nncli.config.options import OPTIONS, SECTIONS
from nncli.config.writing import yaml_value
from nncli.features.settings import Block
from nncli.option import REQUIRED, Option, either

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    }


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
