"""Predictions: in order, one per image, the same in any company, as soon as a batch is full."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.data.decoding_pool import CHUNK_SIZE, DEPTH, DecodingPool
from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.errors import ModelFileError
from nncli.features.column import FeatureColumn
from nncli.features.looks import crops_of
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.model import predictor as inference
from nncli.model.predictor import BATCH_SIZE, MANY, Prediction, Predictor
from nncli.model.task import Regression
from nncli.network.parameters import Parameters
from tests import reference
from tests.fixtures import in_span, random_model, random_pixels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.features.settings import Block
    from nncli.model.file import Model

TWO = ("no", "yes")
THREE = ("ant", "bee", "cow")


def by_reference(model: Model, pixels: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Probabilities by the naive implementation, in float64, a row for each image."""
    rows = pixels * model.scaling.scale.astype(np.float64) + model.scaling.offset
    votes = []
    for network in model.parameters.members:
        W = [each.astype(np.float64) for each in network.W]
        b = [each.astype(np.float64) for each in network.b]
        kind = {name: getattr(network, name) for name in ("normalization", "gain", "shift")}
        votes.append(reference.forward(W, b, rows.T, model.activation, **kind)[3][-1].T)
    outputs = sum(votes) / len(votes)
    return [np.array([1 - y[0], y[0]]) if len(y) == 1 else y for y in outputs]


def write_png(path: Path, pixels: NDArray[np.uint8], image_format: ImageFormat) -> str:
    """One row of pixels as an image file; returns its path as text."""
    shape = (image_format.height, image_format.width, image_format.channels)
    Image.fromarray(pixels.reshape(shape)).save(path)
    return str(path)


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("hidden", [(), (7,), (6, 5)])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize(("normalization", "n_members"), [("none", 1), ("layer", 1), ("none", 3)])
def test_probabilities_are_those_of_the_formulas(
    classes: tuple[str, ...], hidden: tuple[int, ...], activation: str, normalization: str, n_members: int
) -> None:
    """The naive implementation agrees to the last bit of a float32, or nearly."""
    model = random_model(classes, hidden, activation=activation, normalization=normalization, n_members=n_members)
    pixels = random_pixels(5)
    np.testing.assert_allclose(by_reference(model, pixels), Predictor(model).probabilities(pixels), rtol=3e-7)


@pytest.mark.parametrize("classes", [TWO, THREE])
def test_rows_sum_to_one(classes: tuple[str, ...]) -> None:
    """Also where one output stands for two classes."""
    probabilities = Predictor(random_model(classes)).probabilities(random_pixels(70))
    assert (70, len(classes)) == probabilities.shape
    assert np.float32 == probabilities.dtype
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)


