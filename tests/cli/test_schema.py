"""``nncli schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest

from nncli.config import json_schema

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

CONFIGS = Path(__file__).parents[2] / "configs"


def test_it_prints_the_schema_of_a_config(nncli: Runner) -> None:
    """Valid draft-07, on stdout alone."""
    result = nncli("schema")
    assert (0, "") == (result.code, result.err)
    schema = json.loads(result.out)
    jsonschema.Draft7Validator.check_schema(schema)
    assert json_schema() == schema


@pytest.mark.parametrize("path", sorted(CONFIGS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_editors_find_the_schema_of_the_configs(path: Path) -> None:
    """The first line of each points to the file that the project keeps."""
    first = path.read_text(encoding="utf-8").splitlines()[0]
    target = first.removeprefix("# yaml-language-server: $schema=")
    assert CONFIGS / "schema.json" == (path.parent / target).resolve()


def test_the_schema_of_the_configs_is_the_one_that_is_printed() -> None:
    """To make it again: nncli schema > configs/schema.json."""
    assert json_schema() == json.loads((CONFIGS / "schema.json").read_text(encoding="utf-8"))
