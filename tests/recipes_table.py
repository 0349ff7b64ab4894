"""The tables of docs/recipes.md: `python -m tests.recipes_table` writes them anew after a recipe has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nncli.config.recipes import COMMON, EFFORTS, FEW_IMAGES, RECIPES, Facts, recipe_defaults
from nncli.config.writing import yaml_value
from nncli.features.settings import Block
from nncli.option import options_of

DOCUMENT = Path(__file__).parents[1] / "docs/recipes.md"
BEGIN, END = "<!-- made by python -m tests.recipes_table; a test keeps it so -->\n", "<!-- end -->\n"
SHAPES = {
    "digits": ((28, 28, 1), (28, 28, 1)),
    "garments": ((28, 28, 1), (28, 28, 1)),
    "photos": ((160, 160, 3), (64, 64, 3)),
}
"""Images that each recipe is shown for, in small and in large sets."""

SIZES = 1_000, FEW_IMAGES + 1
"""Training images of these sets."""


def tables() -> str:
    """What all recipes share, and for each of them what it sets, by effort and number of images."""
    rows = [f"| `{key}` | `{yaml_value(value)}` |" for key, value in COMMON.items()]
    parts = ["| all recipes | |\n|---|---|\n" + "\n".join(rows)]
    parts += [_table(recipe) for recipe in RECIPES]
    return "\n\n".join(parts) + "\n"


def _table(recipe: str) -> str:
    """A recipe: a row for each key, a column for each effort."""
    channels = SHAPES[recipe][0][2]
    few, many = (
        [recipe_defaults(recipe, effort, Facts(n, shape)) for effort in EFFORTS]
        for n, shape in zip(SIZES, SHAPES[recipe], strict=True)
    )
    color = "rgb" if channels == 3 else "grayscale"
    lines = [f"| `{recipe}`, {color} | {' | '.join(EFFORTS)} |", "|---|" + "---|" * len(EFFORTS)]
    for key in few[0]:
        if key not in COMMON:
            cells = [_cell(a[key], b[key]) for a, b in zip(few, many, strict=True)]
            lines.append(f"| `{key}` | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(few: Any, many: Any) -> str:
    """A value, or two: for few images and for many."""
    return _shown(few) if few == many else f"{_shown(few)} / {_shown(many)}"


def _shown(value: Any) -> str:
    """A value in the config's words; of blocks what is not the default, and how many there are to learn."""
    if isinstance(value, tuple) and value and isinstance(value[0], Block):
        return f"`[{', '.join(map(_block, value))}]`"
    return f"`{yaml_value(value)}`"


def _block(block: Block) -> str:
    settings = [
        f"{option.key}: {yaml_value(getattr(block, option.key))}"
        for option in options_of(type(block))
        if getattr(block, option.key) != option.default or option.key == "count"
    ]
    return f"{block.kind}: {{{', '.join(settings)}}}" if settings else block.kind


def with_tables(text: str) -> str:
    """A document with the tables as they should be."""
    before, _, rest = text.partition(BEGIN)
    return f"{before}{BEGIN}{tables()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text()))
