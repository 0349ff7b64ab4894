"""The part of a page about a network that was watched."""

from __future__ import annotations

from typing import Any

import numpy as np

from nncli.report.watch import film, watch_curves, watch_part
from nncli.run.watched import Watched
from nncli.training.probe import Look


def watched(**arrays: Any) -> Watched:
    """Three looks at two layers, two pictures of one unit."""
    found: dict[str, Any] = {name: np.full((3, 2), 0.5) for name in Look._fields}
    found |= {"dead": np.zeros((3, 1)), "step": np.arange(3), "epoch": np.arange(3) / 2, "frame": np.array([0, 4])}
    found |= {"weights": np.ones((2, 1, 2, 2, 1)), "plane": np.zeros((2, 0, 1, 1), np.uint8)}
    found |= {"points": np.zeros((0, 2), np.uint8), "point_labels": np.zeros(0, int)}
    return Watched(found | arrays)


def test_a_curve_for_each_layer() -> None:
    """Of each measure that has one; steps that are not known leave theirs out."""
    drawings = watch_curves(watched(step_length=np.full((3, 2), np.nan)))
    assert [["layer 1", "layer 2"], ["layer 1", "layer 2"], ["layer 1"]] == [each["legend"] for each in drawings]
    assert all("<circle" in each["svg"] or "<path" in each["svg"] for each in drawings)
    assert None is watch_part(None)


def test_pictures_of_weights_or_of_the_plane() -> None:
    """Whichever the network has; none where it sees neither."""
    assert ["before training", "epoch 4"] == [frame["caption"] for frame in film(watched())]
    plane = film(watched(plane=np.full((2, 2, 4, 4), 128, np.uint8)))
    assert ["the plane, before training", "the plane, epoch 4"] == [frame["alt"] for frame in plane]
    assert all(frame["src"].startswith("data:image/png;base64,") for frame in plane)
    assert [] == film(watched(weights=np.zeros((2, 0, 1, 1, 1))))
