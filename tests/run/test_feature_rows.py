"""Feature columns of a whole data set: fitted, kept as bytes, found again in the cache."""

from __future__ import annotations

import mmap
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.cache import Draft
from nncli.data.cache_folder import About, entries
from nncli.data.pixel_rows import PixelRows
from nncli.errors import DataError
from nncli.features.column import FeatureColumn
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.machine import backend
from nncli.model import half_precision
from nncli.run import feature_rows as module
from nncli.run.feature_rows import FittedFeatures, cache_entry, feature_rows, fit_features
from nncli.run.trained_patterns import Lesson
from tests.features.images import smooth
from tests.without import needs_fork

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.features.settings import Block

SHAPE = (12, 10, 3)
BLOCKS: tuple[Block, ...] = (Patches(size=4, count=5, grid=2), Hog(cell=5), Pca(components=4))


def images(m: int = 90, seed: int = 0) -> PixelRows:
    """Images as rows."""
    return PixelRows(smooth(m, *SHAPE, seed=seed).reshape(m, -1))


def fit(blocks: tuple[Block, ...] = BLOCKS, seed: int = 1, m: int = 90) -> FittedFeatures:
    """Features fitted on the images."""
    return fit_features(blocks, SHAPE, images(m), seed)


def test_large_matrices_are_learned_in_half_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features are computed with what a model file will hold."""
    monkeypatch.setattr(half_precision, "LARGE", 1_000)
    arrays = fit().column.arrays()
    directions = arrays["features3.directions"]  # 360 x 4
    np.testing.assert_array_equal(directions, directions.astype(np.float16))
    assert (arrays["features1.matrix"] != arrays["features1.matrix"].astype(np.float16)).any()  # 49 x 5


def exact(fitted: FittedFeatures, rows: PixelRows) -> NDArray[np.float32]:
    """The features themselves."""
    pixels = np.concatenate([chunk.copy() for chunk in rows.chunks()])
    out = np.empty((len(pixels), fitted.column.n_features), np.float32)
    fitted.column.extract(pixels, out)
    return out


def test_bytes_are_the_exact_features_in_255_steps() -> None:
    """Rounded to the nearest step: half a step off at most, and the two ways to network input agree."""
    fitted, rows = fit(), images()
    stored, features = feature_rows(fitted, rows), exact(fitted, rows)
    assert np.uint8 == stored.dtype
    assert features.shape == stored.shape
    np.testing.assert_array_equal(np.rint((features - fitted.low) / fitted.step), stored)
    assert (np.abs(stored * fitted.step + fitted.low - features) <= 0.501 * fitted.step).all()
    of_bytes, of_features = np.empty(features.shape, np.float32), np.empty(features.shape, np.float32)
    fitted.scaling_of_bytes.apply(stored, of_bytes)
    fitted.scaling.apply(features, of_features)
    bound = 0.51 * fitted.step * fitted.scaling.scale + 1e-4
    assert (np.abs(of_bytes - of_features) <= bound).all()


def test_what_lies_outside_is_cut_off() -> None:
    """Images unlike any in training end at 0 or 255 and do not wrap around."""
    fitted = fit((Pixels(),))
    out = np.empty((2, 360), np.uint8)
    narrow = replace(fitted, low=np.full(360, 100, np.float32), step=np.full(360, 0.25, np.float32))
    narrow.to_bytes(np.array([[0] * 360, [255] * 360], np.float32), out)
    assert [[0] * 360, [255] * 360] == out.tolist()


def test_network_input_has_mean_0_and_deviation_1() -> None:
    """Over the images that it was fitted on."""
    fitted, rows = fit(), images()
    scaled = exact(fitted, rows) * fitted.scaling.scale + fitted.scaling.offset
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=2e-3)
    deviation = scaled.std(axis=0)
    assert ((deviation < 1.001) & ((deviation > 0.999) | (deviation < 0.9))).all()
    assert (deviation > 0.999).mean() > 0.8  # the others hardly ever change


def test_each_block_has_its_own_measure_of_what_hardly_changes() -> None:
    """Patches, of which answers are about 0.1, are not scaled to nothing beside pixels, which go to 255."""
    alone, beside = fit((BLOCKS[0],)), fit((Pixels(), BLOCKS[0]))
    ratio = beside.scaling.scale[-40:].mean() / alone.scaling.scale.mean()
    assert 0.5 < ratio < 2


def test_a_feature_that_hardly_changes_is_not_blown_up() -> None:
    """Below a hundredth of the block's average deviation it is scaled by this floor, not by its own deviation."""
    pixels = np.random.default_rng(3).integers(0, 256, (90, 360), np.uint8)
    pixels[:, 7] = np.arange(90) == 0
    deviation = pixels.std(axis=0)
    fitted = fit_features((Pixels(),), SHAPE, PixelRows(pixels), 0)
    floor = 0.01 * deviation.mean()
    assert 0.5 * floor > deviation[7] > 0
    np.testing.assert_allclose(1 / np.maximum(deviation, floor), fitted.scaling.scale, rtol=1e-5)


