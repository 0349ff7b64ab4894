"""The model file: it comes back as it was written, tells what is wrong with it, and needs NumPy alone to be used."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.errors import ModelFileError, NncliError
from nncli.features.column import FeatureColumn
from nncli.features.patches import PatchesBlock
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.machine.npz_file import read_npz, write_npz
from nncli.model.checks import KEYS, MAX_METADATA
from nncli.model.file import Model, read_model, write_model
from nncli.model.predictor import Predictor
from nncli.network.parameters import Parameters
from tests.fixtures import in_span, random_model, random_pixels, same_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray

    Change = Callable[[dict[str, NDArray[Any]], dict[str, Any]], object]

DOCUMENT = Path(__file__).parents[2] / "docs" / "model-file.md"
THREE = ("ant", "bee", "cow")


@pytest.mark.parametrize("classes", [("no", "yes"), THREE, ("ไทย", "\udcff", "\x1b[2J", "a\tb")])
@pytest.mark.parametrize("hidden", [(), (5,), (4, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("normalization", "n_members"), [("none", 1), ("layer", 1), ("layer", 3)])
def test_a_model_comes_back_as_it_was(
    tmp_path: Path,
    classes: tuple[str, ...],
    hidden: tuple[int, ...],
    dtype: DTypeLike,
    normalization: str,
    n_members: int,
) -> None:
    """Weights, names, image format and scaling survive to the bit, whatever the names."""
    model = random_model(classes, hidden, dtype=dtype, normalization=normalization, n_members=n_members)
    write_model(tmp_path / "model.npz", model)
    assert same_model(model, read_model(tmp_path / "model.npz"))


@pytest.mark.parametrize(("normalization", "n_members"), [("none", 1), ("none", 3)])
def test_a_model_in_the_span_of_its_data_comes_back_as_it_was(
    tmp_path: Path, normalization: str, n_members: int
) -> None:
    """Its directions too, once for all networks and in half precision; the format's version says so."""
    model = in_span(random_model(THREE, normalization=normalization, n_members=n_members))
    write_model(tmp_path / "model.npz", model)
    again = read_model(tmp_path / "model.npz")
    assert same_model(model, again)
    pixels = random_pixels(7)
    expected = Predictor(model).probabilities(pixels)
    np.testing.assert_array_equal(expected, Predictor(again).probabilities(pixels))
    arrays = np.load(tmp_path / "model.npz")
    assert (2, (36, 4), np.float16) == (
        json.loads(arrays["metadata"].tobytes())["format_version"],
        arrays["projection"].shape,
        arrays["projection"].dtype,
    )


def test_other_models_are_files_of_the_first_version(tmp_path: Path) -> None:
    """Older builds read them."""
    write_model(tmp_path / "model.npz", random_model())
    assert 1 == json.loads(np.load(tmp_path / "model.npz")["metadata"].tobytes())["format_version"]


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("projection", np.zeros((36, 5), np.float16), "projection is float16 (36, 5), expected float16 (36, 4)"),
        ("projection", np.zeros((36, 4), np.float32), "projection is float32 (36, 4), expected float16 (36, 4)"),
        ("projection", np.full((36, 4), np.nan, np.float16), "projection holds a value that is not finite"),
        ("projection_shift", np.zeros(5, np.float32), "projection_shift is float32 (5,), expected float32 (4,)"),
    ],
)
def test_a_projection_that_is_wrong(tmp_path: Path, name: str, array: NDArray[Any], reason: str) -> None:
    """Its arrays are checked as all others are, and it can only make a column shorter."""
    path = tmp_path / "model.npz"
    write_model(path, in_span(random_model(THREE)))
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, name: array})
    with pytest.raises(ModelFileError, match=re.escape(reason)):
        read_model(path)
    write_model(path, in_span(random_model(THREE), 37))
    with pytest.raises(ModelFileError, match="layer_dims starts with 37, more than the 36 entries"):
        read_model(path)


