"""Principal components in ONNX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nncli.export.graph import Graph, Images
    from nncli.features.pca import PcaBlock


def pca(graph: Graph, images: Images, block: PcaBlock) -> str:
    """A product, after the average image was subtracted."""
    values = graph.add("Flatten", images.pixels, axis=1)
    return graph.add("MatMul", graph.add("Sub", values, block.mean), block.directions)
