"""A config as YAML text that says everything: a run keeps it, and can be repeated from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.config.options import OPTIONS, SECTIONS, TrainConfig
from nncli.config.validation import why_ignored
from nncli.features.settings import Block

if TYPE_CHECKING:
    from collections.abc import Collection

UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON leaves as they are and a config file may not hold."""


def to_yaml(config: TrainConfig, unused: Collection[str] = ()) -> str:
    """Every option that counts, with its value, section by section; an absolute data.path.

    Args:
        config: the config; options that its optimizer, schedule or initialization does not use are left out.
        unused: keys to leave out as well, because the data make them meaningless.
    """
    values = used_options(config)
    lines = []
    for section in SECTIONS:
        lines.append(f"{section}:")
        lines += [
            f"  {key.partition('.')[2]}: {yaml_value(value)}"
            for key, value in values.items()
            if key.startswith(f"{section}.") and key not in unused
        ]
    return "\n".join(lines) + "\n"


def used_options(config: TrainConfig) -> dict[str, Any]:
    """The value of every option that counts, by its key; those that optimizer or schedule ignore are left out."""
    values = values_of(config)
    return {key: value for key, value in values.items() if not why_ignored(key, values)}


def values_of(config: TrainConfig) -> dict[str, Any]:
    """The value of every option by its key, "training.epochs"."""
    return {key: getattr(getattr(config, key.partition(".")[0]), key.partition(".")[2]) for key in OPTIONS}


def as_json(value: Any) -> Any:
    """A value as JSON can hold it: blocks as the model file has them, lists for tuples."""
    if isinstance(value, Block):
        return value.to_dict()
    return [as_json(each) for each in value] if isinstance(value, tuple) else value


def yaml_value(value: object) -> str:
    """A value in one line of YAML that both versions of the standard, 1.1 and 1.2, read alike."""
    if value is None:
        return "null"
    if isinstance(value, float):
        text = repr(value)
        return text if "." in text else text.replace("e", ".0e")  # to YAML 1.1, 1e-08 is text
    is_comment = isinstance(value, str) and value.startswith("#")
    if isinstance(value, Path) or value in ("on", "off") or is_comment:  # to YAML 1.1, on and off are true and false
        return _quoted(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(yaml_value, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_quoted(name)}: {yaml_value(weight)}' for name, weight in value.items())}}}"
    return _block(value) if isinstance(value, Block) else str(value)  # an integer, or one of our words


def _block(block: Block) -> str:
    """A block of features with all its settings: {hog: {cell: 8, bins: 9}}."""
    settings = ", ".join(f"{name}: {yaml_value(setting)}" for name, setting in asdict(block).items())
    return f"{{{block.kind}: {{{settings}}}}}" if settings else block.kind


def _quoted(text: str) -> str:
    """Text in double quotes, with JSON's escapes, which are YAML's too."""
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(text, ensure_ascii=False))
