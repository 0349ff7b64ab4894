"""`nncli schema`: the JSON Schema of a config."""

from __future__ import annotations

import json

import click


@click.command(short_help="Print the JSON Schema of a config.")
def command() -> None:
    """Print the JSON Schema of a config, for editors that complete and check YAML.

    \b
    Example:
      nncli schema > nncli.schema.json

    \b
    Then begin a config with
      # yaml-language-server: $schema=nncli.schema.json
    """
    from nncli.config import json_schema

    click.echo(json.dumps(json_schema(), indent=2))
