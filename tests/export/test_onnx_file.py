"""Whole models as ONNX: the same probabilities, and what must be known about them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from typing import TYPE_CHECKING

import onnx
import onnxruntime

from nncli import __version__
from nncli.data.image.image_format import ImageFormat
from nncli.errors import UsageError
from nncli.export import onnx_file
from nncli.export.check import TOLERANCE, channels_first, largest_difference, open_session, random_images
from nncli.export.onnx_file import onnx_bytes
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.model.predictor import Predictor
from tests.export.models import COLOR, THREE, featured_model
from tests.fixtures import in_span, random_model

if TYPE_CHECKING:
    from nncli.model.file import Model

TWO = ("no", "yes")


def difference(model: Model) -> float:
    """The largest difference of a probability."""
    return largest_difference(onnx_bytes(model), Predictor(model), [random_images(model.image_format)])


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("hidden", [(), (7,), (6, 5)])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize(("normalization", "n_members"), [("none", 1), ("layer", 1), ("layer", 3)])
def test_every_network_gives_the_same_probabilities(
    classes: tuple[str, ...], hidden: tuple[int, ...], activation: str, normalization: str, n_members: int
) -> None:
    """Up to what float32 loses, of which most is in the scaling."""
    model = random_model(classes, hidden, activation=activation, normalization=normalization, n_members=n_members)
    assert difference(model) <= 2e-6


@pytest.mark.parametrize("n_members", [1, 3])
def test_the_span_of_the_data_is_one_product_more(n_members: int) -> None:
    """The directions are a constant of the graph, once for all networks."""
    model = in_span(random_model(THREE, n_members=n_members))
    assert difference(model) <= 2e-6
    operations = [node.op_type for node in onnx.load_from_string(onnx_bytes(model)).graph.node]
    assert 1 == operations.count("MatMul")


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("temperature", [0.2, 1, 5])
@pytest.mark.parametrize("augmentation", ["none", "mirror"])
def test_temperature_and_mirror_images_are_part_of_it(
    classes: tuple[str, ...], temperature: float, augmentation: str
) -> None:
    """With feature blocks, as the recipes have it."""
    blocks = Patches(size=4, count=5), Hog(cell=4), ColorHistogram(bins=3)
    model = featured_model(blocks, classes=classes, temperature=temperature, test_time_augmentation=augmentation)
    assert difference(model) <= TOLERANCE
    without = replace(model, temperature=1.0, test_time_augmentation="none")
    if (temperature, augmentation) != (1, "none"):
        assert largest_difference(onnx_bytes(without), Predictor(model), [random_images(COLOR)]) > 100 * TOLERANCE


@pytest.mark.parametrize("augmentation", ["none", "mirror"])
@pytest.mark.parametrize("looks", ["parts", "parts_in_training", "shifts", "shifts_in_training"])
def test_all_looks_vote(looks: str, augmentation: str) -> None:
    """At the whole and at parts, at the whole in the size of a part, at the image and moved ones, in both layouts."""
    blocks = Patches(size=4, count=5), ColorHistogram(bins=3)
    model = featured_model(blocks, looks=looks, test_time_augmentation=augmentation)
    assert difference(model) <= TOLERANCE
    rows = random_images(COLOR)
    session = onnxruntime.InferenceSession(onnx_bytes(model, layout="nchw-float"))
    found = session.run(["probabilities"], {"images": channels_first(rows.reshape(-1, *COLOR.shape))})[0]
    np.testing.assert_allclose(Predictor(model).probabilities(rows), found, atol=TOLERANCE)


@pytest.mark.parametrize("bias", [-30, 30])
def test_a_hot_temperature_sees_the_small_probability(bias: float) -> None:
    """1 - p of a p close to 1 would be 0 in float32, and its root too small."""
    model = replace(random_model(TWO, ()), temperature=5.0)
    model.parameters.W[1][...] = 0
    model.parameters.b[1][...] = bias
    assert difference(model) <= 1e-6


def test_weights_of_float64_are_rounded() -> None:
    """The graph computes in float32, whatever the precision of the training."""
    assert difference(random_model(THREE, (5,), dtype=np.float64)) <= 2e-6


def test_the_file_is_valid_and_says_what_it_takes_and_gives() -> None:
    """By ONNX's own checker; the batch has a name in place of a size."""
    model = onnx.load_from_string(onnx_bytes(featured_model((Hog(cell=4),))))
    onnx.checker.check_model(model, full_check=True)

    def sizes(values: object) -> dict[str, list[object]]:
        return {
            each.name: [size.dim_param or size.dim_value for size in each.type.tensor_type.shape.dim]
            for each in values  # type: ignore[attr-defined]
        }

    assert {"images": ["batch", 14, 17, 3]} == sizes(model.graph.input)
    assert {"probabilities": ["batch", 3], "label": ["batch"]} == sizes(model.graph.output)


