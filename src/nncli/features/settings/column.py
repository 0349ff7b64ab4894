"""Blocks one below the other: their length together, and reading them from a list that may come from anyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TypeAlias

from nncli.features.settings.block import Block, Shape
from nncli.features.settings.pixels import Pixels
from nncli.features.settings.registry import KINDS, settings_class

Features: TypeAlias = tuple[Block, ...]

PIXELS: Features = (Pixels(),)
"""Default feature column."""

MOST_DIRECTIONS = 512
"""Principal directions that are worth it: more gained nothing on 3,000 photos."""

MOST_FEATURES = 1_000_000
"""Longest feature column, unless the image itself is longer: beyond it are only typing errors."""


def n_features(features: Features, shape: Shape) -> int:
    """Length of the feature column, n_0, for images of `shape`."""
    return sum(block.n_features(shape) for block in features)


def misfit(features: Features, shape: Shape) -> str | None:
    """Why the blocks together are too much for images of `shape`, None if they are not."""
    most = max(MOST_FEATURES, shape[0] * shape[1] * shape[2])
    return f"more than {most:,} features for each image" if n_features(features, shape) > most else None


def features_from_list(values: object) -> Features:
    """The blocks that a list of `Block.to_dict` describes; `values` may come from anyone.

    Raises:
        ValueError: It is no such list.
    """
    if not isinstance(values, Sequence) or isinstance(values, str) or not values:
        raise ValueError("features is not a list of blocks")
    blocks = []
    for value in values:
        kind = value.get("kind") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in KINDS:
            raise ValueError(f"features has an unknown block {kind!r}")
        cls = settings_class(kind)
        settings = {name: each for name, each in value.items() if name != "kind"}
        if set(settings) != {field.name for field in fields(cls)}:
            raise ValueError(f"the block {kind} does not have the settings that it should")
        blocks.append(cls(**settings))
    return tuple(blocks)


def n_directions(wanted: int | None, n_columns: int, n_features: int) -> int:
    """How many principal directions a network is trained on (features/span.py).

    Args:
        wanted: None for as many as are worth it.
        n_columns: Training columns: centered, they span a dimension fewer.
        n_features: Their length.
    """
    return max(1, min(wanted or MOST_DIRECTIONS, n_features, n_columns - 1))
