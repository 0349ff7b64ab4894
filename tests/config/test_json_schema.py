"""The options for editors and for the documentation: the same as for the validator."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from nncli.config import json_schema, parse_config, reference_rows
from nncli.config.options import OPTIONS
from nncli.config.places import Source
from nncli.config.values import InvalidError, read
from nncli.config.writing import yaml_value
from nncli.config.yaml12 import parse
from nncli.errors import ConfigError
from nncli.option import REQUIRED, Option
from tests.config.files import SMALLEST, load
from tests.config.test_config_file import EVERYTHING

VALUES = [
    *(None, True, False, -1, 0, 1, 5, 64, 4096, 4097, 2**32 - 1, 2**32, 10**9, 10**9 + 1),
    *(-0.5, 0.0001, 0.5, 0.99, 1.5, 1e-8, 1e30),
    *("", " ", "x", "auto", "full", "none", "balanced", "rgb", "relu", "Relu", "adam", "step", "he", "loss", "float64"),
    *([], [1], [64, 64], [0, 64], [64, 64, 3], ["auto", "auto"], ["auto", 0, "auto"], ["auto", 64, "auto"], [12288, 1]),
    *({}, {"cat": 1}, {"cat": 0}, {"cat": "x"}, {"cat": 0.5, "dog": 2}),
]
"""Values of every kind, around every limit."""


def sections() -> dict[str, Any]:
    """The schema of each section."""
    properties: dict[str, Any] = json_schema()["properties"]
    return properties


def test_schema_is_valid() -> None:
    """It is itself what draft-07 allows."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft7Validator.check_schema(json_schema())
    assert "http://json-schema.org/draft-07/schema#" == json_schema()["$schema"]


def test_no_unknown_keys_at_any_level() -> None:
    """Every object lists its keys and allows no others."""
    assert json_schema()["additionalProperties"] is False
    assert [False] * 3 == [section["additionalProperties"] for section in sections().values()]
    assert ["data"] == json_schema()["required"]
    assert [["path"], [], []] == [section["required"] for section in sections().values()]


def test_every_option_is_described_with_its_default() -> None:
    """An editor can show what an option does and what it is if it is not written."""
    described = {
        f"{section}.{name}": each for section in sections() for name, each in sections()[section]["properties"].items()
    }
    assert list(OPTIONS) == list(described)
    for key, option in OPTIONS.items():
        assert option.doc in described[key]["description"]
        is_inserted = option.default is not REQUIRED and option.only is None
        assert is_inserted == ("default" in described[key])
        if option.only and option.default is not REQUIRED:
            assert f"; then {yaml_value(option.default)} by default" in described[key]["description"]
    assert [64, 64] == described["data.image_size"]["default"]
    assert described["training.gradient_clip_norm"]["default"] is None


def test_whole_config_fits_the_schema() -> None:
    """What we accept, and what we write, an editor accepts too."""
    jsonschema = pytest.importorskip("jsonschema")
    for text in (SMALLEST, load(SMALLEST).resolved_yaml(), load(EVERYTHING).resolved_yaml(), SMALLEST + "training:\n"):
        jsonschema.validate(yaml.safe_load(text), json_schema())


@pytest.mark.parametrize("key", OPTIONS)
def test_schema_and_validator_agree(key: str) -> None:
    """No value is right for an editor and wrong for us, or the other way round."""
    jsonschema = pytest.importorskip("jsonschema")
    section, _, name = key.partition(".")
    validator = jsonschema.Draft7Validator(sections()[section]["properties"][name])
    assert {repr(value): validator.is_valid(value) for value in VALUES} == {
        repr(value): is_accepted(OPTIONS[key], value) for value in VALUES
    }


def is_accepted(option: Option, value: object) -> bool:
    """Whether an option takes a value."""
    try:
        read(option.kind, option.key, parse(json.dumps(value), Source("x"), []))
    except InvalidError:
        return False
    return True


def test_reference_rows() -> None:
    """The documentation's table has every option, in order, with type and default in words."""
    rows = list(reference_rows())
    assert list(OPTIONS) == [row.key for row in rows]
    table = {row.key: row for row in rows}
    assert ("path of a folder or file", "required") == table["data.path"][1:3]
    assert ("integer of at least 1 or full", "64") == table["training.batch_size"][1:3]
    assert ("number above 0 or auto", "auto") == table["training.learning_rate"][1:3]
    assert (
        "momentum coefficient: decay of the velocity; only with optimizer momentum or nesterov"
        == table["training.momentum"].doc
    )


def test_a_config_of_all_that_an_editor_inserts_is_read() -> None:
    """The first suggestion for every key is its default: together they are a config without an error."""
    properties = json_schema()["properties"]
    written = {
        section: {
            key: option["default"] for key, option in properties[section]["properties"].items() if "default" in option
        }
        for section in properties
    }
    written["data"]["path"] = "."
    written["network"]["layer_dims"] = ["auto", "auto"]
    parse_config(json.dumps(written), Path("c.yaml"))


def tried() -> list[dict[str, dict[str, Any]]]:
    """For each key that counts with another setting only: alone, with recipes, with what suits it and what does not."""
    configs = []
    for option in (each for each in OPTIONS.values() if each.only):
        assert option.only
        selector = option.only.selector_of(option.key)
        words = OPTIONS[selector].kind.words
        refused = [word for word in words if word not in option.only.values]
        settings: list[dict[str, Any]] = [{}, {"training.recipe": "auto"}, {"training.recipe": "digits"}]
        settings += [{selector: option.only.values[-1]}, *({selector: word} for word in refused[:1])]
        for setting in settings:
            config: dict[str, dict[str, Any]] = {"data": {"path": "."}}
            for key, value in {option.key: option.default, **setting}.items():
                config.setdefault(key.partition(".")[0], {})[key.partition(".")[2]] = value
            configs.append(config)
    return configs


def test_schema_and_reader_agree_on_what_goes_together() -> None:
    """Of 75 little configs, an editor marks those that are refused, and no other."""
    jsonschema = pytest.importorskip("jsonschema")
    validator, configs = jsonschema.Draft7Validator(json_schema()), tried()
    assert len(configs) >= 55
    assert {json.dumps(config): _is_read(config) for config in configs} == {
        json.dumps(config): validator.is_valid(config) for config in configs
    }


def test_snippets_are_configs() -> None:
    """What an editor puts into an empty file is read as it stands."""
    for snippet in json_schema()["defaultSnippets"]:
        assert _is_read(snippet["body"])


def _is_read(config: dict[str, Any]) -> bool:
    try:
        parse_config(json.dumps(config), Path("c.yaml"))
    except ConfigError:
        return False
    return True
