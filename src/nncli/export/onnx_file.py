"""A whole model as an ONNX file.

    images (batch, height, width, channels) uint8 -> probabilities (batch, classes) float32, label (batch,) int64

or, with the layout ``nchw-float``, from images (batch, channels, height, width) float32 from 0 to 1. Of labels there is
labels (batch, labels) int64 instead of label: 1 where a probability reaches the label's threshold. A regression has
values (batch, targets) float32 instead of both outputs.

The images must have the model's size already: how they are decoded and resized is told in the metadata, a graph cannot
do it as Pillow does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from nncli import __version__
from nncli.errors import UsageError
from nncli.export.features import column
from nncli.export.graph import LARGEST, TYPES, Graph, Images
from nncli.export.network import probabilities, tempered
from nncli.features.looks import Parts, Shifts
from nncli.features.settings.looks import n_votes
from nncli.model.task import Multilabel, Regression

if TYPE_CHECKING:
    from nncli.export.graph import Layout
    from nncli.features.settings import Shape
    from nncli.features.settings.block import Block
    from nncli.model.file import Model


def onnx_bytes(model: Model, *, layout: Layout = "nhwc-uint8", float16: bool = False) -> bytes:
    """Contents of the ONNX file of `model`.

    Args:
        model: All of it.
        layout: How a program will hand over images.
        float16: Keep the weights in half the bytes; see `Graph.to_bytes`.

    Raises:
        UsageError: A part of the model cannot be said in ONNX, or is too large for it.
    """
    graph, n_classes = Graph(), len(model.classes)
    height, width, channels = model.image_format.shape
    images, is_mirrored = _levels(graph, layout, (height, width, channels)), model.is_mirrored
    crops, votes = model.column.parts, n_votes(model.column.looks)
    if isinstance(crops, Parts):
        images = _looks_at_parts(images, crops, votes)
    elif isinstance(crops, Shifts) and votes > 1:
        images = _looks_moved(images, crops)
    if is_mirrored:
        images = _with_mirror_images(images)
    values = probabilities(graph, column(graph, images, model.column), model)
    if is_mirrored:
        values = _mean_of_pairs(graph, values, model)
    if votes > 1:
        values = graph.add("ReduceMean", graph.reshape(values, votes, -1, n_classes), axes=[0], keepdims=0)
    outputs: dict[str, tuple[str, *tuple[str | int, ...]]]
    outputs = {"probabilities": ("float32", "batch", n_classes), "label": ("int64", "batch")}
    if isinstance(model.task, Regression):
        with graph.part("scaling"):
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
    inputs = {"images": ("uint8", "batch", height, width, channels)}
    if layout == "nchw-float":
        inputs = {"images": ("float32", "batch", channels, height, width)}
    return graph.to_bytes(inputs, outputs, metadata(model, layout), float16=float16)


def _levels(graph: Graph, layout: Layout, shape: Shape) -> Images:
    """The images that are handed over, as levels from 0 to 255.

    Numbers from 0 to 1 are rounded to whole levels, so that they mean the same image in both layouts.
    """
    with graph.part("images"):
        if layout == "nhwc-uint8":
            levels = graph.add("Cast", "images", to=TensorProto.FLOAT)
        else:
            rounded = graph.add("Round", graph.add("Mul", "images", 255))
            levels = graph.at_most(graph.at_least(rounded, 0), 255)
    return Images(graph, levels, layout, shape)


def _looks_at_parts(images: Images, parts: Parts, n: int) -> Images:
    """All images as a whole, made smaller; of n looks then the first part of all, and so on: one pass for all."""
    graph, rows = images.graph, 1 if images.layout == "nhwc-uint8" else 2
    height, width, _ = parts.seen
    with graph.part("parts"):
        planes = images.name if rows == 2 else graph.add("Transpose", images.name, perm=[0, 3, 1, 2])
        small = graph.add("MatMul", graph.add("MatMul", parts.down, planes), np.ascontiguousarray(parts.across.T))
        small = graph.add("Round", small)
        looks = [small if rows == 2 else graph.add("Transpose", small, perm=[0, 2, 3, 1])]
        for top, left in parts.places[: n - 1]:
            bounds = np.array([[top, left], [top + height, left + width], [rows, rows + 1]], np.int64)
            looks.append(graph.add("Slice", images.name, *bounds))
        return images._replace(name=graph.add("Concat", *looks, axis=0) if n > 1 else looks[0], shape=parts.seen)


def _looks_moved(images: Images, shifts: Shifts) -> Images:
    """All images as they are, then all of them moved down, and so on: one pass for all."""
    graph, rows_axis = images.graph, 1 if images.layout == "nhwc-uint8" else 2
    height, width, _ = shifts.seen
    with graph.part("shifts"):
        looks = [images.name]
        for top, left in shifts.places:
            rows, columns = shifts.rows[top : top + height], shifts.columns[left : left + width]
            moved = graph.add("Gather", images.name, rows.astype(np.int64), axis=rows_axis)
            looks.append(graph.add("Gather", moved, columns.astype(np.int64), axis=rows_axis + 1))
        return images._replace(name=graph.add("Concat", *looks, axis=0))


def _with_mirror_images(images: Images) -> Images:
    """All images, then all of them mirrored from left to right: one pass through the network."""
    graph, width_axis = images.graph, 2 if images.layout == "nhwc-uint8" else 3
    with graph.part("mirror"):
        columns = np.arange(images.shape[1], dtype=np.int64)[::-1]
        mirrored = graph.add("Gather", images.name, columns, axis=width_axis)
        return images._replace(name=graph.add("Concat", images.name, mirrored, axis=0))


def _mean_of_pairs(graph: Graph, values: str, model: Model) -> str:
    """The mean of each image and its mirror image, (m, n_classes)."""
    with graph.part("mirror"):
        pairs = graph.reshape(values, 2, -1, len(model.classes))
        if isinstance(model.task, Regression):
            signs = np.stack([np.ones(len(model.classes)), model.task.mirror_signs])[:, None]
            pairs = graph.add("Mul", pairs, signs.astype(np.float32))
        return graph.add("ReduceMean", pairs, axes=[0], keepdims=0)


def metadata(model: Model, layout: Layout = "nhwc-uint8") -> dict[str, str]:
    """Metadata needed to use the graph, texts by name; all but layout and version are JSON as in the model file."""
    task, thresholds = model.task, {}
    if isinstance(task, Multilabel):
        thresholds["thresholds"] = json.dumps(task.thresholds.tolist())
    return {
        "classes": json.dumps(list(model.classes)),
        "image": json.dumps(model.image_format.to_dict()),
        "layout": layout,
        "features": json.dumps([_told(block) for block in model.column.features]),
        **thresholds,
        "nncli_version": __version__,
    }


def _told(block: Block) -> dict[str, Any]:
    """A block for the metadata, without the folder of a file that it names."""
    told = block.to_dict()
    return told | {"model": Path(told["model"]).name} if block.names_file else told
