"""Images that belong together: of one burst, one person, one drive. They are not divided among training and others.

folder         images in folders of the same name within their class folders: cats/tom/1.jpg and dogs/tom/2.jpg
near-copies    images that show the same, see near_copies.py
REGEX          images for which a regular expression finds the same text in the name; its first group if it has one

An image that none of it applies to is a group of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.data.near_copies import can_tell, groups, near_copies, near_fingerprints
from nncli.data.pixel_rows import PixelRows
from nncli.errors import UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

FOLDER, NEAR_COPIES = "folder", "near-copies"


def group_numbers(
    how: str, paths: Sequence[str], class_names: Sequence[str], near: Callable[[], NDArray[np.intp]]
) -> list[int]:
    """The group of each image, (m,).

    Args:
        how: ``folder``, ``near-copies`` or a regular expression.
        paths: The images.
        class_names: The name of each image's class, which is that of a folder above it.
        near: Finds groups of near-copies.

    Raises:
        UsageError: It is no regular expression, or puts nothing together.
    """
    if how == NEAR_COPIES:
        return list(map(int, near()))
    finds = _folder if how == FOLDER else _finder(how)
    keys = [finds(path, name) for path, name in zip(paths, class_names, strict=True)]
    numbers: dict[object, int] = {}
    found = [numbers.setdefault(i if key is None else key, len(numbers)) for i, key in enumerate(keys)]
    if len(numbers) == len(found):
        raise UsageError(
            f"groups {printable(how)}: puts no two of {len(found):,} images together, the first is {paths[0]}"
        )
    return found


def near_copy_groups(pixels: NDArray[np.uint8], shape: tuple[int, int, int]) -> NDArray[np.intp]:
    """Groups of near-copies among images given as rows, (m,).

    Raises:
        UsageError: The images are too much alike for that.
    """
    found = near_fingerprints(pixels, shape)
    if not can_tell(found):
        raise UsageError(
            "groups near-copies: these images are too small or look too much alike; use folder or a pattern"
        )
    return groups(near_copies(PixelRows(pixels), shape, found), len(pixels))


def _folder(path: str, class_name: str) -> str | None:
    """The folders between the class folder and the image."""
    parents = Path(path).parts[:-1]
    place = len(parents) - 1 - parents[::-1].index(class_name) if class_name in parents else len(parents)
    return "/".join(parents[place + 1 :]) or None


def _finder(pattern: str) -> Callable[[str, str], str | None]:
    try:
        regex = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise UsageError(f"groups {printable(pattern)}: neither folder, near-copies nor a pattern: {error}") from error

    def found(path: str, _class_name: str) -> str | None:
        match = regex.search(Path(path).name)
        return None if match is None else match[1] if regex.groups else match[0]

    return found
