"""Programs that read ONNX files, each as a function from a file and images to probabilities.

``python -m tests.export.consumers`` runs those that are installed and writes the table of docs/export.md;
``python -m tests.export.consumers MODEL.npz ...`` prints one for models of your own.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import tempfile
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from nncli.config.recipes import Facts, recipe_defaults
from nncli.data.image.image_format import ImageFormat
from nncli.features.settings.hog import Hog
from nncli.features.settings.pca import Pca
from nncli.model.predictor import Predictor
from nncli.model.task import Regression
from nncli.network.parameters import Parameters
from tests.export import javascript
from tests.export.models import COLOR, GRAY, THREE, featured_model
from tests.fixtures import in_span, random_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from nncli.export.graph import Layout
    from nncli.model.file import Model

DOCUMENT = Path(__file__).parents[2] / "docs" / "export.md"
BEGIN, END = "<!-- made by python -m tests.export.consumers -->\n", "<!-- end -->\n"


def by_onnxruntime(content: bytes, images: NDArray[Any], output: str) -> Any:
    """On the processor."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run([output], {"images": images})[0]


def by_reference(content: bytes, images: NDArray[Any], output: str) -> Any:
    """ONNX's own evaluator in NumPy."""
    from onnx.reference import ReferenceEvaluator

    return ReferenceEvaluator(content).run([output], {"images": images})[0]


def by_opencv(content: bytes, images: NDArray[Any], output: str) -> Any:
    """Its dnn module."""
    import cv2

    network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
    network.setInput(images, "images")
    return network.forward(output)


def by_openvino(content: bytes, images: NDArray[Any], output: str) -> Any:
    """With the hint to compute in float32, which it does not everywhere."""
    import openvino

    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    core = openvino.Core()
    return core.compile_model(core.read_model(content), "CPU", hint)([images])[output]


def by_mnn(content: bytes, images: NDArray[Any], output: str) -> Any:
    """With the hint not to save multiplications in convolutions (Winograd), which costs it digits.

    It is converted by the function below `mnnconvert`: the command itself installs packages and sends its arguments.
    """
    import _tools
    from MNN import expr, nn

    with tempfile.TemporaryDirectory() as name, no_words():
        source, target = f"{name}/model.onnx", f"{name}/model.mnn"
        Path(source).write_bytes(content)
        _tools.mnnconvert(["", "-f", "ONNX", "--modelFile", source, "--MNNModel", target, "--bizCode", "nncli"])
        runtime = nn.create_runtime_manager(({},))
        runtime.set_hint(3, 0)  # WINOGRAD_MEMORY_LEVEL
        network = nn.load_module_from_file(target, ["images"], [output], runtime_manager=runtime)
    kind = expr.uint8 if images.dtype == np.uint8 else expr.float
    return np.array(network.forward([expr.const(images, list(images.shape), expr.NCHW, kind)])[0].read())


@contextlib.contextmanager
def no_words() -> Iterator[None]:
    """Without what a library prints to the descriptor of the standard output."""
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def package(name: str) -> Callable[[], str | None]:
    """The version of a Python package, or None."""

    def version() -> str | None:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    return version


class Consumer(NamedTuple):
    """A program that reads ONNX files.

    Attributes:
        version: Tells it, or None where the program is not installed.
        run: From the content of a file, images in its layout and the name of an output to the numbers there.
        is_slow: Whether tests ask it about one model only: it is a process of its own, or computes in Python.
    """

    version: Callable[[], str | None]
    run: Callable[[bytes, NDArray[Any], str], Any]
    is_slow: bool = False


CONSUMERS = {
    "onnxruntime": Consumer(package("onnxruntime"), by_onnxruntime),
    "onnx.reference": Consumer(package("onnx"), by_reference, is_slow=True),
    "OpenCV": Consumer(package("opencv-python-headless"), by_opencv),
    "OpenVINO, with the hint": Consumer(package("openvino"), by_openvino),
    "MNN, with the hint": Consumer(package("MNN"), by_mnn),
    "onnxruntime-web in Node": Consumer(javascript.version_in_node, javascript.by_node, is_slow=True),
    "onnxruntime-web in a browser": Consumer(javascript.version_in_browser, javascript.by_browser, is_slow=True),
}


