"""A backbone in ONNX: the network itself, between what it wants done to images and the rest of the model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto

from nncli.features.onnx_network import read_bytes

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.backbone import BackboneBlock


def backbone(graph: Graph, images: Images, block: BackboneBlock) -> str:
    """Pixels as the network takes them, the network, and its answers as rows.

    Raises:
        DataError: Its file is missing or another one.
    """
    settings = block.settings
    model = onnx.load_model_from_string(read_bytes(settings.model, settings.sha256))
    type_ = next(each.type.tensor_type.elem_type for each in model.graph.input if each.name == settings.input)
    values, axis = (images.planes, 1) if settings.layout == "nchw" else (images.pixels, 3)
    if settings.order == "bgr":
        values = graph.add("Gather", values, np.array([2, 1, 0]), axis=axis)
    if type_ != TensorProto.UINT8:
        shape = (-1, 1, 1) if settings.layout == "nchw" else (-1,)
        mean, deviation = (np.array(each, np.float32).reshape(shape) for each in (settings.mean, settings.deviation))
        values = graph.add("Div", graph.add("Sub", graph.add("Div", values, 255), mean), deviation)
    if type_ != TensorProto.FLOAT:
        values = graph.add("Cast", values, to=type_)
    answer = graph.join(model, Path(settings.model).name, settings.input, values, settings.output)
    return graph.add("Flatten", graph.add("Cast", answer, to=TensorProto.FLOAT), axis=1)