def test_two_classes_may_have_two_outputs(tmp_path: Path) -> None:
    """A softmax over two classes is a model as well."""
    model = replace(random_model(THREE), parameters=Parameters((36, 2)), classes=("no", "yes"))
    write_model(tmp_path / "model.npz", model)
    assert same_model(model, read_model(tmp_path / "model.npz"))


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
@pytest.mark.parametrize("color", ["rgb", "grayscale"])
def test_a_model_predicts_as_before(tmp_path: Path, activation: str, resize: str, color: str) -> None:
    """What was written and read gives the same probabilities."""
    image_format = ImageFormat(3, 5, color, resize)
    model = random_model(THREE, activation=activation, image_format=image_format)
    write_model(tmp_path / "model.npz", model)
    pixels = random_pixels(4, image_format)
    expected = Predictor(model).probabilities(pixels)
    np.testing.assert_array_equal(expected, Predictor(read_model(tmp_path / "model.npz")).probabilities(pixels))


def test_equal_models_give_equal_bytes(tmp_path: Path) -> None:
    """There is no clock and no path in the file."""
    write_model(tmp_path / "a.npz", random_model())
    (tmp_path / "other").mkdir()
    write_model(tmp_path / "other" / "b.npz", random_model())
    write_model(tmp_path / "c.npz", read_model(tmp_path / "a.npz"))
    data = (tmp_path / "a.npz").read_bytes()
    assert data == (tmp_path / "other" / "b.npz").read_bytes()
    assert data == (tmp_path / "c.npz").read_bytes()


def test_another_model_gives_other_bytes(tmp_path: Path) -> None:
    """Everything that matters is in the file."""
    model = random_model()
    others = [
        random_model(seed=1),
        replace(model, classes=("dog", "cat")),
        replace(model, activation="tanh"),
        replace(model, image_format=ImageFormat(3, 4, "rgb", "stretch")),
        replace(model, scaling=random_model(seed=1).scaling),
        replace(model, training={}),
    ]
    files = set()
    for each in (model, *others):
        write_model(tmp_path / "a.npz", each)
        files.add((tmp_path / "a.npz").read_bytes())
    assert 1 + len(others) == len(files)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_weight_that_is_not_finite_is_not_written(tmp_path: Path, value: float) -> None:
    """The model that was there stays."""
    path = tmp_path / "model.npz"
    write_model(path, random_model())
    broken = random_model(seed=1)
    broken.parameters.b[2][0, 0] = value
    with pytest.raises(NncliError, match=f"^{path}: not written, because a weight is not finite"):
        write_model(path, broken)
    assert same_model(random_model(), read_model(path))


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    """The limit on the metadata holds for both sides."""
    classes = (*THREE, "x" * MAX_METADATA)
    with pytest.raises(NncliError, match="not written, because the class names are too long"):
        write_model(tmp_path / "model.npz", random_model(classes))
    assert [] == list(tmp_path.iterdir())


def featured_model(looks: str = "whole") -> Model:
    """A model that sees patches, a histogram and principal components, and votes with the mirror image."""
    blocks = Patches(size=3, count=4, grid=2), ColorHistogram(bins=2), Pca(components=5)
    image_format = ImageFormat(8, 7, "rgb", "stretch")
    column = FeatureColumn.fit(blocks, image_format.shape, random_pixels(20, image_format), seed=1, looks=looks)
    parameters = Parameters((column.n_features, 3))
    parameters.flat[:] = np.random.default_rng(0).standard_normal(parameters.flat.size) / 10
    scale, offset = np.random.default_rng(1).random((2, column.n_features), np.float32)
    return Model(parameters, "relu", THREE, image_format, Scaling(scale, offset), {}, column, "mirror")