@functools.cache
def of_recipe(recipe: str, image_format: ImageFormat) -> Model:
    """A model with the blocks, votes and mirror images of a recipe; few patches and units, a temperature."""
    values = recipe_defaults(recipe, "quick", Facts(200, image_format.shape))
    few = {"count": 16, "deep_count": 24}
    blocks = tuple(
        replace(block, **{name: n for name, n in few.items() if hasattr(block, name)})
        for block in values["data.features"]
    )
    model = featured_model(
        blocks,
        image_format,
        n_members=values.get("training.ensemble", 1),
        test_time_augmentation=values.get("data.test_time_augmentation", "none"),
        temperature=0.7,
    )
    return model if values.get("network.project", "none") == "none" else in_span(model, 12)


@functools.cache
def regression() -> Model:
    """Three networks that tell two numbers, of which one turns its sign in the mirror."""
    model = random_model(("left", "speed"), image_format=COLOR)
    parameters = Parameters((model.layer_dims[0], 6, 2), n_members=3, output="identity")
    parameters.flat[:] = np.random.default_rng(3).standard_normal(parameters.flat.shape) / 20
    task = Regression(np.array([0.0, 10.0]), np.array([2.0, 5.0]), np.array([-1.0, 1.0]))
    return replace(model, parameters=parameters, task=task, test_time_augmentation="mirror")


MODELS: dict[str, Callable[[], Model]] = {
    "digits": lambda: of_recipe("digits", ImageFormat(20, 20, "grayscale", "stretch")),
    "garments": lambda: of_recipe("garments", ImageFormat(28, 28, "grayscale", "stretch")),
    "photos": lambda: of_recipe("photos", ImageFormat(24, 24, "rgb", "stretch")),
    "five networks, layer normalization, gelu": lambda: random_model(
        THREE, (7, 5), n_members=5, activation="gelu", normalization="layer"
    ),
    "hog, pca, one output": lambda: featured_model(
        (Hog(cell=4), Pca(components=5)), classes=("no", "yes"), temperature=2.0, test_time_augmentation="mirror"
    ),
    "hog, leaky, gray": lambda: replace(featured_model((Hog(cell=5),), GRAY), activation="leaky_relu"),
    "regression": regression,
}
"""Models that have between them everything that a graph can have."""


def difference(
    consumer: Consumer, model: Model, *, layout: Layout = "nhwc-uint8", float16: bool = False, every: int = 1
) -> float:
    """The largest difference between its answers and nncli's, on every so manyth of 80 images of several kinds.

    Of probabilities, or of numbers as a share of their size and standard deviation.
    """
    from nncli.export.check import channels_first, random_images
    from nncli.export.onnx_file import onnx_bytes

    rows = random_images(model.image_format)[::every]
    images = rows.reshape(-1, *model.image_format.shape)
    given = channels_first(images) if layout == "nchw-float" else images
    output = "values" if isinstance(model.task, Regression) else "probabilities"
    found = np.asarray(consumer.run(onnx_bytes(model, layout=layout, float16=float16), given, output))
    expected = Predictor(model).probabilities(rows)
    assert expected.shape == found.shape
    scale = model.task.deviation + np.abs(expected) if isinstance(model.task, Regression) else 1.0
    return float(np.nan_to_num(np.abs(found - expected) / scale, nan=np.inf).max())


def table(models: dict[str, Callable[[], Model]]) -> str:
    """Every program that is installed, on each of the models, and the largest of both variants of all of them."""
    lines = [["program", "version", *models, "`nchw-float`", "`--float16`"]]
    lines.append(["---"] * len(lines[0]))
    for name, consumer in CONSUMERS.items():
        version = consumer.version()
        if version is None:
            continue
        exact = [difference(consumer, make()) for make in models.values()]
        planes = max(difference(consumer, make(), layout="nchw-float") for make in models.values())
        half = max(difference(consumer, make(), float16=True) for make in models.values())
        lines.append([name, version, *(f"{each:.1e}" for each in (*exact, planes, half))])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(paths: list[str]) -> None:
    """Print the table, and write it into the document where no models are named."""
    from nncli.model.file import read_model

    made = table({Path(path).stem: functools.partial(read_model, Path(path)) for path in paths} or MODELS)
    print(made, end="")  # noqa: T201
    if not paths:
        before, mark, rest = DOCUMENT.read_text().partition(BEGIN)
        DOCUMENT.write_text(f"{before}{mark}{made}{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main(sys.argv[1:])
