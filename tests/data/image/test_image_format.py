"""The format that every image is brought to."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest

from nncli.data.image.image_format import IMAGE_SUFFIXES, MAX_SIDE, ImageFormat

VALID = {"height": 48, "width": 64, "color": "rgb", "resize": "pad"}
WRONG_SIDES: tuple[Any, ...] = (0, -1, MAX_SIDE + 1, 10**400, 64.0, True, "64", None, [64])
WRONG_NAMES: tuple[Any, ...] = ("RGB", "Pad", "", "fit", 3, None, ["rgb"], ["pad"], {"rgb": 3})


def test_n_features_counts_every_value_of_an_image() -> None:
    """n_0 = height * width * channels."""
    assert (3, 9216) == (ImageFormat(48, 64, "rgb", "pad").channels, ImageFormat(48, 64, "rgb", "pad").n_features)
    assert (1, 784) == (
        ImageFormat(28, 28, "grayscale", "pad").channels,
        ImageFormat(28, 28, "grayscale", "pad").n_features,
    )


def test_it_is_shown_as_height_x_width_and_color() -> None:
    """The order of the config's image_size."""
    assert "48x64 grayscale" == str(ImageFormat(48, 64, "grayscale", "crop"))


@pytest.mark.parametrize("color", ["rgb", "grayscale"])
@pytest.mark.parametrize("resize", ["stretch", "pad", "crop"])
def test_it_survives_json(color: str, resize: str) -> None:
    """As the model file's metadata does."""
    image_format = ImageFormat(1, MAX_SIDE, color, resize)
    assert image_format == ImageFormat.from_dict(json.loads(json.dumps(image_format.to_dict())))


def test_to_dict_has_the_fields_by_name() -> None:
    """The names are part of the model file's format."""
    assert VALID == ImageFormat(48, 64, "rgb", "pad").to_dict()


@pytest.mark.parametrize(
    "change",
    [
        *({key: value} for key in ("height", "width") for value in WRONG_SIDES),
        *({"color": value} for value in WRONG_NAMES),
        *({"resize": value} for value in WRONG_NAMES),
    ],
    ids=lambda change: repr(change)[:40],
)
def test_a_wrong_value_is_refused(change: dict[str, Any]) -> None:
    """From a model file and from our own code alike: of the wrong type, or out of range."""
    (name,) = change
    with pytest.raises(ValueError, match=name):
        ImageFormat.from_dict(VALID | change)
    with pytest.raises(ValueError):
        replace(ImageFormat(48, 64, "rgb", "pad"), **change)


@pytest.mark.parametrize("values", [None, 5, "rgb", [], ["height", "width", "color", "resize"], {}])
def test_from_dict_refuses_what_is_no_dict_of_the_four_fields(values: object) -> None:
    """A damaged file may hold anything."""
    with pytest.raises(ValueError, match="exactly the keys height, width, color, resize"):
        ImageFormat.from_dict(values)


@pytest.mark.parametrize("name", list(VALID))
def test_from_dict_refuses_a_missing_and_an_additional_key(name: str) -> None:
    """No default steps in, nothing is ignored."""
    with pytest.raises(ValueError, match="exactly"):
        ImageFormat.from_dict({key: value for key, value in VALID.items() if key != name})
    with pytest.raises(ValueError, match="exactly"):
        ImageFormat.from_dict(VALID | {f"{name}_": 1})


@pytest.mark.parametrize("max_pixels", [0, -1, 170_000_001, 1.5, "9", None, True])
def test_a_wrong_limit_of_pixels_is_refused(max_pixels: Any) -> None:
    """A stranger's model cannot ask for more memory than two gigabytes."""
    with pytest.raises(ValueError, match="max_pixels"):
        ImageFormat.from_dict(VALID | {"max_pixels": max_pixels})


def test_the_limit_of_pixels_is_stored_where_it_is_not_the_usual_one() -> None:
    """Models of before, which have none, mean the usual one."""
    assert 110_000_000 == ImageFormat.from_dict(VALID).max_pixels
    assert VALID == ImageFormat.from_dict(VALID).to_dict()
    assert VALID | {"max_pixels": 170_000_000} == ImageFormat.from_dict(VALID | {"max_pixels": 170_000_000}).to_dict()


def test_it_cannot_be_changed() -> None:
    """It is checked once, when it is made."""
    with pytest.raises(FrozenInstanceError):
        ImageFormat(48, 64, "rgb", "pad").height = 0  # type: ignore[misc]


def test_suffixes_are_lower_case_and_have_a_dot() -> None:
    """`str.endswith` takes them as they are."""
    assert {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm"} <= set(IMAGE_SUFFIXES)
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in IMAGE_SUFFIXES)
    assert "photo.jpg".endswith(IMAGE_SUFFIXES)


@pytest.mark.parametrize("module", ["nncli.data.image.image_format", "nncli.data.image_folder"])
def test_scanning_needs_neither_numpy_nor_pillow(module: str) -> None:
    """A wrong path is told at once."""
    code = f"import sys, {module}; sys.exit(bool({{'numpy', 'PIL'}} & set(sys.modules)))"
    assert 0 == subprocess.run([sys.executable, "-c", code], check=False).returncode