@pytest.mark.parametrize("looks", ["whole", "parts", "parts_in_training", "shifts"])
def test_features_come_back_to_the_bit(tmp_path: Path, looks: str) -> None:
    """Settings, what was learned, and who votes; predictions are equal, and so are the bytes."""
    model = featured_model(looks)
    write_model(tmp_path / "model.npz", model)
    found = read_model(tmp_path / "model.npz")
    assert same_model(model, found)
    assert (model.column.features, "mirror") == (found.column.features, found.test_time_augmentation)
    assert (looks, model.n_looks) == (found.column.looks, found.n_looks)
    for name, array in model.column.arrays().items():
        np.testing.assert_array_equal(array, found.column.arrays()[name])
    pixels = random_pixels(9, model.image_format)
    np.testing.assert_array_equal(Predictor(model).probabilities(pixels), Predictor(found).probabilities(pixels))
    write_model(tmp_path / "again.npz", found)
    assert (tmp_path / "model.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


def test_shifts_that_do_not_vote_leave_no_trace(tmp_path: Path) -> None:
    """A model that saw moved images in training alone is one that any version reads: the same bytes as without them."""
    for name, looks in (("moved", "shifts_in_training"), ("plain", "whole")):
        write_model(tmp_path / name, featured_model(looks))
    assert (tmp_path / "plain").read_bytes() == (tmp_path / "moved").read_bytes()


# ---------------------------------------------------------------------------------------------- inconsistent in any way


def write_changed(path: Path, change: Change, model: Model | None = None) -> None:
    """Write a model of three classes and 4x3 rgb images, with layers 36, 5, 3, after `change(arrays, metadata)`."""
    write_model(path, model or random_model(THREE))
    arrays = read_npz(path)
    metadata = json.loads(arrays["metadata"].tobytes())
    change(arrays, metadata)
    if "metadata" in arrays and arrays["metadata"].size > 100:  # not replaced by `change`
        arrays["metadata"] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    write_npz(path, arrays)


def refusal(path: Path, change: Change, model: Model | None = None) -> str:
    """Why a model is refused after `change(arrays, metadata)`; one line that begins with its path."""
    write_changed(path, change, model)
    with pytest.raises(ModelFileError) as caught:
        read_model(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: is not a valid nncli model: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: is not a valid nncli model: ")


def setting(*keys: str | int, value: Any) -> Change:
    """A change of one value in the metadata, at the end of `keys`."""

    def change(_arrays: object, metadata: Any) -> None:
        for key in keys[:-1]:
            metadata = metadata[key]
        metadata[keys[-1]] = value

    return change


def putting(name: str, array: Any) -> Change:
    """A change of one array."""
    return lambda arrays, _metadata: arrays.update({name: np.asarray(array)})


def test_an_unchanged_model_is_accepted(tmp_path: Path) -> None:
    """The helper of the tests below does no harm by itself."""
    write_changed(tmp_path / "model.npz", lambda _arrays, _metadata: None)
    assert same_model(random_model(THREE), read_model(tmp_path / "model.npz"))


@pytest.mark.parametrize("name", ["metadata", "scale", "offset", "W1", "W2", "b1", "b2"])
def test_an_array_that_is_missing(tmp_path: Path, name: str) -> None:
    """As a save that was cut short would leave it."""
    assert f"no '{name}'" == refusal(tmp_path / "model.npz", lambda arrays, _metadata: arrays.pop(name))


@pytest.mark.parametrize("name", ["W3", "W0", "b3", "more"])
def test_an_array_too_many(tmp_path: Path, name: str) -> None:
    """Nobody knows what it would mean."""
    assert f"unknown array '{name}'" == refusal(tmp_path / "model.npz", putting(name, np.zeros((1, 1), np.float32)))


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("W1", np.zeros((36, 5), np.float32), "W1 is float32 (36, 5), expected float32 (5, 36)"),
        ("W2", np.zeros((3, 4), np.float32), "W2 is float32 (3, 4), expected float32 (3, 5)"),
        ("W2", np.zeros((3, 5), np.float64), "W2 is float64 (3, 5), expected float32 (3, 5)"),
        ("b1", np.zeros(5, np.float32), "b1 is float32 (5,), expected float32 (5, 1)"),
        ("b2", np.zeros((1, 3), np.float32), "b2 is float32 (1, 3), expected float32 (3, 1)"),
        ("scale", np.zeros((36, 1)), "scale is float64 (36, 1), expected float32 (36, 1)"),
        ("offset", np.zeros((35, 1), np.float32), "offset is float32 (35, 1), expected float32 (36, 1)"),
        ("W1", np.zeros((5, 36), np.float16), "W1 is float16 (5, 36), expected float32 (5, 36)"),
        ("b1", np.zeros((5, 1), np.int64), "weights are int64"),
        ("b1", np.zeros((5, 1), ">f4"), "weights are >f4"),
    ],
)
def test_an_array_of_another_shape_or_type(tmp_path: Path, name: str, array: NDArray[Any], reason: str) -> None:
    """The message has the name, what it is and what it should be."""
    assert reason == refusal(tmp_path / "model.npz", putting(name, array))