def test_a_feature_that_never_changes_stays_finite() -> None:
    """Black images: no deviation, no range."""
    black = PixelRows(np.zeros((5, 360), np.uint8))
    fitted = fit_features(BLOCKS, SHAPE, black, 0)
    assert np.isfinite(fitted.scaling.scale).all()
    assert np.isfinite(fitted.scaling.offset).all()
    stored = feature_rows(fitted, black)
    assert (stored == stored[0]).all()


def test_fitting_depends_on_images_and_seed_alone() -> None:
    """The same give the same bits."""
    one, same, other = fit(), fit(), fit(seed=2)
    for name, array in one.column.arrays().items():
        np.testing.assert_array_equal(array, same.column.arrays()[name])
    np.testing.assert_array_equal(one.scaling.scale, same.scaling.scale)
    matrix = "features1.matrix"
    assert (one.column.arrays()[matrix] != other.column.arrays()[matrix]).any()


def test_many_images_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the memory nor the time for fitting grows with the data set."""
    monkeypatch.setattr(module, "SAMPLE_BYTES", 40 * 360)
    monkeypatch.setattr(module, "MOST_SCALING_IMAGES", 10)
    seen: list[int] = []
    fit_column = FeatureColumn.fit

    def fit_and_count(*args: Any) -> FeatureColumn:
        seen.append(len(args[2]))
        return fit_column(*args)

    monkeypatch.setattr(FeatureColumn, "fit", fit_and_count)
    fitted = fit(m=90)
    assert np.isfinite(fitted.scaling.scale).all()
    assert fitted.known is None
    assert [40] == seen


@needs_fork
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_processes_make_no_difference(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    """Fitted and computed by one or by several: equal bits, and all progress is told."""
    monkeypatch.setattr(backend, "number_of_processes", lambda: 1)
    expected, stored = fit(m=200), feature_rows(fit(m=200), images(200))
    monkeypatch.setattr(backend, "number_of_processes", lambda: processes)
    told: list[int] = []
    found = fit(m=200)
    np.testing.assert_array_equal(expected.scaling.scale, found.scaling.scale)
    np.testing.assert_array_equal(expected.low, found.low)
    np.testing.assert_array_equal(stored, feature_rows(found, images(200), told.append))
    assert 200 == sum(told)


@pytest.mark.parametrize("n_looks", [1, 2])
def test_what_the_scaling_was_taken_from_is_not_computed_again(n_looks: int) -> None:
    """The first look at the training images is there; others, and those at other images, are computed as ever."""
    pixels = smooth(100, *SHAPE, seed=0).reshape(100, -1)
    fitted, n_more = fit_features(BLOCKS, SHAPE, PixelRows(pixels[:90]), 1), 90 if n_looks == 2 else 0
    expected = feature_rows(fitted, PixelRows(pixels), n_more=n_more, n_looks=n_looks)
    np.testing.assert_array_equal(expected[:90], fitted.known)
    marked = replace(fitted, known=np.full((90, fitted.column.n_features), 7, np.uint8))
    found = feature_rows(marked, PixelRows(pixels), n_more=n_more, n_looks=n_looks, is_training=True)
    assert (found[:90] == 7).all()
    np.testing.assert_allclose(found[90:].astype(int), expected[90:].astype(int), atol=1)


# ------------------------------------------------------------------------------------------------------------ the cache


def kept_as(fitted: FittedFeatures, data: str = "digest all", m: int = 90) -> About:
    """What the cache is told."""
    return cache_entry(fitted, data, "/photos", m)


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of images of every time that features were computed."""
    counts: list[int] = []
    filled = module._filled

    def fill_and_count(*args: Any) -> NDArray[np.uint8]:
        counts.append(len(args[1]))
        return filled(*args)

    monkeypatch.setattr(module, "_filled", fill_and_count)
    return counts


