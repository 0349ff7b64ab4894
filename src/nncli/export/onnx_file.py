"""A whole model as an ONNX file.

    images (batch, height, width, channels) uint8 -> probabilities (batch, classes) float32, label (batch,) int64

Of labels there is labels (batch, labels) int64 instead of label: 1 where a probability reaches the label's threshold. A
regression has values (batch, targets) float32 instead of both.

The images must have the model's size already: how they are decoded and resized is told in the metadata, a graph cannot
do it as Pillow does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from nncli import __version__
from nncli.errors import UsageError
from nncli.export.features import column
from nncli.export.graph import LARGEST, TYPES, Graph
from nncli.export.network import probabilities, tempered
from nncli.model.task import Multilabel, Regression

if TYPE_CHECKING:
    from nncli.model.file import Model


def onnx_bytes(model: Model, *, float16: bool = False) -> bytes:
    """Contents of the ONNX file of `model`.

    Args:
        model: All of it.
        float16: Keep the weights in half the bytes; see `Graph.to_bytes`.

    Raises:
        UsageError: A part of the model cannot be said in ONNX, or is too large for it.
    """
    graph, images, n_classes = Graph(), "images", len(model.classes)
    is_mirrored = model.test_time_augmentation == "mirror"
    if is_mirrored:  # all images, then all of them mirrored: one pass through the network
        images = graph.add("Concat", images, graph.slice(images, 2, -1, np.iinfo(np.int64).min, -1), axis=0)
    values = probabilities(graph, column(graph, images, model.column), model)
    if is_mirrored:
        pairs = graph.reshape(values, 2, -1, n_classes)
        if isinstance(model.task, Regression):
            signs = np.stack([np.ones(n_classes), model.task.mirror_signs])[:, None].astype(np.float32)
            pairs = graph.add("Mul", pairs, signs)
        values = graph.add("ReduceMean", pairs, axes=[0], keepdims=0)
    outputs: dict[str, tuple[str, *tuple[str | int, ...]]]
    outputs = {"probabilities": ("float32", "batch", n_classes), "label": ("int64", "batch")}
    if isinstance(model.task, Regression):
        scaled = graph.add("Mul", values, model.task.deviation.astype(np.float32))
        graph.add("Add", scaled, model.task.mean.astype(np.float32), output="values")
        outputs = {"values": ("float32", "batch", n_classes)}
    elif isinstance(model.task, Multilabel):
        values = graph.add("Identity", values, output="probabilities")
        reached = graph.add("Less", values, model.task.thresholds.astype(np.float32))
        graph.add("Cast", graph.add("Not", reached), output="labels", to=TYPES["int64"])
        outputs = {"probabilities": ("float32", "batch", n_classes), "labels": ("int64", "batch", n_classes)}
    else:
        values = graph.add("Identity", tempered(graph, values, model.temperature), output="probabilities")
        graph.add("ArgMax", values, output="label", axis=1, keepdims=0)
    if graph.n_bytes > LARGEST - (1 << 20):
        raise UsageError(f"the model has {graph.n_bytes >> 20} MB; an ONNX file can have {LARGEST >> 20}")
    inputs = {"images": ("uint8", "batch", *model.image_format.shape)}
    return graph.to_bytes(inputs, outputs, metadata(model), float16=float16)


def metadata(model: Model) -> dict[str, str]:
    """Metadata needed to use the graph, texts by name; all but the version are JSON as in the model file."""
    task, thresholds = model.task, {}
    if isinstance(task, Multilabel):
        thresholds["thresholds"] = json.dumps(task.thresholds.tolist())
    return {
        "classes": json.dumps(list(model.classes)),
        "image": json.dumps(model.image_format.to_dict()),
        "features": json.dumps([block.to_dict() for block in model.column.features]),
        **thresholds,
        "nncli_version": __version__,
    }
