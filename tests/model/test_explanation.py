"""What in an image drove the answer: images and networks of which that is known."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling, zero_one
from nncli.features.column import FeatureColumn
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.pixels import Pixels
from nncli.features.span import Projection
from nncli.model.explanation import _network_input, explain, occlusion_maps, slope, spot_size
from nncli.model.file import Model
from nncli.model.predictor import Predictor
from nncli.model.task import Multilabel
from nncli.network.parameters import Parameters

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 12
RNG = np.random.default_rng(5)


def random_model(dims: tuple[int, ...], activation: str = "tanh", **network: Any) -> Model:
    """A model of 4x4 gray pixels with random weights."""
    parameters = Parameters(dims, np.float64, **network)
    parameters.flat[:] = RNG.normal(0, 0.5, parameters.flat.size)
    classes = tuple("abcdef"[: max(dims[-1], 2)])
    scaling = zero_one(np.zeros((1, dims[0]), np.uint8))
    return Model(parameters, activation, classes, ImageFormat(4, 4, "grayscale", "stretch"), scaling)


def corner_model(mirror: str = "none") -> Model:
    """Sees 12x12 gray pixels; the second class is a bright upper left quarter."""
    parameters = Parameters((SIDE * SIDE, 1))
    weights = np.zeros((SIDE, SIDE))
    weights[: SIDE // 2, : SIDE // 2] = 0.2
    parameters.W[1][...] = weights.reshape(1, -1)
    parameters.b[1][...] = -3
    form, scaling = ImageFormat(SIDE, SIDE, "grayscale", "stretch"), zero_one(np.zeros((1, SIDE * SIDE), np.uint8))
    return Model(parameters, "relu", ("no", "yes"), form, scaling, test_time_augmentation=mirror)


def dotted(*places: tuple[int, int]) -> NDArray[np.uint8]:
    """A black image with white dots of 2x2 pixels, as a row."""
    image = np.zeros((SIDE, SIDE), np.uint8)
    for top, left in places:
        image[top : top + 2, left : left + 2] = 255
    return image.ravel()


def quarters(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over the four quarters of a map, (2, 2)."""
    half = SIDE // 2
    sums: NDArray[np.float64] = values.reshape(2, half, 2, half).sum(axis=(1, 3))
    return sums


def test_a_score_falls_where_its_cause_is_hidden() -> None:
    """Of two dots, only the one that the score looks at counts; a constant score gives an empty map."""

    def score(rows: NDArray[np.uint8]) -> NDArray[np.float64]:
        images = rows.reshape(-1, SIDE, SIDE).astype(np.float64)
        return np.stack([images[:, :6, :6].sum(axis=(1, 2)), np.ones(len(rows))], axis=1)

    maps = occlusion_maps(dotted((2, 3), (8, 8)), (SIDE, SIDE, 1), score)
    assert (2, SIDE, SIDE) == maps.shape
    top, left = np.unravel_index(maps[0].argmax(), (SIDE, SIDE))
    assert top in (2, 3)
    assert left in (3, 4)
    assert quarters(maps[0])[0, 0] > 5 * np.abs(quarters(maps[0])[1, 1])
    assert not maps[1].any()


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_the_quarter_that_counts_is_found(method: str) -> None:
    """By either method; the maps of two classes are each other's opposite."""
    result = explain(Predictor(corner_model()), dotted((2, 2), (8, 8)), method)
    assert {0, 1} == set(result.classes)
    assert 1 == pytest.approx(sum(result.probabilities))
    yes = result.maps[result.classes.index(1)]
    assert quarters(yes)[0, 0] > 10 * np.abs(quarters(yes)[1, 1])
    no = result.maps[result.classes.index(0)]
    assert -1 == pytest.approx(np.sign(quarters(no)[0, 0]))


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_with_mirrored_predictions_both_sides_count(method: str) -> None:
    """The upper right quarter, mirrored, is the upper left one."""
    result = explain(Predictor(corner_model("mirror")), dotted((2, 8)), method)
    yes = quarters(result.maps[result.classes.index(1)])
    assert yes[0, 1] > 4 * np.abs(yes[1]).max()


def test_very_sure_answers_still_have_a_map() -> None:
    """Where 1 - p is too small for a float32, the odds still tell."""
    model = corner_model()
    model.parameters.b[1][...] = 20
    result = explain(Predictor(model), dotted((2, 2)), "occlusion")
    assert 1.0 == result.probabilities[0]
    assert quarters(result.maps[0])[0, 0] > 0.01


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_explained_through_the_span(method: str) -> None:
    """Directions that show only the top left corner: nothing else can have driven the answer."""
    model = corner_model()
    n = model.column.n_features
    one = np.zeros((n, 1), np.float16)
    one[0] = 1
    parameters = Parameters((1, *model.layer_dims[1:]))
    for l, (W, b) in enumerate(zip(parameters.W[1:], parameters.b[1:], strict=True), start=1):
        W[...] = model.parameters.W[l][:, :1] if l == 1 else model.parameters.W[l]
        b[...] = model.parameters.b[l]
    seen = replace(model, parameters=parameters, projection=Projection(one, np.zeros(1, np.float32)))
    maps = explain(Predictor(seen), dotted((0, 0)), method).maps
    assert (0, 0) == np.unravel_index(np.abs(maps[0]).argmax(), maps[0].shape)


