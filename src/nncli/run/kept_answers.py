"""Answers of the classifiers that training images are tried with: made once, found by every later command.

`init` tries, and `train` after it would try the same; `nncli train FOLDER` does both in one process. What the answers
depend on is their name: other images, other features or another version of the trial have other answers.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.cache import Rows, cached
from nncli.data.cache_folder import TRIAL, About

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

PART = ", tried"
"""Says in the cache which images of a source these are."""

_last: dict[str, tuple[str, NDArray[np.uint8]]] = {}
"""Question -> name and answers of the last time."""


def kept_answers(
    asked: str,
    depends_on: object,
    pixels: NDArray[np.uint8],
    n_values: int,
    make: Callable[[], NDArray[np.uint8]],
    root: str | None,
) -> NDArray[np.uint8]:
    """Answers for images, as `make` gives them, (m, n_values), but made only where they are not there already.

    Args:
        asked: What is wanted of the images, in words.
        depends_on: What the answers depend on besides the images; its `repr` says it all.
        pixels: The images as rows, (m, n).
        n_values: Bytes of an answer.
        make: Makes the answers.
        root: Where the images come from, under which they are kept in the cache; None to keep none there.
    """
    m = len(pixels)
    name = sha256(repr((asked, np.__version__, depends_on)).encode() + pixels.tobytes()).hexdigest()
    if asked not in _last or _last[asked][0] != name:
        if root is None:
            found = make()
        else:
            about = About(TRIAL, f"{Path(root).absolute()}{PART}", asked, asked, m, 0, n_values, [])
            found = cached(name, about, lambda memory: Rows(_filled(memory, make())), None, lambda _note: None).values
        _last[asked] = name, found
    return _last[asked][1]


def _filled(memory: NDArray[np.uint8] | None, values: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The memory with the values in it, or these where there is none."""
    if memory is None:
        return values
    memory[:] = values
    return memory
