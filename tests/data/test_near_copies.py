"""Near-copies: photos saved again, made smaller or cropped are found, different photos of one kind are not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nncli.data import near_copies as module
from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.near_copies import LENGTH, Likeness, can_tell, copied_from, groups, near_copies, near_fingerprints
from nncli.data.pixel_rows import PixelRows

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

N = 60
SHAPE = (48, 48, 3)


def photo(rng: np.random.Generator, width: int = 200, height: int = 150) -> Image.Image:
    """A flower in front of something blurred: always of one kind, never the same."""
    ground = rng.integers(0, 256, (5, 6, 3), np.uint8) // np.array([2, 1, 2], np.uint8)
    image = Image.fromarray(ground).resize((width, height), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    x, y, size = (float(rng.uniform(low, high)) for low, high in ((60, 140), (50, 100), (25, 60)))
    for angle in np.arange(0, 2 * np.pi, float(rng.uniform(0.3, 0.9))):
        at = x + size * np.cos(angle), y + size * np.sin(angle)
        draw.line((x, y, *at), fill=tuple(rng.integers(150, 256, 3).tolist()), width=int(rng.integers(6, 14)))
    draw.ellipse((x - 15, y - 15, x + 15, y + 15), fill=(120, 80, 20))
    return image


def jpeg(image: Image.Image, quality: int = 90) -> bytes:
    """What a file of it holds."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def cropped(image: Image.Image) -> Image.Image:
    """4 % of the width and of the height cut off, at one corner."""
    return image.crop((0, 0, round(0.96 * image.width), round(0.96 * image.height)))


CHANGES: dict[str, Callable[[Image.Image], bytes]] = {
    "quality 60": lambda image: jpeg(image, 60),
    "resized by 0.7": lambda image: jpeg(image.resize((round(0.7 * image.width), round(0.7 * image.height)))),
    "cropped": lambda image: jpeg(cropped(image)),
    "all of it": lambda image: jpeg(cropped(image).resize((140, 110)), 60),
}


def decoded(files: list[bytes], shape: tuple[int, int, int] = SHAPE) -> NDArray[np.uint8]:
    """As the network sees them, (m, n_0)."""
    color = "rgb" if shape[2] == 3 else "grayscale"
    return np.stack([decode_image(each, ImageFormat(shape[0], shape[1], color, "stretch")) for each in files])


@pytest.fixture(scope="module")
def photos() -> list[Image.Image]:
    """Different ones."""
    rng = np.random.default_rng(0)
    return [photo(rng) for _ in range(N)]


@pytest.mark.parametrize("shape", [SHAPE, (64, 40, 3), (48, 48, 1)])
@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_photo_is_known_again(photos: list[Image.Image], change: str, shape: tuple[int, int, int]) -> None:
    """From its near-fingerprint alone, among all others of its kind."""
    known = near_fingerprints(decoded([jpeg(each) for each in photos], shape), shape)
    assert can_tell(known)
    changed = decoded([CHANGES[change](each) for each in photos], shape)
    found = copied_from(changed, shape, known)
    assert 0.95 * N <= np.sum(found == np.arange(N))
    assert 0 == np.sum((found >= 0) & (found != np.arange(N)))