@pytest.mark.parametrize(
    ("dims", "network"),
    [
        ((16, 3), {}),
        ((16, 5, 1), {}),
        ((16, 5, 4, 3), {"normalization": "layer"}),
        ((16, 4, 3), {"n_members": 3}),
        ((16, 4, 1), {"n_members": 2}),
    ],
)
def test_the_slope_is_the_numeric_derivative(dims: tuple[int, ...], network: dict[str, Any]) -> None:
    """Of the log-probability, with respect to every value of the input."""
    model = random_model(dims, **network)
    x, step = RNG.uniform(0, 1, 16), 1e-5
    units = Scaling(np.ones(16, np.float32), np.zeros(16, np.float32))
    seen = Predictor(Model(model.parameters, model.activation, model.classes, model.image_format, units))

    def probabilities(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        Y_hat = seen._forward(rows).T  # type: ignore[arg-type]  # numbers between pixels: a step of one is too large
        return np.concatenate([1 - Y_hat, Y_hat], axis=1) if Y_hat.shape[1] == 1 else Y_hat

    for k in range(len(model.classes)):
        up, down = (np.log(probabilities(x + sign * step * np.eye(16))[:, k]) for sign in (1, -1))
        assert (up - down) / (2 * step) == pytest.approx(slope(model, x, k), rel=1e-4, abs=1e-6)


def test_slope_of_a_label_does_not_depend_on_the_others() -> None:
    """The derivative of its own log-probability, of two networks that vote; for one label alone, too."""
    for n_labels in (3, 1):
        random = random_model((16, 5, n_labels), output="sigmoid", n_members=2)
        form, task = random.image_format, Multilabel(np.full(n_labels, 0.5))
        units = Scaling(np.ones(16, np.float32), np.zeros(16, np.float32))
        model = Model(random.parameters, "tanh", tuple("abc"[:n_labels]), form, units, task=task)
        seen, x, step = Predictor(model), RNG.uniform(0, 1, 16), 1e-5
        up, down = (np.log(seen._forward(x + sign * step * np.eye(16))) for sign in (1, -1))  # type: ignore[arg-type]
        for k in range(n_labels):
            assert (up[k] - down[k]) / (2 * step) == pytest.approx(slope(model, x, k), rel=1e-4, abs=1e-6)


@pytest.mark.parametrize("method", ["occlusion", "gradient"])
def test_each_of_two_labels_is_explained_by_its_own_place(method: str) -> None:
    """Both are there: the dot at the left speaks for the one, that at the right for the other."""
    parameters = Parameters((SIDE * SIDE, 2), output="sigmoid")
    weights = np.zeros((2, SIDE, SIDE))
    weights[0, :, : SIDE // 2] = weights[1, :, SIDE // 2 :] = 2.0
    parameters.W[1][...] = weights.reshape(2, -1)
    parameters.b[1][...] = -4
    form, scaling = ImageFormat(SIDE, SIDE, "grayscale", "stretch"), zero_one(np.zeros((1, SIDE * SIDE), np.uint8))
    model = Model(parameters, "relu", ("left", "right"), form, scaling, task=Multilabel(np.array([0.5, 0.5])))
    found = explain(Predictor(model), dotted((2, 2), (8, 8)), method)
    of = dict(zip(found.classes, map(quarters, found.maps), strict=True))
    assert (0, 3) == (int(of[0].argmax()), int(of[1].argmax()))
    assert max(found.probabilities) == pytest.approx(1 / (1 + np.exp(-4)))


def test_gradient_times_input_is_exact_for_one_layer() -> None:
    """The two classes' maps differ, pixel by pixel, by what each adds to the difference of their outputs."""
    model = random_model((16, 2, 2), "relu")
    parameters = Parameters((16, 3), np.float64)
    parameters.flat[:] = RNG.normal(0, 1, parameters.flat.size)
    form = model.image_format
    model = Model(parameters, "relu", ("a", "b", "c"), form, model.scaling)
    pixels = RNG.integers(0, 256, 16, dtype=np.uint8)
    first, second = (result := explain(Predictor(model), pixels, "gradient")).classes
    W = parameters.W[1]
    expected = (W[first] - W[second]) * pixels / 255
    assert expected.reshape(4, 4) == pytest.approx(result.maps[0] - result.maps[1], abs=1e-6)


def test_features_are_explained_through_the_image() -> None:
    """A network that looks at how much white there is finds the white dot by either method."""
    features, shape = (ColorHistogram(bins=2), Pixels()), (SIDE, SIDE, 1)
    images = np.stack([dotted(), dotted((1, 1))])
    column = FeatureColumn.fit(features, shape, images, 0)
    n = column.n_features
    parameters = Parameters((n, 1))
    parameters.W[1][0, 1] = 30.0  # the bin of the bright pixels
    scaling = Scaling(np.ones(n, np.float32), np.zeros(n, np.float32))
    form = ImageFormat(SIDE, SIDE, "grayscale", "stretch")
    model = Model(parameters, "relu", ("dark", "bright"), form, scaling, column=column)
    for method in ("occlusion", "gradient"):
        result = explain(Predictor(model), dotted((8, 2)), method)
        map_ = result.maps[result.classes.index(1)]
        assert 2 == quarters(map_).argmax()
        assert map_.max() > 0
    assert (1, n) == _network_input(model, images[:1]).shape


def test_the_spot_has_a_size_for_every_image() -> None:
    """A sixth of the shorter side, one pixel at least."""
    assert [5, 11, 1, 1] == [spot_size((*shape, 1)) for shape in ((28, 28), (64, 96), (4, 4), (1, 2))]