@pytest.mark.parametrize(
    ("name", "array", "reason"),
    [
        ("gain1", np.ones((4, 1), np.float32), "gain1 is float32 (4, 1), expected float32 (5, 1)"),
        ("shift1", np.ones((5, 1)), "shift1 is float64 (5, 1), expected float32 (5, 1)"),
        ("shift1", np.full((5, 1), np.nan, np.float32), "shift1 holds a value that is not finite"),
        ("gain2", np.ones((3, 1), np.float32), "unknown array 'gain2'"),
    ],
)
def test_an_array_of_layer_normalization_that_is_wrong(
    tmp_path: Path, name: str, array: NDArray[Any], reason: str
) -> None:
    """Gains and shifts are checked as weights are; the last layer has none."""

    def change(arrays: dict[str, NDArray[Any]], metadata: dict[str, Any]) -> None:
        metadata["normalization"] = "layer"
        arrays.update({"gain1": np.ones((5, 1), np.float32), "shift1": np.ones((5, 1), np.float32), name: array})

    assert reason == refusal(tmp_path / "model.npz", change)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", ["W1", "b2", "scale", "offset"])
def test_a_value_that_is_not_finite(tmp_path: Path, name: str, value: float) -> None:
    """It would spread to every probability."""

    def change(arrays: dict[str, NDArray[Any]], _metadata: object) -> None:
        arrays[name] = arrays[name].copy()
        arrays[name][0, 0] = value

    assert f"{name} holds a value that is not finite" == refusal(tmp_path / "model.npz", change)


