"""``nncli schema``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import jsonschema

from nncli.config import json_schema

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


def test_it_prints_the_schema_of_a_config(nncli: Runner) -> None:
    """Valid draft-07, on stdout alone."""
    result = nncli("schema")
    assert (0, "") == (result.code, result.err)
    schema = json.loads(result.out)
    jsonschema.Draft7Validator.check_schema(schema)
    assert json_schema() == schema
