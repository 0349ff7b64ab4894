"""Folders that look like classes and are not: masks, copies, variants.

masks       pictures of the same names as those of a neighbor, in a folder that is called like masks, or as PNGs with a
            palette or one bit where the neighbor's have more: which pixel is what, not what the picture is of
copies      a folder among the classes that holds all of them once more
variants    folders that all hold the same folders: one set in color, in gray and segmented, or unknown splits
parts       folders that differ by a number, whose pictures a table beside them names: a download in several pieces
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.layout.words import MASKS, squeezed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.data.layout.tree import Tree

_PNG_HEAD = 26
"""Bytes of a PNG up to its bit depth and color type (PNG specification, 11.2.2)."""

_ENDINGS = ("_mask", "_masks", "_seg", "_segmentation", "_gt", "-mask", "_label")
LOOKED_AT = 3
FEW_FOLDERS = 8
"""More neighbors than these are classes and not compared pair by pair."""


def mask_folders(tree: Tree, folders: Sequence[str], *, by_content: bool) -> list[str]:
    """Those of neighboring `folders` that hold masks of the pictures of another one.

    Args:
        tree: The tree.
        folders: Neighbors.
        by_content: Also open the first PNGs of folders with equal names: cats and dogs are both numbered from 1, the
            folders within one class are not.
    """
    if not 1 < len(folders) <= FEW_FOLDERS:
        return []
    names = {folder: _stems(tree, folder) for folder in folders}
    found = []
    for folder in folders:
        others = [other for other in folders if other != folder and _are_twins(names[folder], names[other])]
        if any(squeezed(Path(other).name) not in MASKS for other in others) and (
            squeezed(Path(folder).name) in MASKS
            or (by_content and _is_flat(tree, folder) and not any(_is_flat(tree, other) for other in others))
        ):
            found.append(folder)
    return found


def mask_files(paths: Sequence[str]) -> list[str]:
    """Files called like another one of the same folder with an ending that says mask: ``3.png`` and ``3_mask.png``."""
    together = "\n".join(paths).lower()  # most folders have no such name, and one look says so
    if not any(ending in together for ending in _ENDINGS):
        return []
    stems = {os.path.splitext(path)[0]: path for path in paths}  # noqa: PTH122 - a Path for each of many files
    masks = []
    for stem, path in stems.items():
        base = stem.rstrip("0123456789").rstrip("_") if stem[-1:].isdigit() else stem
        ending = next((ending for ending in _ENDINGS if base.lower().endswith(ending)), "")
        if ending and base[: -len(ending)] in stems:
            masks.append(path)
    return masks


def _stems(tree: Tree, folder: str) -> set[str]:
    return set(map(_stem, tree.below(folder)))


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]  # noqa: PTH119, PTH122 - a Path for each of many files


def _are_twins(names: set[str], others: set[str]) -> bool:
    """Whether at least half of the names occur in both."""
    shared = len(names & others)
    return shared > 0 and 2 * shared >= max(len(names), len(others))


def _is_flat(tree: Tree, folder: str) -> bool:
    """Whether the first pictures are PNGs of a palette or of one bit."""
    heads = [tree.head(path, _PNG_HEAD) for path in tree.below(folder)[:LOOKED_AT]]
    return bool(heads) and all(
        head[:4] == b"\x89PNG" and (head[25:] == b"\3" or head[24:25] == b"\1") for head in heads
    )


def nested_copies(tree: Tree, folders: Sequence[str]) -> list[str]:
    """Those of neighboring `folders` that hold two or more folders with names of their neighbors."""
    names = {Path(folder).name for folder in folders}
    return [
        folder
        for folder in folders
        if len({Path(path).name for path in tree.with_images(folder)} & (names - {Path(folder).name})) > 1
    ]


def holds_nothing_else(tree: Tree, copy: str, folders: Sequence[str]) -> bool:
    """Whether every picture of a nested copy lies, under the same name, in the folders beside it."""
    parent = str(Path(copy).parent)
    around = {os.path.relpath(path, parent) for folder in folders if folder != copy for path in tree.below(folder)}
    return {os.path.relpath(path, copy) for path in tree.below(copy)} <= around


def variants(tree: Tree, folders: Sequence[str]) -> tuple[str, ...]:
    """Names of the folders that all of `folders` hold, if these are the same two or more in each and nothing else."""
    inner = []
    for folder in folders:
        below = tree.with_images(folder)
        while len(below) == 1 and not tree.images(below[0]):  # amazon/images/chair
            below = tree.with_images(below[0])
        masks = mask_folders(tree, below, by_content=True)
        inner.append({Path(path).name for path in below if path not in masks})
    if len(folders) < 2 or len(inner[0]) < 2 or any(names != inner[0] for names in inner):
        return ()
    return () if any(tree.images(folder) for folder in folders) else tuple(sorted(inner[0]))


def named_parts(tree: Tree, folders: Sequence[str], tables: Sequence[str]) -> str:
    """The table that names pictures of each of `folders`, if these differ by a number in their names; else nothing."""
    names = {re.sub(r"\d+", "", Path(folder).name) for folder in folders}
    if len(folders) < 2 or len(names) != 1 or not squeezed(min(names)):
        return ""
    stems = [_stem(tree.below(folder)[0]) for folder in folders[:LOOKED_AT] if tree.count(folder)]
    for table in tables:
        words = set(re.findall(r"[^,;\t/\\\s\"]+", "\n".join(tree.text_lines(table))))
        if all(any(stem + suffix in words for suffix in ("", *IMAGE_SUFFIXES)) for stem in stems):
            return table
    return ""


def only_groups(tree: Tree, folders: Sequence[str], left_out: Sequence[str]) -> list[str]:
    """The folders within `folders`, if all pictures lie in such and there are more of them; else nothing."""
    inner = [path for folder in folders for path in tree.with_images(folder) if path not in left_out]
    return inner if len(inner) > len(folders) and not any(map(tree.images, folders)) else []


def shared_folders(tree: Tree, folders: Sequence[str]) -> tuple[str, str, tuple[str, ...]] | None:
    """The first two of `folders` that hold two or more folders of the same names, and these names."""
    seen: dict[str, list[str]] = {}
    for folder in folders:
        names = {Path(path).name for path in tree.with_images(folder)}
        for other in {other for name in names for other in seen.get(name, [])}:
            both = names & {Path(path).name for path in tree.with_images(other)}
            if len(both) > 1:
                return other, folder, tuple(sorted(both))
        for name in names:
            seen.setdefault(name, []).append(folder)
    return None