NUMBERS = "layer_dims is not a list of positive integers"
DISTINCT = "classes are fewer than two or not distinct"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (setting("format", value="nncli-checkpoint"), "metadata is not a model's"),
        (setting("format_version", value=4), "format_version is 4, this nncli reads 1 to 3; update nncli"),
        (setting("format_version", value=True), "format_version is True, this nncli reads 1 to 3; update nncli"),
        (setting("format_version", value=None), "format_version is None, this nncli reads 1 to 3; update nncli"),
        (setting("more", value=1), "metadata has an unknown 'more'"),
        (setting("layer_dims", value="36 5 3"), NUMBERS),
        (setting("layer_dims", value=[36]), NUMBERS),
        (setting("layer_dims", value=[36, 0, 3]), NUMBERS),
        (setting("layer_dims", value=[36, 5.0, 3]), NUMBERS),
        (setting("layer_dims", value=[36, True, 3]), NUMBERS),
        (setting("layer_dims", value=[35, 5, 3]), "layer_dims starts with 35, the feature column has 36 entries"),
        (setting("layer_dims", value=[36, 5, 4]), "layer_dims ends with 4 for 3 classes"),
        (setting("layer_dims", value=[36, 5, 1]), "layer_dims ends with 1 for 3 classes"),
        (setting("layer_dims", value=[36, 6, 3]), "W1 is float32 (5, 36), expected float32 (6, 36)"),
        (setting("layer_dims", value=[36, 5, 3, 3]), "no 'W3'"),
        (setting("layer_dims", value=[36, 10**30, 3]), f"W1 is float32 (5, 36), expected float32 ({10**30}, 36)"),
        (setting("image", "height", value=5), "layer_dims starts with 36, the feature column has 45 entries"),
        (setting("image", "height", value=True), "image height is True, not a whole number from 1 to 4096"),
        (setting("image", "color", value="cmyk"), "image color is 'cmyk', not one of rgb, grayscale"),
        (setting("image", "more", value=1), "the image format must have exactly the keys height, width, color, resize"),
        (setting("image", value=[]), "the image format must have exactly the keys height, width, color, resize"),
        (setting("activation", value="swish"), "unknown activation 'swish'"),
        (setting("normalization", value="batch"), "unknown normalization 'batch'"),
        (setting("normalization", value=["layer"]), "unknown normalization ['layer']"),
        (setting("normalization", value="layer"), "no 'gain1'"),
        (setting("ensemble", value=2), "W1 is float32 (5, 36), expected float32 (2, 5, 36)"),
        (setting("ensemble", value=10**15), f"W1 is float32 (5, 36), expected float32 ({10**15}, 5, 36)"),
        (setting("ensemble", value=0), "ensemble is 0, not a number of networks"),
        (setting("ensemble", value=True), "ensemble is True, not a number of networks"),
        (setting("ensemble", value="2"), "ensemble is '2', not a number of networks"),
        (setting("activation", value=["relu"]), "unknown activation ['relu']"),
        (setting("output", value="sigmoid"), "output is 'sigmoid' for layer_dims (36, 5, 3)"),
        (setting("classes", value=["a", "b", "a"]), DISTINCT),
        (setting("classes", value=["a"]), DISTINCT),
        (setting("classes", value=["a", "b", 3]), "classes is not a list of names"),
        (setting("classes", value=["a", "b", ""]), "classes is not a list of names"),
        (setting("classes", value={"a": 0, "b": 1, "c": 2}), "classes is not a list of names"),
        (setting("classes", value=["a", "b"]), "layer_dims ends with 3 for 2 classes"),
        (setting("training", value=[]), "training is not a mapping"),
    ],
)
def test_metadata_that_does_not_fit(tmp_path: Path, change: Change, reason: str) -> None:
    """The message names the key and what is wrong with it."""
    assert reason == refusal(tmp_path / "model.npz", change)


LARGE = {"height": 4096, "width": 4096, "color": "grayscale", "resize": "stretch"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (putting("features1.matrix", np.zeros((28, 5), np.float32)), "features1.matrix is float32 (28, 5), expected"),
        (putting("features1.matrix", np.zeros((28, 4))), "features1.matrix is float64 (28, 4), expected float32"),
        (
            putting("features3.mean", np.full(168, np.nan, np.float32)),
            "features3.mean holds a value that is not finite",
        ),
        (putting("features2.matrix", np.zeros((28, 4), np.float32)), "unknown array 'features2.matrix'"),
        (lambda arrays, _metadata: arrays.pop("features3.directions"), "no 'features3.directions'"),
        (setting("features", value=[]), "features is not a list of blocks"),
        (setting("features", value=[{"kind": "sift"}]), "features has an unknown block 'sift'"),
        (setting("features", 0, "count", value=5), "layer_dims starts with 45, the feature column has 53 entries"),
        (setting("features", 0, "size", value=9), "patches of size 9 do not fit into 8x7 images"),
        (setting("features", 0, "size", value="3"), "patches.size is '3', not an integer from 2 to 32"),
        (setting("features", 0, "contrast", value=float("nan")), "patches.contrast is nan, not a number from 0 to 1"),
        (
            setting("features", 1, "bins", value=10**9),
            "color_histogram.bins is 1000000000, not an integer from 2 to 16",
        ),
        (setting("features", 2, "components", value=169), "169 components are more than the 168 values of an image"),
        (setting("image", value=LARGE), "patches at 16,760,836 places of 4096x4096 images: a larger stride is needed"),
        (
            setting("features", value=[{"kind": "color_histogram", "bins": 16, "grid": 7}] * 6),
            "more than 1,000,000 features",
        ),
        (setting("test_time_augmentation", value="rotate"), "unknown test_time_augmentation 'rotate'"),
        (setting("test_time_augmentation", value=["mirror"]), "unknown test_time_augmentation ['mirror']"),
    ],
)
def test_features_that_do_not_fit(tmp_path: Path, change: Change, reason: str) -> None:
    """A forged model does not get as far as computing anything."""
    assert refusal(tmp_path / "model.npz", change, featured_model()).startswith(reason)


