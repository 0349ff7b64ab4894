"""The config: YAML -> frozen dataclasses, checked once, with the place of every value for messages.

options        every option, its default and its limits; all the rest is made from it
values, shapes what an option is read from
yaml12         text -> tree (nodes, each with its place); syntax has the plain words for broken YAML
validation     tree -> values, all problems at once; suggestions knows what was probably meant
config_file    load_config and what it returns; reading, overrides and writing are its hands
json_schema    the options for editors and for the documentation
"""

from nncli.config.config_file import ConfigFile, load_config, parse_config
from nncli.config.json_schema import ReferenceRow, json_schema, reference_rows
from nncli.config.options import DataConfig, NetworkConfig, TrainConfig, TrainingConfig
from nncli.config.overrides import Override, parse_override

__all__ = [
    "ConfigFile",
    "DataConfig",
    "NetworkConfig",
    "Override",
    "ReferenceRow",
    "TrainConfig",
    "TrainingConfig",
    "json_schema",
    "load_config",
    "parse_config",
    "parse_override",
    "reference_rows",
]
