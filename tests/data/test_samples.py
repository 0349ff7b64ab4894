"""What a look at the training images finds: the values that they use, and what lies behind transparent ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from nncli.data.samples import DeepValues, background_with_contrast, deep_values, look_at_transparency, look_at_values
from tests.data.image.test_other_formats import png
from tests.data.pictures import encode, noise
from tests.data.tiffs import MIN_IS_BLACK, MIN_IS_WHITE, RGB, tiff

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def saved(folder: Path, files: list[bytes]) -> list[str]:
    """Their paths."""
    for number, data in enumerate(files):
        (folder / str(number)).write_bytes(data)
    return [str(folder / str(number)) for number in range(len(files))]


def deep(low: int, high: int, seed: int = 0, n: int = 1) -> NDArray[Any]:
    """16-bit noise, (30, 40, n)."""
    values = np.random.default_rng(seed).integers(low, high + 1, (30, 40, n), np.uint16)
    values[0, :6], values[1, :6] = low, high
    return values


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (150, 350, (150, 350)),
        (0, 4095, (0, 4095)),
        (200, 4000, (0, 4095)),
        (0, 1000, (0, 1023)),
        (0, 65535, None),
        (100, 40000, None),
        (7, 7, None),
    ],
)
def test_the_range_is_what_the_images_use(low: int, high: int, expected: tuple[int, int] | None) -> None:
    """A power of two from zero, where they begin near zero; full scale where they reach half of it."""
    assert expected == DeepValues(1, 1, low, high).chosen()


def test_no_deep_image_needs_no_range() -> None:
    """Nothing is chosen for 8 bits."""
    assert DeepValues(0, 5, 0, 65535).chosen() is None


@pytest.mark.parametrize("n", [1, 3])
def test_the_values_of_every_kind_of_deep_image_are_found(n: int) -> None:
    """As they are in the file."""
    values = deep(150, 350, n=n)
    files = [png(16, 2 if n == 3 else 0, values.astype(np.int64))]
    for order in "<>":
        for photometric in (RGB,) if n == 3 else (MIN_IS_BLACK, MIN_IS_WHITE):
            files += [tiff(values, photometric, order=order, planar=way, deflate=way) for way in (False, True)]
    for data in files:
        found = deep_values(data)
        assert found is not None
        assert sorted(values.ravel().tolist()) == sorted(found.tolist())


def test_images_of_8_bits_have_no_deep_values() -> None:
    """Of no format."""
    for file_format in ("PNG", "TIFF", "JPEG", "BMP", "GIF"):
        assert deep_values(encode(Image.fromarray(noise(9, 9)), file_format)) is None


def test_a_folder_is_looked_at(tmp_path: Path) -> None:
    """A few hot pixels do not count, and what cannot be read is left out."""
    hot = deep(150, 350, 2)
    hot[0, 0] = 65535
    sound = [encode(deep(200, 300)[..., 0], "PNG"), encode(hot[..., 0], "TIFF"), encode(noise(9, 9), "JPEG")]
    paths = saved(tmp_path, [*sound, b"II*\0"])
    found = look_at_values([*paths, str(tmp_path / "missing")])
    assert (2, 150, 350) == (found.n_deep, found.low, found.high)
    assert (150, 350) == found.chosen()
    assert "2 of 3 images looked at have 16 bits, with values from 150 to 350" == str(found)


def test_white_icons_get_a_black_background(tmp_path: Path) -> None:
    """And dark ones a white one; what is opaque does not count."""
    icon = Image.new("RGBA", (9, 9), (0, 0, 0, 0))
    icon.paste((250, 250, 250, 255), (2, 2, 6, 6))
    opaque = Image.new("RGBA", (9, 9), (0, 0, 0, 255))
    n_transparent, n_looked_at, luma = look_at_transparency(
        saved(tmp_path, [encode(icon, "PNG"), encode(opaque, "PNG"), encode(noise(9, 9), "JPEG"), b"no image"])
    )
    assert (1, 3) == (n_transparent, n_looked_at)
    assert luma == pytest.approx(250, abs=2)
    assert ["black", "white", "white"] == [background_with_contrast(value) for value in (luma, 20, 127)]