def deep_model() -> Model:
    """A model that sees patches of patches of 9x8 gray images."""
    blocks = (DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=5, grid=2),)
    image_format = ImageFormat(9, 8, "grayscale", "stretch")
    column = FeatureColumn.fit(blocks, image_format.shape, random_pixels(20, image_format), seed=1)
    parameters = Parameters((column.n_features, 3))
    parameters.flat[:] = np.random.default_rng(0).standard_normal(parameters.flat.size) / 10
    scale, offset = np.random.default_rng(1).random((2, column.n_features), np.float32)
    return Model(parameters, "relu", THREE, image_format, Scaling(scale, offset), {}, column, temperature=1.25)


def test_patches_of_patches_come_back_to_the_bit(tmp_path: Path) -> None:
    """Both layers, and the temperature; predictions are equal, and so are the bytes."""
    model = deep_model()
    write_model(tmp_path / "model.npz", model)
    found = read_model(tmp_path / "model.npz")
    assert (model.column.features, 1.25) == (found.column.features, found.temperature)
    pixels = random_pixels(9, model.image_format)
    np.testing.assert_array_equal(Predictor(model).probabilities(pixels), Predictor(found).probabilities(pixels))
    write_model(tmp_path / "again.npz", found)
    assert (tmp_path / "model.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (setting("features", 0, "size", value=9), "patches of size 9 do not fit into 9x8 images"),
        (setting("features", 0, "pool", value=7), "patterns of 2 squares and a grid of 2 need larger images, or less"),
        (setting("features", 0, "deep_size", value=16), "patterns of 16 squares and a grid of 2 need larger images"),
        (
            setting("features", 0, "count", value=1024),
            "features1.matrix is float32 (10, 4), expected float32 (10, 1024)",
        ),
        (setting("features", 0, "pool", value=0), "deep_patches.pool is 0, not an integer from 1 to 32"),
        (setting("features", 0, "deep_threshold", value=None), "deep_patches.deep_threshold is None, not a number"),
        (setting("features", 0, "deep_count", value=6), "layer_dims starts with 40, the feature column has 48 entries"),
        (setting("image", value=LARGE), "patches at 16,760,836 places of 4096x4096 images: a larger stride or pool"),
        (putting("features1.faint", np.zeros(2, np.float32)), "features1.faint is float32 (2,), expected float32 (1,)"),
        (
            putting("features1.faint", np.full(1, np.inf, np.float32)),
            "features1.faint holds a value that is not finite",
        ),
        (putting("features1.deep_matrix", np.zeros((33, 6), np.float32)), "features1.deep_matrix is float32 (33, 6)"),
        (lambda arrays, _metadata: arrays.pop("features1.matrix"), "no 'features1.matrix'"),
        (lambda arrays, _metadata: arrays.pop("features1.faint"), "no 'features1.faint'"),
    ],
)
def test_patches_of_patches_that_do_not_fit(tmp_path: Path, change: Change, reason: str) -> None:
    """A forged model does not get as far as computing anything."""
    assert refusal(tmp_path / "model.npz", change, deep_model()).startswith(reason)


