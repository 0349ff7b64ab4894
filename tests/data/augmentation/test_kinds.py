"""Kinds of augmentation: what they change, how far, and that equal random numbers make equal changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np
import pytest

from nncli.config.options import AugmentationName
from nncli.data.augmentation import kinds
from nncli.data.augmentation.kinds import KINDS, Amounts, Augmentation, make_augmentation
from nncli.data.image.image_format import ImageFormat

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAY = ImageFormat(28, 28, "grayscale", "stretch")
FORMATS = [
    GRAY,
    ImageFormat(12, 20, "rgb", "stretch"),
    ImageFormat(1, 1, "rgb", "stretch"),
    ImageFormat(1, 6, "grayscale", "stretch"),
]


def noise(image_format: ImageFormat, m: int = 8) -> NDArray[np.uint8]:
    """Rows of random pixels."""
    return np.random.default_rng(0).integers(0, 256, (m, image_format.n_features), np.uint8)


def changed(
    kind: str | Amounts, image_format: ImageFormat, strength: float = 1.0, seed: int = 0, m: int = 8
) -> NDArray[np.uint8]:
    """`noise`, augmented."""
    amounts = KINDS[kind] if isinstance(kind, str) else kind
    rows = noise(image_format, m)
    Augmentation(amounts, image_format, strength).apply(rows, np.random.default_rng(seed))
    return rows


def test_the_config_offers_what_there_is() -> None:
    """No kind without its word, no word without its kind; ``none`` costs nothing."""
    assert set(get_args(AugmentationName)) == {"none", *KINDS}
    assert make_augmentation("none", GRAY) is None
    assert make_augmentation("digits", GRAY) is not None


@pytest.mark.parametrize("image_format", FORMATS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_strength_0_changes_nothing(kind: str, image_format: ImageFormat) -> None:
    """To the bit, mirror included."""
    np.testing.assert_array_equal(noise(image_format), changed(kind, image_format, strength=0))


@pytest.mark.parametrize("image_format", FORMATS, ids=str)
@pytest.mark.parametrize("kind", KINDS)
def test_any_size_and_color_at_the_largest_strength(kind: str, image_format: ImageFormat) -> None:
    """Every image can be changed, and is again an image of its size."""
    rows = changed(kind, image_format, strength=3)
    assert rows.dtype == np.uint8
    assert (8, image_format.n_features) == rows.shape


@pytest.mark.parametrize("kind", KINDS)
def test_random_numbers_decide_alone(kind: str) -> None:
    """The same seed makes the same changes, another seed others, and no two images of a batch get the same."""
    once, again, other = (changed(kind, GRAY, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any()
    rows = np.repeat(noise(GRAY, 1), 20, axis=0)
    Augmentation(KINDS[kind], GRAY).apply(rows, np.random.default_rng(0))
    assert len(np.unique(rows, axis=0)) > (1 if kind == "mirror" else 5)  # an image, and its mirror image


@pytest.mark.parametrize("kind", KINDS)
def test_how_images_are_divided_makes_no_difference(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shares of several processes, and chunks of whatever size, give what one pass over the batch gives."""
    image_format = FORMATS[1]
    whole = changed(kind, image_format, m=21)
    for pixels in (1, 12 * 20 * 2, 1 << 30):
        monkeypatch.setattr(kinds, "CHUNK_PIXELS", pixels)
        parts = []
        for share in (slice(0, 10), slice(10, 21)):
            part = noise(image_format, 21)[share]
            Augmentation(KINDS[kind], image_format).apply(part, np.random.default_rng(0), 21, share)
            parts.append(part)
        np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_garments_are_shifted_by_up_to_one_of_28_whole_pixels() -> None:
    """Every changed image is the old one, moved; every shift from -1 to 1 occurs, in both directions."""
    original = noise(GRAY, 200).reshape(200, 28, 28)
    moved = changed("garments", GRAY, m=200).reshape(200, 28, 28)
    seen = set()
    for before, after in zip(original, moved, strict=True):
        fits = [
            (dy, dx)
            for dy in range(-2, 3)
            for dx in range(-2, 3)
            if (after[2:26, 2:26] == before[2 + dy : 26 + dy, 2 + dx : 26 + dx]).all()
        ]
        assert 1 == len(fits)
        seen.update(fits)
    assert {-1, 0, 1} == {dy for dy, _ in seen} == {dx for _, dx in seen}


@pytest.mark.parametrize("image_format", FORMATS[:2], ids=str)
def test_a_mirror_is_exact(image_format: ImageFormat) -> None:
    """Half of the images have left and right exchanged to the bit, the others are untouched."""
    shape = (200, image_format.height, image_format.width, image_format.channels)
    original = noise(image_format, 200).reshape(shape)
    mirrored = changed(Amounts(mirror=0.5), image_format, m=200).reshape(shape)
    is_mirrored = (mirrored == original[:, :, ::-1]).all(axis=(1, 2, 3))
    is_same = (mirrored == original).all(axis=(1, 2, 3))
    assert (is_mirrored ^ is_same).all()
    assert 70 < is_mirrored.sum() < 130


