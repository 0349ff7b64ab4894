"""From images to feature columns in ONNX: what nncli.features does, said in operations.

Each block takes the images with the channels last or first, as it needs them, and makes (m, n_features) float32, the
entries in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nncli.errors import UsageError
from nncli.features.settings import part_of

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.column import FeatureColumn


def column(graph: Graph, images: Images, features: FeatureColumn) -> str:
    """Append the feature column of the images; its name.

    Raises:
        UsageError: A block cannot be said in ONNX.
    """
    parts = []
    for settings, block in zip(features.features, features.blocks, strict=True):
        try:
            export = part_of(settings.kind, "export", settings.kind)
        except ModuleNotFoundError as error:
            message = f"the feature block {settings.kind} cannot be exported to ONNX; nncli itself can use it"
            raise UsageError(message) from error
        with graph.part(settings.kind):
            parts.append(export(graph, images, block))
    return parts[0] if len(parts) == 1 else graph.add("Concat", *parts, axis=1)
