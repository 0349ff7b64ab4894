"""The part of a page about a network that was watched: curves of its layers, and pictures epoch by epoch."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.pictures.film import plane_frames, weight_frames
from nncli.report.charts import curves
from nncli.report.images import data_uri

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

    from nncli.run.watched import Watched

MEASURES = (
    ("activation_deviation", "deviation of the activations A[l]", "signals on their way forward", True),
    ("gradient_deviation", "deviation of the gradients dZ[l]", "and back: vanishing or exploding", True),
    ("step_length", "length of a step / of the weights", "about 0.001 is usual", True),
    ("dead", "share of dead units", "hidden units that no example can move", False),
)
"""Name in watch.npz, title of its curves, what there is to see, and whether by logarithm."""


def watch_part(watched: Watched | None) -> dict[str, Any] | None:
    """Drawings and pictures for the page; None if nobody watched."""
    if watched is None or not len(watched["step"]):
        return None
    return {"curves": watch_curves(watched), "film": film(watched), "is_plane": watched["plane"].shape[1] > 0}


def watch_curves(watched: Watched, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A drawing for each measure, or for those called `names`, with a curve for each layer."""
    drawings = []
    epochs = watched["epoch"].tolist()
    for name, title, hint, is_log in MEASURES:
        if names and name not in names:
            continue
        values = watched[name]
        series = [(epochs, layer.tolist()) for layer in values.T]
        if np.isfinite(values).any() and series:
            svg = curves(series, "epoch", title, is_log=is_log, is_share=not is_log)
            drawings.append({"svg": svg, "hint": hint, "legend": [f"layer {l}" for l in range(1, len(series) + 1)]})
    return drawings


def film(watched: Watched) -> list[dict[str, str]]:
    """Pictures with their captions: of the plane, or else of weights; none where the network sees neither."""
    if watched["plane"].shape[1]:
        pictures, what = plane_frames(watched["plane"], watched["points"], watched["point_labels"]), "the plane"
    elif watched["weights"].shape[1]:
        pictures, what = weight_frames(watched["weights"]), "weights of units"
    else:
        return []
    names = [f"epoch {epoch}" if epoch else "before training" for epoch in watched["frame"].tolist()]
    return [
        {"src": data_uri(_png(picture)), "caption": name, "alt": f"{what}, {name}"}
        for picture, name in zip(pictures, names, strict=True)
    ]


def _png(picture: Image.Image) -> bytes:
    memory = io.BytesIO()
    picture.quantize(64).save(memory, "PNG", optimize=True)
    return memory.getvalue()
