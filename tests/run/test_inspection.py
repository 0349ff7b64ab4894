"""What is odd about images."""

from __future__ import annotations

import numpy as np

from nncli.run.dataset import ImageSet
from nncli.run.inspection import FLAT, class_counts, inspect


def images(*rows: list[int], labels: list[int]) -> ImageSet:
    """Images with these pixels and labels, called by their place."""
    pixels = np.array(rows, np.uint8)
    return ImageSet(tuple(map(str, range(len(rows)))), np.array(labels), pixels, np.arange(len(rows)))


def test_equal_pixels_are_duplicates() -> None:
    """Within a split, across splits and across classes; one different level is another image."""
    first = images([1, 90], [2, 90], [1, 90], labels=[0, 0, 0])
    second = images([2, 90], [3, 90], labels=[1, 1])
    findings = inspect({"training": first, "test": second})
    named = [[(place.split, place.path) for place in group] for group in findings.duplicates]
    assert [[("training", "0"), ("training", "2")], [("training", "1"), ("test", "0")]] == named
    assert [findings.duplicates[1]] == findings.across_splits == findings.across_classes


def test_nearly_one_color_is_near_empty() -> None:
    """Up to the limit and not beyond; the difference does not wrap around."""
    findings = inspect({"training": images([5, 5 + FLAT], [5, 6 + FLAT], [0, 255], labels=[0, 0, 0])})
    assert ["0"] == [place.path for place in findings.empty]


def test_classes_are_counted_by_split() -> None:
    """Also those without images."""
    assert {"a": [1, 0, 2]} == class_counts({"a": images([1], [2], [3], labels=[2, 0, 2])}, 3)
