"""What is odd about images."""

from __future__ import annotations

import numpy as np

from nncli.run.dataset import ImageSet
from nncli.run.inspection import FLAT, across_classes, across_splits, class_counts, inspect
from tests.data.test_near_copies import CHANGES, decoded, jpeg, photo
from tests.data.test_near_copies import SHAPE as PHOTO

SHAPE = (1, 2, 1)


def images(*rows: list[int] | np.ndarray, labels: list[int]) -> ImageSet:
    """Images with these pixels and labels, called by their place."""
    pixels = np.array(rows, np.uint8)
    return ImageSet(
        tuple(map(str, range(len(rows)))), np.array(labels), pixels, np.arange(len(rows)), np.empty((len(rows), 0))
    )


def test_equal_pixels_are_duplicates() -> None:
    """Within a split, across splits and across classes; one different level is another image."""
    first = images([1, 90], [2, 90], [1, 90], labels=[0, 0, 0])
    second = images([2, 90], [3, 90], labels=[1, 1])
    findings = inspect({"training": first, "test": second}, SHAPE)
    named = [[(place.split, place.path) for place in group] for group in findings.duplicates]
    assert [[("training", "0"), ("training", "2")], [("training", "1"), ("test", "0")]] == named
    assert [findings.duplicates[1]] == across_splits(findings.duplicates) == across_classes(findings.duplicates)


def test_near_copies_are_found_across_splits() -> None:
    """Each of 30 photos, saved again in the other split; a photo that lies there twice is a duplicate and no more."""
    rng = np.random.default_rng(0)
    photos = [photo(rng) for _ in range(30)]
    first = decoded([jpeg(each) for each in [*photos, photos[0]]], PHOTO)
    second = decoded([CHANGES["cropped"](each) for each in photos[1:]], PHOTO)
    findings = inspect({"training": images(*first, labels=[0] * 31), "test": images(*second, labels=[0] * 29)}, PHOTO)
    assert [["0", "30"]] == [[place.path for place in group] for group in findings.duplicates]
    assert findings.near is not None
    assert [[str(k), str(k - 1)] for k in range(1, 30)] == [[place.path for place in group] for group in findings.near]
    assert findings.near == across_splits(findings.near)
    assert findings.is_serious


def test_images_that_all_look_alike_are_not_searched_for_near_copies() -> None:
    """Two pixels cannot tell."""
    findings = inspect({"training": images([1, 90], [2, 90], labels=[0, 0])}, SHAPE)
    assert findings.near is None
    assert not findings.is_serious


def test_equal_images_of_two_classes_are_serious() -> None:
    """They cannot be learned."""
    assert inspect({"training": images([1, 90], [1, 90], labels=[0, 1])}, SHAPE).is_serious
    assert not inspect({"training": images([1, 90], [1, 90], labels=[0, 0])}, SHAPE).is_serious


def test_nearly_one_color_is_near_empty() -> None:
    """Up to the limit and not beyond; the difference does not wrap around."""
    findings = inspect({"training": images([5, 5 + FLAT], [5, 6 + FLAT], [0, 255], labels=[0, 0, 0])}, SHAPE)
    assert ["0"] == [place.path for place in findings.empty]


def test_classes_are_counted_by_split() -> None:
    """Also those without images."""
    assert {"a": [1, 0, 2]} == class_counts({"a": images([1], [2], [3], labels=[2, 0, 2])}, 3)