def test_digits_and_garments_are_never_mirrored() -> None:
    """A mirrored 2 is no 2, and mirrored garments made the results worse."""
    assert 0 == KINDS["digits"].mirror == KINDS["garments"].mirror


def test_a_crop_stays_within_the_image() -> None:
    """With nothing but a crop, a ramp from 0 to 255 stays a ramp: its border is never repeated."""
    image_format = ImageFormat(1, 52, "grayscale", "stretch")
    rows = np.repeat(np.arange(0, 256, 5, dtype=np.uint8)[None], 50, axis=0)
    Augmentation(Amounts(crop=0.3), image_format).apply(rows, np.random.default_rng(0))
    assert (np.diff(rows.astype(int)[:, 1:-1], axis=1) >= 3).all()
    assert len(np.unique(rows[:, 26])) > 10  # parts from all over the image


def center_of_mass_and_spread(rows: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and covariance of where the light is, (m, 2) and (m, 2, 2), in pixels."""
    weights = rows.reshape(-1, 784) / rows.sum(axis=1, keepdims=True, dtype=np.float64)
    places = np.stack(np.meshgrid(np.arange(28), np.arange(28), indexing="ij")).reshape(2, -1).astype(float)
    mean = weights @ places.T
    squares = np.einsum("mp,ip,jp->mij", weights, places, places)
    return mean, squares - mean[:, :, None] * mean[:, None]


def bar(m: int) -> NDArray[np.uint8]:
    """An upright bar in the middle of a black image."""
    images = np.zeros((m, 28, 28), np.uint8)
    images[:, 6:22, 12:16] = 255
    return images.reshape(m, 784)


def test_rotation_turns_to_both_sides_up_to_its_limit() -> None:
    """12 degrees, and the bar keeps its place and its size."""
    rows = bar(300)
    Augmentation(Amounts(rotation=12), GRAY).apply(rows, np.random.default_rng(0))
    mean, spread = center_of_mass_and_spread(rows)
    angles = np.rad2deg(0.5 * np.arctan2(2 * spread[:, 0, 1], spread[:, 0, 0] - spread[:, 1, 1]))
    assert 10.5 < angles.max() < 12.7
    assert -12.7 < angles.min() < -10.5
    np.testing.assert_allclose(mean, 13.5, atol=0.1)
    np.testing.assert_allclose(np.linalg.eigvalsh(spread)[:, 1], 16**2 / 12, rtol=0.05)


def test_stretch_changes_height_and_width_each_for_itself() -> None:
    """By up to exp(0.15), 16 percent, to either side."""
    rows = bar(300)
    Augmentation(Amounts(stretch=0.15), GRAY).apply(rows, np.random.default_rng(0))
    _, spread = center_of_mass_and_spread(rows)
    height, width = np.sqrt(12 * spread[:, 0, 0]), np.sqrt(12 * spread[:, 1, 1])
    assert 13.6 < height.min() < 14.4
    assert 17.8 < height.max() < 18.8
    assert abs(np.corrcoef(height, width)[0, 1]) < 0.2


def test_shear_slants_and_keeps_the_height() -> None:
    """Rows move sideways, in proportion to their distance from the center."""
    rows = bar(300)
    Augmentation(Amounts(shear=0.2), GRAY).apply(rows, np.random.default_rng(0))
    mean, spread = center_of_mass_and_spread(rows)
    slant = spread[:, 0, 1] / spread[:, 0, 0]
    assert 0.17 < slant.max() < 0.21
    assert -0.21 < slant.min() < -0.17
    np.testing.assert_allclose(spread[:, 0, 0], 16**2 / 12, rtol=0.01)
    np.testing.assert_allclose(mean, 13.5, atol=0.05)


def test_strength_multiplies_the_amounts() -> None:
    """Twice the strength is twice the amounts, drawn from the same numbers."""
    amounts = KINDS["digits"]
    doubled = Amounts(**{name: 2 * value for name, value in vars(amounts).items()})
    np.testing.assert_array_equal(changed(doubled, GRAY), changed(amounts, GRAY, strength=2))


def test_photos_change_their_colors_and_digits_do_not() -> None:
    """A digit stays black and white; an even photo gets another gray, and a tint."""
    image_format = FORMATS[1]
    for kind, is_changed in {"digits": False, "photos": True}.items():
        rows = np.full((10, image_format.n_features), 128, np.uint8)
        Augmentation(KINDS[kind], image_format).apply(rows, np.random.default_rng(0))
        assert is_changed == (rows != 128).any()
    pixels = rows.reshape(10, -1, 3)
    assert (pixels == pixels[:, :1]).all()  # all pixels alike
    assert (pixels[..., 0] != pixels[..., 1]).any()


def test_no_color_changes_draw_no_random_numbers() -> None:
    """Switching colors off leaves the geometry as it was."""
    geometry = replace(KINDS["photos"], brightness=0, contrast=0, color=0)
    rows = changed(geometry, GRAY)
    neutral = changed(replace(geometry, brightness=1e-9), GRAY)
    np.testing.assert_array_equal(rows, neutral)
