"""Many files into one array."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import MAX_SIDE, ImageFormat
from nncli.data.loading import BadImage, load_images
from nncli.errors import DataError
from tests.data.pictures import encode, noise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FORMAT = ImageFormat(3, 4, "rgb", "stretch")


def write(folder: Path, contents: list[bytes]) -> list[str]:
    """Write files 0.jpg, 1.jpg, ... and return their paths."""
    for i, content in enumerate(contents):
        (folder / f"{i}.jpg").write_bytes(content)
    return [str(folder / f"{i}.jpg") for i in range(len(contents))]


def test_each_row_is_one_image(tmp_path: Path) -> None:
    """In the order of the paths, decoded as prediction decodes."""
    paths = write(tmp_path, [encode(noise(3, 4, seed), "PNG") for seed in range(5)])
    loaded = load_images(paths, FORMAT)
    assert np.uint8 == loaded.pixels.dtype
    assert loaded.pixels.flags.c_contiguous
    assert [noise(3, 4, seed).ravel().tolist() for seed in range(5)] == loaded.pixels.tolist()
    assert [decode_image(path, FORMAT).tolist() for path in paths] == loaded.pixels.tolist()
    assert ([0, 1, 2, 3, 4], ()) == (loaded.kept.tolist(), loaded.bad)


@pytest.mark.parametrize("bad_ones", [{0}, {4}, {2}, {0, 1}, {3, 4}, {0, 2, 4}, {1, 2, 3}, {0, 1, 2, 3, 4}])
def test_bad_images_leave_no_gap(bad_ones: set[int], tmp_path: Path) -> None:
    """Wherever they stand: all are named with their reason, the others keep their order."""
    good = [encode(noise(3, 4, seed), "PNG") for seed in range(5)]
    paths = write(tmp_path, [b"" if i in bad_ones else good[i] for i in range(5)])
    loaded = load_images(paths, FORMAT)
    kept = sorted(set(range(5)) - bad_ones)
    assert kept == loaded.kept.tolist()
    assert [noise(3, 4, i).ravel().tolist() for i in kept] == loaded.pixels.tolist()
    assert (len(kept), FORMAT.n_features) == loaded.pixels.shape
    assert loaded.pixels.flags.c_contiguous
    assert tuple(BadImage(paths[i], "empty file") for i in sorted(bad_ones)) == loaded.bad
    assert np.intp == loaded.kept.dtype


def test_each_bad_image_has_its_own_reason(tmp_path: Path) -> None:
    """A missing file, a text, a cut image: one run names them all."""
    whole = encode(noise(30, 40), "PNG")
    paths = [*write(tmp_path, [b"no image", whole[:-500]]), str(tmp_path / "missing.jpg")]
    reasons = [bad.reason for bad in load_images(paths, FORMAT).bad]
    assert 3 == len(reasons)
    assert reasons[0].startswith("not a readable JPEG")
    assert reasons[1].startswith("damaged or incomplete")
    assert "No such file or directory" == reasons[2]


def test_a_file_may_come_twice(tmp_path: Path) -> None:
    """Each mention has its row, or its line among the bad."""
    good, bad = write(tmp_path, [encode(noise(3, 4), "PNG"), b""])
    loaded = load_images([good, bad, good, bad], FORMAT)
    assert [0, 2] == loaded.kept.tolist()
    assert [BadImage(bad, "empty file")] * 2 == [*loaded.bad]


def test_no_paths_give_no_rows() -> None:
    """Validation may be empty."""
    loaded = load_images([], FORMAT)
    assert ((0, 36), [], ()) == (loaded.pixels.shape, loaded.kept.tolist(), loaded.bad)


def test_progress_counts_every_file(tmp_path: Path) -> None:
    """Bad ones too, so that a bar reaches its end."""
    paths = write(tmp_path, [encode(noise(3, 4), "PNG"), b"", encode(noise(3, 4), "PNG")])
    finished: list[int] = []
    load_images(paths, FORMAT, finished.append)
    assert 3 == sum(finished)
    assert all(count > 0 for count in finished)


@pytest.mark.parametrize("make_bad", [lambda _: False, lambda i: i == 0], ids=["all good", "the first bad"])
def test_memory_is_needed_once(make_bad: Callable[[int], bool], tmp_path: Path) -> None:
    """Nothing is collected and joined, and the good rows are not copied out."""
    image_format = ImageFormat(100, 100, "rgb", "stretch")
    content = encode(Image.new("L", (2, 2)), "PNG")
    paths = write(tmp_path, [b"" if make_bad(i) else content for i in range(60)])
    load_images(paths[:2], image_format)
    gc.collect()
    tracemalloc.start()
    load_images(paths, image_format)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.4 * 60 * image_format.n_features


@pytest.mark.parametrize("n_images", [10**8, 10**15])
def test_too_many_images_for_memory_are_one_clear_error(n_images: int) -> None:
    """How much they need and which key helps; before the first image is read."""

    class Paths(list[str]):
        def __len__(self) -> int:
            return n_images

    with pytest.raises(DataError) as caught:
        load_images(Paths(), ImageFormat(MAX_SIDE, MAX_SIDE, "rgb", "stretch"))
    gigabytes = n_images * 3 * MAX_SIDE**2 / 1e9
    needed = f"{n_images:,} images of 4096x4096 rgb need {gigabytes:.1f} GB"
    assert f"{needed}, more than there is; make data.image_size smaller" == str(caught.value)
