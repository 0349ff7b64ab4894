"""The kinds of blocks, and where each has its parts: the same file name in three rooms.

features/settings/NAME.py   its settings, a `Block`           DeepPatches
features/NAME.py            what computes it                  DeepPatchesBlock
export/NAME.py              the same said in ONNX             deep_patches

A file is imported when its kind is used: a prediction from pixels waits for no other block.
docs/adding-a-feature-block.md says how to add a kind.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.features.settings.block import Block

KINDS = ["pixels", "patches", "deep_patches", "second_order", "hog", "color_histogram", "pca", "backbone"]
"""Every kind of block by its word in the config. Only these words ever name a module."""


def settings_class(kind: str) -> type[Block]:
    """The settings of a kind of block, which is one of `KINDS`."""
    settings: type[Block] = part_of(kind, "features.settings", class_name(kind))
    return settings


def located(block: Block, folder: Path) -> Block:
    """The block with the path of its file absolute and nothing left to this file; most blocks have none.

    Args:
        block: As written.
        folder: What a relative path starts from.

    Raises:
        ValueError: The file cannot be used; the message is for the user.
    """
    if not block.names_file:
        return block
    found: Block = part_of(block.kind, "features", "resolved")(block, folder)
    return found


def class_name(kind: str) -> str:
    """DeepPatches for deep_patches."""
    return kind.title().replace("_", "")


def part_of(kind: str, room: str, name: str) -> Any:
    """Object called `name` in the file of a kind of block in one of the rooms.

    Raises:
        ModuleNotFoundError: The kind has no file in this room.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown block {kind!r}")
    return getattr(importlib.import_module(f"nncli.{room}.{kind}"), name)
