"""Pixels in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images


def pixels(graph: Graph, images: Images, _block: object) -> str:
    """The values themselves."""
    return graph.add("Flatten", images.pixels, axis=1)
