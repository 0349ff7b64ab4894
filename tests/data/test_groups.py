"""What keeps images together."""

from __future__ import annotations

import numpy as np
import pytest

from nncli.data.groups import group_numbers, near_copy_groups
from nncli.errors import UsageError
from tests.data.test_near_copies import CHANGES, SHAPE, decoded, jpeg, photo


def numbers(how: str, *paths: str) -> list[int]:
    """The groups of images in class folders named like the second part of their paths."""
    return group_numbers(how, paths, [path.split("/")[1] for path in paths], lambda: np.array([7] * len(paths)))


def test_folders_within_class_folders_keep_together() -> None:
    """A folder of the same name in another class is the same person; images beside such folders are alone."""
    paths = (
        "d/cats/tom/1.jpg",
        "d/cats/tom/2.jpg",
        "d/dogs/tom/1.jpg",
        "d/cats/eve/1.jpg",
        "d/cats/3.jpg",
        "d/cats/4.jpg",
    )
    assert [0, 0, 0, 1, 2, 3] == numbers("folder", *paths)


def test_a_pattern_keeps_together_what_it_finds() -> None:
    """Its first group if it has one; the name of the file alone counts, and what does not match is alone."""
    paths = "d/a/IMG1_x.jpg", "d/a/IMG1_y.jpg", "d/b/IMG2_x.jpg", "d/b/other.jpg"
    assert [0, 0, 1, 2] == numbers(r"IMG\d", *paths)
    assert [0, 1, 0, 2] == numbers(r"IMG\d_(.)", *paths)


def test_near_copies_are_asked_for() -> None:
    """Whoever has the pixels finds them."""
    assert [7, 7] == numbers("near-copies", "d/a/1.jpg", "d/a/2.jpg")


def test_near_copies_make_groups() -> None:
    """Photos and what was made of them."""
    rng = np.random.default_rng(0)
    photos = [photo(rng) for _ in range(30)]
    pixels = decoded([jpeg(each) for each in photos] + [CHANGES["quality 60"](each) for each in photos])
    assert [*range(30), *range(30)] == near_copy_groups(pixels, SHAPE).tolist()


@pytest.mark.parametrize(("how", "reason"), [("[", "neither folder"), ("folder", "puts no two"), ("^x", "puts no two")])
def test_what_puts_nothing_together_is_refused(how: str, reason: str) -> None:
    """Else the images would be divided as if nothing had been asked for."""
    with pytest.raises(UsageError, match=reason):
        numbers(how, "d/a/1.jpg", "d/a/2.jpg")


def test_images_that_all_look_alike_have_no_near_copies() -> None:
    """It is said, with the way out."""
    with pytest.raises(UsageError, match="use folder or a pattern"):
        near_copy_groups(np.zeros((5, 64), np.uint8), (8, 8, 1))
