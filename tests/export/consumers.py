"""Programs that read ONNX files, each as a function from a file and images to probabilities.

``python -m tests.export.consumers`` prints the table of docs/export.md for those that are installed.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from tests.export.models import GRAY, THREE, featured_model
from tests.fixtures import random_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.model.file import Model


def by_onnxruntime(content: bytes, images: NDArray[np.uint8]) -> Any:
    """On the processor."""
    from nncli.export.check import open_session

    return open_session(content)(images)[0]


def by_reference(content: bytes, images: NDArray[np.uint8]) -> Any:
    """ONNX's own evaluator in NumPy."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(content).run(["probabilities"], {"images": images})[0]


def by_opencv(content: bytes, images: NDArray[np.uint8]) -> Any:
    """Its dnn module."""
    import cv2

    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    network.setInput(images, "images")
    return network.forward("probabilities")


def by_openvino(content: bytes, images: NDArray[np.uint8]) -> Any:
    """With the hint to compute in float32, which it does not everywhere."""
    import openvino

    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    return core.compile_model(core.read_model(content), "CPU", hint)([images])["probabilities"]


class Consumer(NamedTuple):
    """A program that reads ONNX files: the module to import, the package it comes in, and how it is asked."""

    module: str
    package: str
    run: Callable[[bytes, NDArray[np.uint8]], Any]


CONSUMERS = {
    "onnxruntime": Consumer("onnxruntime", "onnxruntime", by_onnxruntime),
    "onnx.reference": Consumer("onnx.reference", "onnx", by_reference),
    "OpenCV": Consumer("cv2", "opencv-python-headless", by_opencv),
    "OpenVINO": Consumer("openvino", "openvino", by_openvino),
}

MODELS: dict[str, Callable[[], Model]] = {
    "five plain networks": lambda: random_model(THREE, (7,), n_members=5),
    "layer normalization, gelu": lambda: random_model(THREE, (7,), activation="gelu", normalization="layer"),
    "patches, hog, colors, mirror, five": lambda: featured_model(
        (Patches(size=4, count=5), Hog(cell=4), ColorHistogram(bins=3)),
        n_members=5,
        test_time_augmentation="mirror",
        temperature=0.7,
    ),
    "deep patches, pca, one output": lambda: featured_model(
        (DeepPatches(size=4, count=5, deep_size=2, deep_count=6, grid=2), Pca(components=5)),
        GRAY,
        classes=("no", "yes"),
        temperature=2.0,
    ),
}
"""Models that have between them everything that a graph can have."""


def difference(consumer: Consumer, model: Model, *, float16: bool = False) -> float:
    """The largest difference between its probabilities and nncli's, on images of several kinds."""
    from nncli.export.check import random_images
    from nncli.export.onnx_file import onnx_bytes
    from nncli.model.predictor import Predictor

    rows = random_images(model.image_format)
    found = consumer.run(onnx_bytes(model, float16=float16), rows.reshape(-1, *model.image_format.shape))
    return float(np.abs(np.asarray(found) - Predictor(model).probabilities(rows)).max())


def main() -> None:
    """Print the table."""
    print("| program | version |", " | ".join(MODELS), "| with float16 |")  # noqa: T201
    print("|---|---|", "---|" * len(MODELS), "---|", sep="")  # noqa: T201
    for name, consumer in CONSUMERS.items():
        try:
            importlib.import_module(consumer.module)
        except ImportError:
            continue
        exact = [difference(consumer, make()) for make in MODELS.values()]
        half = max(difference(consumer, make(), float16=True) for make in MODELS.values())
        cells = [name, version(consumer.package), *(f"{each:.1e}" for each in exact), f"{half:.1e}"]
        print("|", " | ".join(cells), "|")  # noqa: T201


if __name__ == "__main__":
    main()