@pytest.mark.parametrize("temperature", [0, 0.19, 5.01, -1, float("nan"), float("inf"), True, "1", None, [1]])
def test_a_temperature_out_of_range(tmp_path: Path, temperature: object) -> None:
    """It could not have been fitted."""
    reason = refusal(tmp_path / "model.npz", setting("temperature", value=temperature))
    assert reason.endswith("not a number from 0.2 to 5.0")
    assert reason.startswith(f"temperature is {temperature!r}, ")


def test_a_forged_model_of_huge_images_costs_nothing_to_load(tmp_path: Path) -> None:
    """The largest images with the finest grid that pass the checks: what it computes with is made when it is needed."""
    shape = ImageFormat(2000, 2000, "grayscale", "stretch")
    blocks = Patches(size=2, count=1, grid=16, stride=6), ColorHistogram(bins=2, grid=16)
    column = FeatureColumn(blocks, shape.shape, [PatchesBlock(blocks[0], shape.shape, np.zeros((5, 1), np.float32))])
    n = 2 * 256 + 2 * 256
    scaling = Scaling(np.ones(n, np.float32), np.zeros(n, np.float32))
    write_model(tmp_path / "model.npz", Model(Parameters((n, 3)), "relu", THREE, shape, scaling, {}, column))
    tracemalloc.start()
    try:
        read_model(tmp_path / "model.npz")
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("key", [key for key in KEYS if not key.startswith("format")])
def test_a_key_that_is_missing(tmp_path: Path, key: str) -> None:
    """Every key is required, even those that prediction could do without."""
    assert f"metadata has no '{key}'" == refusal(tmp_path / "model.npz", lambda _arrays, metadata: metadata.pop(key))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Expecting value"),
        (b"hello", "Expecting value"),
        (b"[]", "metadata is not a mapping"),
        (b"\xff\xfe", "codec can't decode byte"),
        (b"[" * 99, "Expecting value"),
        (b"{}", "metadata is not a model's"),
    ],
)
def test_metadata_that_is_no_text(tmp_path: Path, text: bytes, reason: str) -> None:
    """Bytes that are no JSON mapping are refused."""
    assert reason in refusal(tmp_path / "model.npz", putting("metadata", np.frombuffer(text, np.uint8)))


def test_metadata_that_is_nested_endlessly(tmp_path: Path) -> None:
    """Deep nesting is an error in one line, not a crash."""
    text = b'{"format":' + b"[" * 1_000_000

    def change(arrays: dict[str, NDArray[Any]], _metadata: object) -> None:
        del arrays["metadata"]

    write_changed(tmp_path / "model.npz", change)
    arrays = {"metadata": np.frombuffer(text, np.uint8), **read_npz(tmp_path / "model.npz")}
    write_npz(tmp_path / "model.npz", arrays)
    with pytest.raises(ModelFileError, match="is not a valid nncli model: maximum recursion depth"):
        read_model(tmp_path / "model.npz")


def test_metadata_without_end(tmp_path: Path) -> None:
    """What would take twenty times its size in memory is not even parsed."""
    write_npz(tmp_path / "model.npz", {"metadata": np.full(MAX_METADATA + 1, ord("["), np.uint8)})
    tracemalloc.start()
    try:
        with pytest.raises(ModelFileError, match=r"metadata of [0-9,]+ bytes is too long"):
            read_model(tmp_path / "model.npz")
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_METADATA
    finally:
        tracemalloc.stop()