@pytest.mark.parametrize("few", [0, module.FEW])
def test_pairs_within_a_set_are_found(photos: list[Image.Image], few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its cropped copy and nothing else, whether all pairs are compared or neighbors in sorted lists."""
    monkeypatch.setattr(module, "FEW", few)
    pixels = decoded([jpeg(each) for each in photos] + [CHANGES["cropped"](each) for each in photos])
    found = near_copies(PixelRows(pixels), SHAPE, near_fingerprints(pixels, SHAPE))
    assert [(i, i + N) for i in range(N)] == found


def test_different_photos_of_one_kind_are_no_copies() -> None:
    """None of 19,900 pairs."""
    rng = np.random.default_rng(1)
    pixels = decoded([jpeg(photo(rng)) for _ in range(200)])
    assert [] == near_copies(PixelRows(pixels), SHAPE, near_fingerprints(pixels, SHAPE))


def test_equal_images_are_chained() -> None:
    """A thousand equal ones are 999 pairs with the first, not half a million."""
    pixels = decoded([jpeg(photo(np.random.default_rng(2)))] * 40)
    assert [(0, k) for k in range(1, 40)] == near_copies(PixelRows(pixels), SHAPE, near_fingerprints(pixels, SHAPE))


def test_blank_images_are_like_nothing() -> None:
    """A white picture is no copy of a black one, nor of another white one: there is nothing to compare."""
    pixels = np.repeat(np.array([[0], [255], [255]], np.uint8), 48 * 48 * 3, axis=1)
    found = near_fingerprints(pixels, SHAPE)
    assert not found.any()
    assert [] == near_copies(PixelRows(pixels), SHAPE, found)
    assert [-1, -1, -1] == copied_from(pixels, SHAPE, found).tolist()


def test_pictures_that_all_look_alike_cannot_be_told_apart() -> None:
    """Thin variations of one drawing: their coarse view says too little."""
    base = decoded([jpeg(photo(np.random.default_rng(3)))])[0].astype(np.int64)
    noise = np.random.default_rng(4).integers(-30, 31, (40, len(base)))
    assert not can_tell(near_fingerprints(np.clip(base + noise, 0, 255).astype(np.uint8), SHAPE))


def test_bursts_can_be_told(photos: list[Image.Image]) -> None:
    """Eight shots of each scene are copies of each other, and scenes differ."""
    rng = np.random.default_rng(5)
    shots = [jpeg(each.rotate(float(rng.uniform(-1, 1)))) for each in photos[:30] for _ in range(8)]
    assert can_tell(near_fingerprints(decoded(shots), SHAPE))


def test_images_of_few_pixels_have_no_near_fingerprint() -> None:
    """8x8 pixels are all coarse structure."""
    pixels = np.random.default_rng(6).integers(0, 256, (5, 64), np.uint8)
    found = near_fingerprints(pixels, (8, 8, 1))
    assert (5, LENGTH) == found.shape
    assert not found.any()
    assert [-1] * 5 == copied_from(pixels, (8, 8, 1), found).tolist()


def test_no_images_and_no_known_ones_are_no_special_case() -> None:
    """Empty in, empty out."""
    none, some = np.empty((0, 48 * 48 * 3), np.uint8), np.zeros((2, 48 * 48 * 3), np.uint8)
    known = near_fingerprints(none, SHAPE)
    assert (0, LENGTH) == known.shape
    assert not can_tell(known)
    assert [] == near_copies(PixelRows(none), SHAPE, known)
    assert [-1, -1] == copied_from(some, SHAPE, known).tolist()


def test_an_image_is_most_like_itself() -> None:
    """The correlation with itself is 1; a projection can be no longer than what is projected."""
    pixels = decoded([jpeg(photo(np.random.default_rng(k))) for k in range(5)])
    likeness = Likeness(pixels, SHAPE)
    rows = np.arange(5)
    np.testing.assert_allclose(likeness.correlation(rows, likeness.vectors), 1, atol=1e-5)
    assert np.all(likeness.correlation(rows, likeness.vectors[::-1].copy()) <= 1)


def test_the_best_cut_is_the_one_that_least_squares_finds() -> None:
    """The projection gives what numpy's solver gives for the same problem written out."""
    pixels = decoded([jpeg(photo(np.random.default_rng(k))) for k in range(2)])
    likeness = Likeness(pixels[:1], SHAPE)
    sides = [((0, 1), (0.04, 1)), ((0, 1), (0, 0.96)), ((0.04, 1), (0, 1)), ((0, 0.96), (0, 1))]
    whole = module._structure(pixels[:1], SHAPE, (0, 1), (0, 1))[0]
    changes = [module._structure(pixels[:1], SHAPE, *side)[0] - whole for side in sides]
    columns = np.stack([whole, *changes], axis=1).astype(np.float64) / np.linalg.norm(whole)
    price = np.hstack([np.zeros((4, 1)), np.sqrt(module.STIFFNESS) * np.eye(4)])
    other = Likeness(pixels[1:], SHAPE).vectors
    target = np.concatenate([other[0], np.zeros(4)])
    residual = np.linalg.lstsq(np.vstack([columns, price]), target, rcond=None)[1][0]
    assert np.sqrt(1 - residual) == pytest.approx(float(likeness.correlation(np.array([0]), other)[0]), abs=1e-4)


def test_groups_are_connected() -> None:
    """0-3 and 3-4 make one group of three; who is in no pair is alone."""
    assert [0, 1, 2, 0, 0, 2] == groups([(3, 4), (0, 3), (2, 5)], 6).tolist()
    assert [0, 1] == groups([], 2).tolist()
