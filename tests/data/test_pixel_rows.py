"""Rows in memory and in files."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.data import pixel_rows
from nncli.data.batches import Batches
from nncli.data.network_inputs import NetworkInputs
from nncli.data.pixel_rows import MemoryReturner, PixelRows, file_map_of, map_rows
from nncli.data.scaling import standardize, zero_one
from nncli.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

PIXELS = np.random.default_rng(0).integers(0, 256, (50, 7), np.uint8)
ROWS = np.random.default_rng(1).permutation(50)[:33]
SCALE = standardize(PIXELS[ROWS]).scale


def in_file(path: Path) -> NDArray[np.uint8]:
    """PIXELS in a file with something behind them."""
    path.write_bytes(PIXELS.tobytes() + b"more")
    descriptor = os.open(path, os.O_RDONLY)
    pixels = map_rows(descriptor, (50, 7))
    os.close(descriptor)
    return pixels


@pytest.fixture(params=["memory", "small file", "large file"])
def pixels(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """The same pixels wherever they are."""
    if request.param == "large file":
        monkeypatch.setattr(pixel_rows, "LARGE", 1)
        monkeypatch.setattr(np, "take", None)  # it would look through the map
    return PIXELS if request.param == "memory" else in_file(tmp_path / "x")


def test_rows_are_taken_in_the_order_asked_for(pixels: NDArray[np.uint8]) -> None:
    """Of the set's own rows, by index or by slice."""
    out = np.empty((40, 7), np.uint8)
    images = PixelRows(pixels, ROWS)
    assert 33 == len(images)
    assert PIXELS[ROWS[[4, 0, 32, 4]]].tolist() == images.take(np.array([4, 0, 32, 4]), out).tolist()
    assert PIXELS[ROWS[30:]].tolist() == images.take(slice(30, 99), out).tolist()
    assert PIXELS.tolist() == PixelRows(pixels).take(slice(None), np.empty((50, 7), np.uint8)).tolist()


def test_chunks_are_all_rows_in_order(pixels: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch) -> None:
    """However many fit into a chunk; a set without images has none."""
    monkeypatch.setattr(pixel_rows, "CHUNK_BYTES", 7 * 10)
    chunks = [chunk.copy() for chunk in PixelRows(pixels, ROWS).chunks()]
    assert [10, 10, 10, 3] == [len(chunk) for chunk in chunks]
    assert PIXELS[ROWS].tolist() == np.concatenate(chunks).tolist()
    assert [] == list(PixelRows(pixels, ROWS[:0]).chunks())


def test_batches_and_scaling_are_the_same_from_everywhere(pixels: NDArray[np.uint8]) -> None:
    """A set that is some rows of a file trains as the same images in an array of their own."""
    labels, own = np.arange(33), PIXELS[ROWS]
    here = Batches(NetworkInputs(PixelRows(pixels, ROWS), zero_one(pixels)), labels, 8)
    for expected, (X, Y) in zip(range(0, 33, 8), here.in_order(), strict=True):
        assert labels[expected : expected + 8].tolist() == Y.tolist()
        np.testing.assert_allclose(X.T * 255, own[Y], rtol=1e-6)
    for X, Y in here.shuffled(3, 1):
        np.testing.assert_allclose(X.T * 255, own[Y], rtol=1e-6)
    share = [y for _, Y in here.in_order(lambda m: slice(m // 2, m)) for y in Y.tolist()]
    assert list(range(16, 33)) == share
    assert SCALE.tolist() == standardize(pixels, ROWS).scale.tolist()


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_a_large_file_does_not_become_this_process_s_memory(tmp_path: Path) -> None:
    """Reading every row leaves no page of the map behind."""
    with (tmp_path / "x").open("wb+") as file:
        file.truncate(1 << 28)
        pixels = map_rows(file.fileno(), (1 << 16, 1 << 12))
    for _ in PixelRows(pixels).chunks():
        pass
    maps = Path("/proc/self/smaps").read_text().split(str(tmp_path / "x"))[1]
    assert "0" == maps.split("Rss:")[1].split()[0]


def test_a_file_that_was_cut_off_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not zeros, and no crash."""
    monkeypatch.setattr(pixel_rows, "LARGE", 1)
    images = PixelRows(in_file(tmp_path / "x"))
    os.truncate(tmp_path / "x", 100)
    with pytest.raises(DataError, match="cut off"):
        list(images.chunks())


def test_the_file_is_closed_with_the_last_view(tmp_path: Path) -> None:
    """No descriptor is left open."""
    gc.collect()
    before = set(os.listdir("/dev/fd"))  # noqa: PTH208
    pixels = in_file(tmp_path / "x")[10:]
    assert file_map_of(pixels) is not None
    assert file_map_of(PIXELS) is None
    del pixels
    gc.collect()
    assert before == set(os.listdir("/dev/fd"))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="needs Linux")
def test_used_rows_leave_memory_and_stay_in_the_file(tmp_path: Path) -> None:
    """As soon as more bytes were written than may count; what is written goes on to be read."""
    with (tmp_path / "rows").open("w+b") as file:
        file.truncate(4_000 * 4_096)
        rows = map_rows(file.fileno(), (4_000, 4_096), writable=True)

    def mapped() -> int:  # kB of it that count
        lines = iter(Path("/proc/self/smaps").read_text().splitlines())
        next(line for line in lines if line.endswith(str(tmp_path / "rows")))
        return int(next(line for line in lines if line.startswith("Rss:")).split()[1])

    returner = MemoryReturner(rows, most=4_000 * 1_000)
    for start in range(0, 4_000, 500):
        rows[start : start + 500] = start // 500
        returner.used(500)
        assert 4_000 >= mapped()
    np.testing.assert_array_equal(np.arange(4_000) // 500, rows[:, 7])