def test_names_in_a_message_are_escaped(tmp_path: Path) -> None:
    """A hostile model cannot write to the terminal through an error."""
    assert r"unknown activation '\x1b[2J'" == refusal(tmp_path / "model.npz", setting("activation", value="\x1b[2J"))
    name = "\x9b2J\u202e"
    assert r"unknown array '\x9b2J\u202e'" == refusal(tmp_path / "model.npz", putting(name, np.zeros(1)))


def test_a_checkpoint_or_any_other_archive_is_no_model(tmp_path: Path) -> None:
    """The reason is a plain one."""
    write_npz(tmp_path / "model.npz", {"x": np.zeros(3)})
    with pytest.raises(ModelFileError, match=r"model.npz: is not a valid nncli model: no 'metadata'$"):
        read_model(tmp_path / "model.npz")


def test_loading_costs_three_times_the_file_at_most(tmp_path: Path) -> None:
    """Arrays and parameters are there at the same time, and not more."""
    model = random_model(THREE, (400,), image_format=ImageFormat(20, 40, "rgb", "stretch"))
    write_model(tmp_path / "model.npz", model)
    tracemalloc.start()
    try:
        read_model(tmp_path / "model.npz")
        assert tracemalloc.get_traced_memory()[1] < 3 * (tmp_path / "model.npz").stat().st_size
    finally:
        tracemalloc.stop()


def test_damage_never_predicts(tmp_path: Path) -> None:
    """A model with a flipped byte is refused, or it is the same model."""
    path = tmp_path / "model.npz"
    write_model(path, random_model(THREE, ()))
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    n_refused = 0
    for position in rng.integers(0, len(data), 300).tolist():
        before = data[position]
        data[position] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        data[position] = before
        try:
            model = read_model(path)
        except ModelFileError:
            n_refused += 1
        else:
            assert same_model(random_model(THREE, ()), model)
    assert 250 < n_refused


# ---------------------------------------------------------------------------------------------------- the documentation


def example() -> str:
    """The Python program in the documentation."""
    (program,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    return str(program)


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
@pytest.mark.parametrize("classes", [("no", "yes"), THREE])
@pytest.mark.parametrize(("hidden", "n_members"), [((), 1), ((8,), 1), ((8, 5), 1), ((8, 5), 3)])
def test_the_documented_program_predicts_the_same(
    tmp_path: Path, classes: tuple[str, ...], color: str, hidden: tuple[int, ...], n_members: int
) -> None:
    """Eleven lines of NumPy and Pillow agree with the Predictor to a millionth, for photos larger than the input."""
    image_format = ImageFormat(6, 5, color, "stretch")
    model = random_model(classes, hidden, image_format=image_format, n_members=n_members, seed=3)
    write_model(tmp_path / "model.npz", model)
    pixels = np.random.default_rng(0).integers(0, 256, (37, 50, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")

    program = [sys.executable, "-W", "error", "-c", example()]
    result = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = json.loads(result.stdout)

    (prediction,) = Predictor(model).predict([("photo.png", str(tmp_path / "photo.png"))])
    assert classes == tuple(found)
    np.testing.assert_allclose(prediction.probabilities, list(found.values()), atol=1e-6)


def test_the_documented_program_has_thirteen_lines_and_needs_numpy_and_pillow_alone() -> None:
    """As its heading promises."""
    lines = [line for line in example().splitlines() if line]
    imports = ["import json", "import numpy as np", "from PIL import Image"]
    assert imports == lines[:3]
    assert 13 == len(lines[3:])
    assert not [line for line in lines[3:] if "import" in line]


def test_the_documentation_names_every_key_and_array(tmp_path: Path) -> None:
    """A key or an array that is added is documented."""
    write_model(tmp_path / "model.npz", random_model(normalization="layer"))
    tables = "\n".join(line.split("|")[1] for line in DOCUMENT.read_text().splitlines() if line.startswith("| `"))
    for name in (*KEYS, *read_npz(tmp_path / "model.npz")):
        assert f"`{re.sub('2$', 'L', name)}`" in tables
