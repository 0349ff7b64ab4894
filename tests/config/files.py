"""Config files for the tests, written to the working directory, which every test has for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config import ConfigFile, load_config, parse_override
from nncli.errors import ConfigError

SMALLEST = "data:\n  path: images\n"


def load(text: str | bytes, *settings: str) -> ConfigFile:
    """Load config.yaml with this text and these `--set` values."""
    Path("config.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_config(Path("config.yaml"), [parse_override(setting) for setting in settings])


def problems(text: str | bytes, *settings: str) -> list[str]:
    """What is wrong with a config, each problem as it is shown."""
    with pytest.raises(ConfigError) as caught:
        load(text, *settings)
    return caught.value.problems


def complaint(text: str | bytes, *settings: str) -> str:
    """The only thing that is wrong with a config, without the source line and the caret."""
    (problem,) = problems(text, *settings)
    return problem.splitlines()[0]


def training(lines: str) -> str:
    """A config with these lines, separated by semicolons, in its training section."""
    return SMALLEST + "training:\n" + "".join(f"  {line.strip()}\n" for line in lines.split(";"))


def network(lines: str) -> str:
    """A config with these lines, separated by semicolons, in its network section."""
    return SMALLEST + "network:\n" + "".join(f"  {line.strip()}\n" for line in lines.split(";"))


def data(lines: str) -> str:
    """A config with these lines, separated by semicolons, in its data section, below the path in line 2."""
    return SMALLEST + "".join(f"  {line.strip()}\n" for line in lines.split(";"))