def test_the_one_output_is_the_second_class() -> None:
    """With no weights and a bias of log 3, P(yes) = 3/4."""
    model = random_model(TWO, ())
    model.parameters.W[1][...] = 0
    model.parameters.b[1][...] = np.log(3)
    np.testing.assert_allclose([[0.25, 0.75]], Predictor(model).probabilities(random_pixels(1)), rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("classes", [TWO, THREE])
def test_a_prediction_does_not_depend_on_its_neighbors(classes: tuple[str, ...], dtype: Any) -> None:
    """Alone, in a batch of any size and in any order: the same to the bit."""
    rng = np.random.default_rng(1)
    for seed, hidden in enumerate([(), (64,), (33, 17)]):
        image_format = ImageFormat(9, 11, "rgb", "stretch")
        model = random_model(classes, hidden, image_format=image_format, dtype=dtype, seed=seed)
        pixels = random_pixels(130, image_format, seed)
        predictor = Predictor(model)
        alone = np.concatenate([predictor.probabilities(pixels[i : i + 1]) for i in range(130)])
        for m in (2, 3, 4, 5, 7, 8, 16, 31, 63, 64, 65, 127, 128, 129, 130):
            chosen = rng.permutation(130)[:m]
            np.testing.assert_array_equal(alone[chosen], predictor.probabilities(pixels[chosen]))


def test_pixels_of_any_layout(tmp_path: Path) -> None:
    """No image at all, every other one, and read-only memory."""
    predictor = Predictor(random_model(THREE))
    pixels = random_pixels(9)
    expected = predictor.probabilities(pixels)
    assert (0, 3) == predictor.probabilities(pixels[:0]).shape
    np.testing.assert_array_equal(expected[::2], predictor.probabilities(pixels[::2]))
    pixels.flags.writeable = False
    np.testing.assert_array_equal(expected, predictor.probabilities(pixels))


def test_the_model_is_not_changed() -> None:
    """A predictor works on a copy of the parameters."""
    model = random_model(THREE)
    before = model.parameters.flat.copy()
    Predictor(model).probabilities(random_pixels(3))
    np.testing.assert_array_equal(before, model.parameters.flat)


@pytest.mark.parametrize("hidden", [(20,), (20, 20, 20)])
def test_weights_that_overflow_are_an_error(hidden: tuple[int, ...]) -> None:
    """Every weight is finite, and still no probability comes out: that is said, without a warning from NumPy."""
    model = random_model(THREE, hidden, dtype=np.float64)
    model.parameters.flat[:] *= 1e307
    with pytest.raises(ModelFileError, match="weights are so large that its answers are not finite"):
        Predictor(model).probabilities(random_pixels(3))


def test_numbers_that_overflow_are_an_error() -> None:
    """A scale beyond single precision: said likewise, without a warning from NumPy."""
    three = np.ones(3)
    model = replace(random_model(THREE), task=Regression(1e308 * three, three, three, "squared"))
    with pytest.raises(ModelFileError, match="its answers are not finite"):
        Predictor(model).probabilities(random_pixels(3))


def test_very_large_weights_are_sure_of_themselves() -> None:
    """Without overflow the answer is 0 or 1, and no warning."""
    model = random_model(TWO, ())
    model.parameters.flat[:] *= 1e30
    probabilities = Predictor(model).probabilities(random_pixels(20))
    assert {0.0, 1.0} == set(probabilities.round(30).ravel().tolist())


# -------------------------------------------------------------------------------------------------------- whole images


def test_images_keep_their_order_with_bad_ones_between(tmp_path: Path) -> None:
    """One prediction for each input, under its name, whatever became of the others; over several batches."""
    model = random_model(THREE)
    pixels = random_pixels(150)
    expected = Predictor(model).probabilities(pixels)
    broken = {0, 5, 6, 63, 64, 65, 127, 149}
    sources: list[tuple[str, str | bytes]] = []
    for i in range(150):
        path = write_png(tmp_path / f"{i}.png", pixels[i], model.image_format)
        if i in broken:
            path = str(tmp_path / f"{i}.txt")
        sources.append((f"image {i}", path))

    predictions = list(Predictor(model).predict(sources))

    assert [name for name, _ in sources] == [prediction.path for prediction in predictions]
    for i, prediction in enumerate(predictions):
        if i in broken:
            assert prediction.error == "No such file or directory"
            assert 0 == prediction.probabilities.size
        else:
            assert prediction.error == ""
            np.testing.assert_array_equal(expected[i], prediction.probabilities)


def test_only_bad_images(tmp_path: Path) -> None:
    """More than a batch of them, of several kinds."""
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("hello")
    kinds: list[str | bytes] = [str(tmp_path / "empty.png"), str(tmp_path / "text.png"), str(tmp_path), b"", b"\xff"]
    predictions = list(Predictor(random_model()).predict([("x", kinds[i % 5]) for i in range(BATCH_SIZE + 3)]))
    assert BATCH_SIZE + 3 == len(predictions)
    assert all(prediction.error for prediction in predictions)


def test_bytes_are_an_image_too(tmp_path: Path) -> None:
    """As they come from standard input."""
    model = random_model(THREE)
    path = write_png(tmp_path / "a.png", random_pixels(1)[0], model.image_format)
    from_path, from_bytes = Predictor(model).predict([("a.png", path), ("-", (tmp_path / "a.png").read_bytes())])
    assert "-" == from_bytes.path
    np.testing.assert_array_equal(from_path.probabilities, from_bytes.probabilities)


def test_an_image_in_a_batch_is_predicted_as_alone(tmp_path: Path) -> None:
    """Of the many images of a folder each gets the answer that it would get by itself."""
    model = random_model(THREE, (16,))
    pixels = random_pixels(80)
    sources = [(str(i), write_png(tmp_path / f"{i}.png", pixels[i], model.image_format)) for i in range(80)]
    together = list(Predictor(model).predict(sources))
    for source, expected in zip(sources, together, strict=True):
        (alone,) = Predictor(model).predict([source])
        np.testing.assert_array_equal(expected.probabilities, alone.probabilities)


@pytest.mark.parametrize("name", ["a.png", "missing.png"])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_images_are_fetched_some_batches_ahead_and_no_more(
    tmp_path: Path, name: str, n_workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an endless stream, of bad images even, the first predictions come soon."""
    monkeypatch.setattr(inference, "number_of_processes", lambda: n_workers)
    write_png(tmp_path / "a.png", random_pixels(1)[0], random_model().image_format)
    path = str(tmp_path / name)
    fetched: list[int] = []

    def endless() -> Iterator[tuple[str, str]]:
        while True:
            fetched.append(1)
            yield str(len(fetched)), path

    stream = Predictor(random_model()).predict(endless())
    for number in range(1, 3 * MANY + 1):
        assert str(number) == next(stream).path
        assert number <= len(fetched) <= number + max(MANY, max(n_workers * DEPTH, 1) * CHUNK_SIZE)
    del stream  # ends the processes


def test_nothing_is_fetched_before_it_is_asked_for() -> None:
    """A generator as source is not touched until the first prediction is wanted; an empty one gives none."""
    fetched: list[int] = []

    def noted() -> Iterator[tuple[str, bytes]]:
        fetched.append(1)
        yield "-", b""

    stream = Predictor(random_model()).predict(noted())
    assert [] == fetched
    assert 1 == len(list(stream))
    assert [] == list(Predictor(random_model()).predict([]))


def test_two_streams_of_one_predictor(tmp_path: Path) -> None:
    """Taken in turn they do not disturb each other."""
    model = random_model(THREE)
    pixels = random_pixels(2 * BATCH_SIZE)
    sources = [(str(i), write_png(tmp_path / f"{i}.png", row, model.image_format)) for i, row in enumerate(pixels)]
    expected = Predictor(model).probabilities(pixels)
    predictor = Predictor(model)
    forward, backward = predictor.predict(sources), predictor.predict(sources[::-1])
    for i, (one, other) in enumerate(zip(forward, backward, strict=True)):
        np.testing.assert_array_equal(expected[i], one.probabilities)
        np.testing.assert_array_equal(expected[-1 - i], other.probabilities)


def test_a_prediction_keeps_its_probabilities(tmp_path: Path) -> None:
    """What was given out is not overwritten by the next batch."""
    model = random_model(THREE)
    pixels = random_pixels(2 * BATCH_SIZE)
    sources = [(str(i), write_png(tmp_path / f"{i}.png", row, model.image_format)) for i, row in enumerate(pixels)]
    stream = Predictor(model).predict(sources)
    first: Prediction = next(stream)
    before = first.probabilities.copy()
    list(stream)
    np.testing.assert_array_equal(before, first.probabilities)


@pytest.mark.parametrize("n_workers", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", ["pixels", "features"])
def test_several_processes_give_the_same_to_the_bit(
    tmp_path: Path, n_workers: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever decodes or predicts, and however images are divided; bad images and bytes keep their places."""
    model = random_model(THREE, (16,))
    if kind == "features":
        model = in_span(featured(model, ColorHistogram(bins=2), Pixels()))
    pixels = random_pixels(300)
    sources: list[tuple[str, str | bytes]] = []
    for i, row in enumerate(pixels):
        path = write_png(tmp_path / f"{i}.png", row, model.image_format)
        kinds: list[str | bytes] = [
            path,
            path,
            str(tmp_path / "missing\udcff\n.png"),
            (tmp_path / f"{i}.png").read_bytes(),
        ]
        sources.append((f"image {i}", kinds[i * i % 11 % 4]))

    def predicted(n: int) -> list[tuple[str, str, bytes]]:
        monkeypatch.setattr(inference, "number_of_processes", lambda: n)
        return [(each.path, each.error, each.probabilities.tobytes()) for each in Predictor(model).predict(sources)]

    assert predicted(0) == predicted(n_workers)


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of processes of each pool that was made."""
    made: list[int] = []

    class Noted(DecodingPool):
        def __init__(self, image_format: ImageFormat, n_workers: int, **others: Any) -> None:
            made.append(n_workers)
            super().__init__(image_format, n_workers, **others)

    monkeypatch.setattr(inference, "DecodingPool", Noted)
    monkeypatch.setattr(inference, "number_of_processes", lambda: 2)
    return made


MISSING = ("x", "missing.png")


@pytest.mark.parametrize(("n", "expected"), [(MANY - 1, 0), (MANY, 2)])
def test_few_images_start_no_process(n: int, expected: int, pools: list[int]) -> None:
    """They would be done before it has started."""
    assert n == len(list(Predictor(random_model()).predict([MISSING] * n)))
    assert [expected] == pools


def test_processes_stay_for_the_lots_to_come(pools: list[int]) -> None:
    """However many names arrive, and however slowly: processes are started once."""
    lots = [[MISSING] * n for n in (1, 2, MANY, 1, MANY, 0, 3 * MANY)]
    assert 5 * MANY + 4 == sum(map(len, Predictor(random_model()).predict_batches(lots)))
    assert [0, 2] == pools


def test_a_call_beside_another_starts_no_process(pools: list[int]) -> None:
    """Nor does it wait for the other, which has them."""
    one, other = (Predictor(random_model()).predict([MISSING] * (MANY + n)) for n in range(2))
    next(one)
    assert MANY + 1 == len(list(other))
    assert MANY == 1 + len(list(one))
    assert [2, 0] == pools


def test_the_first_batches_are_small(tmp_path: Path) -> None:
    """The first record of many large photos comes soon; later batches are larger, since that is faster."""
    batches = Predictor(random_model()).predict_batches([[("x", str(tmp_path / "x"))] * 100])
    assert [4, 8, 16, 32, 32, 8] == [len(batch) for batch in batches]


# -------------------------------------------------------------------------------------------- features and mirroring


def featured(model: Model, *blocks: Block) -> Model:
    """The model with a feature column and weights for it."""
    shape = model.image_format.shape
    pixels = random_pixels(20, model.image_format)
    column = FeatureColumn.fit(blocks, shape, pixels, seed=2)
    parameters = Parameters((column.n_features, 4, len(model.classes)))
    parameters.flat[:] = np.random.default_rng(5).standard_normal(parameters.flat.size) / 3
    columns = np.empty((20, column.n_features), np.float32)
    column.extract(pixels, columns)
    scale = 1 / (columns.std(axis=0) + 0.01)
    return replace(model, parameters=parameters, column=column, scaling=Scaling(scale, -columns.mean(axis=0) * scale))


LARGER = ImageFormat(9, 8, "rgb", "stretch")
BLOCKS: tuple[Block, ...] = (
    Patches(size=3, count=4, grid=2),
    DeepPatches(size=3, count=4, pool=2, deep_size=1, deep_count=3, grid=1),
    Hog(cell=4),
    ColorHistogram(bins=3),
    Pca(components=3),
)


def test_the_network_sees_the_features() -> None:
    """The naive network on the scaled feature column of each image."""
    model = featured(random_model(THREE, image_format=LARGER), *BLOCKS)
    pixels = random_pixels(5, LARGER, seed=7)
    columns = np.empty((5, model.column.n_features), np.float32)
    model.column.extract(pixels, columns)
    expected = by_reference(model, columns)  # type: ignore[arg-type]
    np.testing.assert_allclose(Predictor(model).probabilities(pixels), expected, atol=2e-6)


@pytest.mark.parametrize("classes", [TWO, THREE])
@pytest.mark.parametrize("blocks", [None, BLOCKS])
def test_mirroring_averages_an_image_and_its_mirror_image(
    classes: tuple[str, ...], blocks: tuple[Block, ...] | None
) -> None:
    """So an image and its mirror image get the same probabilities; turned upside down it is another one."""
    model = random_model(classes, image_format=LARGER)
    if blocks:
        model = featured(model, *blocks)
    pixels = random_pixels(70, LARGER, seed=3)
    mirrored = pixels.reshape(-1, 9, 8, 3)[:, :, ::-1].reshape(pixels.shape)
    once = Predictor(model)
    expected = (once.probabilities(pixels).astype(np.float64) + once.probabilities(mirrored)) / 2
    both = Predictor(replace(model, test_time_augmentation="mirror"))
    np.testing.assert_allclose(both.probabilities(pixels), expected, atol=1e-6)
    np.testing.assert_allclose(both.probabilities(pixels), both.probabilities(mirrored), atol=1e-6)
    upside_down = pixels.reshape(-1, 9, 8, 3)[:, ::-1].reshape(pixels.shape)
    assert np.abs(both.probabilities(pixels) - both.probabilities(upside_down)).max() > 1e-3


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("looks", "n"), [("parts", 6), ("parts_in_training", 1), ("shifts", 5), ("shifts_in_training", 1)]
)
def test_all_looks_at_an_image_have_a_vote(looks: str, n: int, mirrored: bool) -> None:
    """The probabilities are the average of those that a model of one look gives for each, or for the first."""
    blocks = (Patches(size=3, count=4, grid=2),)
    pixels = random_pixels(70, LARGER, seed=3)
    column = FeatureColumn.fit(blocks, LARGER.shape, pixels, seed=2, looks=looks)
    model = featured(random_model(THREE, image_format=LARGER), *blocks)
    model = replace(model, column=column, test_time_augmentation="mirror" if mirrored else "none")
    assert (2 * n if mirrored else n) == model.n_looks
    its, images = crops_of(LARGER.shape, looks), pixels.reshape(-1, 9, 8, 3)
    assert its
    of_one = replace(model, column=FeatureColumn(blocks, its.seen, column.blocks))
    seen = [its.whole(images), *its.parts_of(images)][:n]
    votes = [Predictor(of_one).probabilities(look.reshape(70, -1)) for look in seen]
    np.testing.assert_allclose(Predictor(model).probabilities(pixels), np.mean(votes, axis=0), atol=1e-6)


@pytest.mark.parametrize("test_time_augmentation", ["none", "mirror"])
def test_features_do_not_depend_on_the_company(test_time_augmentation: str) -> None:
    """Alone, with a few, with many: the same bits."""
    model = featured(random_model(THREE, image_format=LARGER), *BLOCKS)
    predictor = Predictor(replace(model, test_time_augmentation=test_time_augmentation))
    pixels = random_pixels(2 * BATCH_SIZE + 3, LARGER)
    together = predictor.probabilities(pixels)
    for i in (0, 1, BATCH_SIZE - 1, BATCH_SIZE, len(pixels) - 1):
        np.testing.assert_array_equal(together[i : i + 1], predictor.probabilities(pixels[i : i + 1]))