def test_the_second_time_nothing_is_computed(computed: list[int]) -> None:
    """The same bytes, which nobody can change by accident; progress reaches its end both times."""
    fitted, found = fit(), []
    for _ in range(2):
        told: list[int] = []
        found.append(feature_rows(fitted, images(), told.append, kept_as=kept_as(fitted), on_note=pytest.fail))
        assert 90 == sum(told)
        assert not found[-1].flags.writeable
    assert [90] == computed
    np.testing.assert_array_equal(found[0], found[1])
    kept = [(entry.about.kind, entry.about.form) for entry in entries() if entry.about]
    assert [("features", "patches, hog, pca")] == kept


def test_rows_that_leave_memory_at_once_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are kept in a file do, chunk by chunk."""
    monkeypatch.setattr(module, "SHOWN", 0)
    fitted = fit()
    found = feature_rows(fitted, images(), kept_as=kept_as(fitted), on_note=pytest.fail)
    np.testing.assert_array_equal(feature_rows(fitted, images()), found)


def test_anything_else_is_computed_anew(computed: list[int]) -> None:
    """Another seed, other images or another split of them, other settings."""
    for fitted, data in (
        (fit(), "digest all"),
        (fit(seed=2), "digest all"),
        (fit(), "digest validation"),
        (fit(), "other all"),
        (fit((*BLOCKS[:2], Pca(components=3))), "digest all"),
    ):
        feature_rows(fitted, images(), kept_as=kept_as(fitted, data), on_note=pytest.fail)
    assert [90] * 5 == computed


def test_a_cache_that_cannot_be_written_is_a_note(cache_home: Path, computed: list[int]) -> None:
    """Features are computed as without it."""
    (cache_home / "nncli").write_text("a file, not a folder")
    fitted, notes = fit(), list[str]()
    found = feature_rows(fitted, images(), kept_as=kept_as(fitted), on_note=notes.append)
    np.testing.assert_array_equal(found, feature_rows(fitted, images()))
    assert [90, 90] == computed
    (note,) = notes
    assert note.startswith(f"features are not kept for the next time: {cache_home}/nncli")


def test_a_disk_that_gets_full_at_the_end_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was computed is used all the same, and no draft is left."""

    def full(*_args: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(Draft, "keep", full)
    fitted, notes = fit(), list[str]()
    found = feature_rows(fitted, images(), kept_as=kept_as(fitted), on_note=notes.append)
    np.testing.assert_array_equal(found, feature_rows(fitted, images()))
    assert ["features are not kept for the next time: the disk is full"] == notes
    assert [] == list(entries())


def test_an_interruption_leaves_no_draft(cache_home: Path) -> None:
    """Ctrl-C while features are computed."""

    def interrupt(_n: int) -> None:
        raise KeyboardInterrupt

    fitted = fit()
    with pytest.raises(KeyboardInterrupt):
        feature_rows(fitted, images(), interrupt, kept_as=kept_as(fitted))
    assert [] == [path for path in (cache_home / "nncli").iterdir() if path.is_file()]


def test_more_than_fits_into_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the amount that would be needed."""

    def no_memory(*_args: object) -> None:
        raise OSError("Cannot allocate memory")

    fitted = fit()
    monkeypatch.setattr(mmap, "mmap", no_memory)
    with pytest.raises(DataError, match=r"^90 images need 0\.0 GB of memory, more than there is$"):
        feature_rows(fitted, images())


def test_patterns_learn_from_labels_where_they_are_told() -> None:
    """The patterns change, in the same way each time; patches stay, and so does the block that has none."""
    blocks = (DeepPatches(size=3, count=4, pool=2, deep_size=2, deep_count=5, grid=2), Hog(cell=5))
    lesson = Lesson(np.arange(90) % 3, epochs=2, is_mirrored=True)
    before, (after, again) = fit(blocks), [fit_features(blocks, SHAPE, images(), 1, lesson=lesson) for _ in range(2)]
    first, second, third = (fitted.column.arrays() for fitted in (before, after, again))
    changed = [name for name in first if not np.array_equal(first[name], second[name])]
    assert ["features1.deep_matrix"] == changed
    np.testing.assert_array_equal(second["features1.deep_matrix"], third["features1.deep_matrix"])