@pytest.mark.parametrize("augmentation", ["none", "mirror"])
def test_channels_first_is_the_same_model(augmentation: str) -> None:
    """From numbers between 0 and 1, which may be a little off or out of range, to the same probabilities."""
    blocks = Pixels(), Patches(size=4, count=5), ColorHistogram(bins=3), Pca(components=3)
    model = featured_model(blocks, test_time_augmentation=augmentation)
    content, rows = onnx_bytes(model, layout="nchw-float"), random_images(COLOR)
    assert largest_difference(content, Predictor(model), [rows]) <= TOLERANCE
    assert onnx.load_from_string(content).graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    session = onnxruntime.InferenceSession(content)
    assert "nchw-float" == session.get_modelmeta().custom_metadata_map["layout"]
    images = channels_first(rows.reshape(-1, *COLOR.shape))
    blurred = np.where(images == 1, 1.3, images + 0.4 / 255).astype(np.float32)
    expected, found = (session.run(["probabilities"], {"images": each})[0] for each in (images, blurred))
    np.testing.assert_array_equal(expected, found)


def test_names_say_what_a_node_is_and_what_occurs_twice_is_there_once() -> None:
    """Two blocks that look at the same patches share what they have in common."""
    blocks = Patches(size=4, count=5), DeepPatches(size=4, count=5, deep_size=2, deep_count=6, grid=2)
    model = featured_model(blocks, n_members=2, temperature=2, test_time_augmentation="mirror")
    graph = onnx.load_from_string(onnx_bytes(model)).graph
    parts = {node.name.rpartition("/")[0] for node in graph.node}
    networks = {f"network_{member}/layer_{l}" for member in (1, 2) for l in (1, 2)}
    assert {"images", "mirror", "patches", "deep_patches", "scaling", "vote", "temperature", "", *networks} == parts
    kinds = [(node.op_type, tuple(node.input), str(node.attribute)) for node in graph.node]
    assert len(kinds) == len(set(kinds))
    used = {name for node in graph.node for name in node.input} | {each.name for each in graph.output}
    assert not [name for node in graph.node for name in node.output if name not in used]


def test_the_metadata_tells_how_to_use_it() -> None:
    """Also with names that are no UTF-8."""
    model = random_model(("ไทย", "\udcff", 'a"<b>'), image_format=ImageFormat(4, 3, "rgb", "pad"))
    found = {each.key: each.value for each in onnx.load_from_string(onnx_bytes(model)).metadata_props}
    assert ["ไทย", "\udcff", 'a"<b>'] == json.loads(found["classes"])
    assert {"height": 4, "width": 3, "color": "rgb", "resize": "pad"} == json.loads(found["image"])
    assert [{"kind": "pixels"}] == json.loads(found["features"])
    assert __version__ == found["nncli_version"]


def test_the_same_model_gives_the_same_bytes() -> None:
    """There is no clock and no path in it."""
    assert onnx_bytes(featured_model((Hog(cell=4),))) == onnx_bytes(featured_model((Hog(cell=4),)))


def test_an_ensemble_shares_its_features() -> None:
    """Three members of ten numbers take less than three models."""
    one, three = (len(onnx_bytes(random_model(THREE, (2,), n_members=n))) for n in (1, 3))
    assert three < 3 * one


def test_the_label_is_the_index_of_the_largest() -> None:
    """For each image of a batch."""
    model = random_model(THREE)
    rows = random_images(model.image_format)
    probabilities, label = open_session(onnx_bytes(model))(rows.reshape(-1, 4, 3, 3))
    np.testing.assert_array_equal(probabilities.argmax(axis=1), label)
    assert np.int64 == label.dtype
    assert len(set(label.tolist())) > 1


def test_too_large_a_model_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """ONNX has a limit, which is said before anything is encoded."""
    monkeypatch.setattr(onnx_file, "LARGEST", (1 << 20) + 100)
    with pytest.raises(UsageError, match="the model has 0 MB; an ONNX file can have 1"):
        onnx_bytes(random_model(THREE))
