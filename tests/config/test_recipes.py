"""Recipes as tables of defaults, before any image is opened."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from nncli.config.options import OPTIONS
from nncli.config.recipes import (
    COMMON,
    DECIDED_LATER,
    EFFORTS,
    FEW_IMAGES,
    PHOTO_SIDE,
    RECIPES,
    SMALL_SIDE,
    Facts,
    likely_defaults,
    recipe_defaults,
)
from nncli.config.validation import why_ignored
from nncli.features.deep_patches import first_layer
from nncli.features.settings import PIXELS, misfit
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.looks import seen_shape
from nncli.features.settings.patches import Patches
from nncli.features.settings.second_order import SecondOrder
from tests.config.files import complaint, load, training

SHAPES = [
    (28, 28, 1),
    (64, 64, 3),
    (5, 5, 1),
    (1, 1, 3),
    (1, 40, 1),
    (3, 900, 3),
    (7, 9, 3),
    (41, 3, 1),
    (4096, 4096, 3),
]
SIZES = [1, 4, FEW_IMAGES, FEW_IMAGES + 1, 10**6]
ALL = list(itertools.product(RECIPES, EFFORTS))


def test_plain_decides_nothing() -> None:
    """Every ingredient stays off."""
    assert {} == recipe_defaults("plain", "thorough", Facts(100, (28, 28, 1)))
    assert {} == likely_defaults("plain") == likely_defaults(None) == likely_defaults("nonsense")


@pytest.mark.parametrize(("recipe", "effort"), ALL)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_default_is_allowed_and_fits_the_images(recipe: str, effort: str, shape: tuple[int, int, int]) -> None:
    """Of every option; nothing that it says is ignored beside the rest of it; one pixel is no problem."""
    for n_images in SIZES:
        defaults = recipe_defaults(recipe, effort, Facts(n_images, shape))
        values: dict[str, Any] = {key: option.default for key, option in OPTIONS.items()} | defaults
        assert defaults.keys() <= OPTIONS.keys()
        assert [] == [key for key in defaults if why_ignored(key, values)]
        features = defaults["data.features"]
        assert features
        seen = seen_shape(shape, values["data.looks"])
        assert [] == [why for why in (*(block.misfit(seen) for block in features), misfit(features, seen)) if why]


@pytest.mark.parametrize(("recipe", "effort"), ALL)
def test_what_is_checked_before_the_images_are_known(recipe: str, effort: str) -> None:
    """Every default holds from the start, or is known to come later."""
    for n_images in SIZES:
        defaults = recipe_defaults(recipe, effort, Facts(n_images, (28, 28, 3)))
        assert set() == defaults.keys() - likely_defaults(recipe).keys() - set(DECIDED_LATER)
        assert COMMON.items() <= defaults.items()


@pytest.mark.parametrize("recipe", RECIPES)
def test_more_effort_is_more_work(recipe: str) -> None:
    """No fewer patches, and more epochs."""
    by_effort = [recipe_defaults(recipe, effort, Facts(10**5, (28, 28, 1))) for effort in EFFORTS]
    counts = [each["data.features"][0].count for each in by_effort]
    epochs = [each["training.epochs"] for each in by_effort]
    assert (sorted(counts), sorted(set(epochs))) == (counts, epochs)


@pytest.mark.parametrize(
    ("shape", "size", "grid", "stride"),
    [((5, 5, 1), 5, 1, 1), ((2, 90, 1), 2, 1, 1), ((4, 3, 1), 3, 1, 1)],
)
def test_patches_fit_small_images(shape: tuple[int, int, int], size: int, grid: int, stride: int) -> None:
    """Smaller patches and fewer cells where the images have no room for more."""
    (patches,) = recipe_defaults("digits", "quick", Facts(100, shape))["data.features"]
    assert isinstance(patches, Patches)
    assert (size, grid, stride) == (patches.size, patches.grid, patches.stride)


def test_where_no_patch_fits_there_are_pixels() -> None:
    """Images of one row or column; color counts all the same."""
    assert PIXELS == recipe_defaults("digits", "quick", Facts(100, (1, 9, 1)))["data.features"]
    assert (*PIXELS, ColorHistogram(bins=6)) == recipe_defaults("photos", "quick", Facts(9, (1, 1, 3)))["data.features"]


def test_gray_photos_have_no_histogram() -> None:
    """There is no color to count."""
    gray, rgb = (
        recipe_defaults("photos", "quick", Facts(9, (PHOTO_SIDE, PHOTO_SIDE, n)))["data.features"] for n in (1, 3)
    )
    assert [block.kind for block in rgb] == [*(block.kind for block in gray), "color_histogram"]


@pytest.mark.parametrize("effort", EFFORTS)
def test_patterns_of_larger_signs_are_counted_in_more_cells(effort: str) -> None:
    """Where the fingers of a hand are tells its sign; what a small drawing shows is anywhere."""
    grids = []
    for side in (SMALL_SIDE, SMALL_SIDE + 1):
        (block,) = recipe_defaults("digits", effort, Facts(100, (side, side, 3)))["data.features"]
        grids.append(block.grid)
    assert [2, 4] == grids


@pytest.mark.parametrize(("effort", "n_images"), [("quick", 99), ("thorough", 10**5)])
def test_photos_take_the_patches_of_patterns_for_pairs(effort: str, n_images: int) -> None:
    """second_order comes after deep_patches, with settings that let it take their patches, where both have as many."""
    patterns, pairs, *_ = recipe_defaults("photos", effort, Facts(n_images, (64, 64, 3)))["data.features"]
    assert isinstance(patterns, DeepPatches)
    assert isinstance(pairs, SecondOrder)
    assert first_layer(patterns) == first_layer(pairs.windows)


@pytest.mark.parametrize("side", [13, 14])
def test_no_pairs_take_the_place_of_patches(side: int) -> None:
    """Images too small for patterns of patches have patches, at every effort, where pairs would fit, too."""
    facts = Facts(FEW_IMAGES + 1, (side, side, 3))
    found = [[block.kind for block in recipe_defaults("photos", effort, facts)["data.features"]] for effort in EFFORTS]
    assert [["patches"]] * 3 == found


@pytest.mark.parametrize("recipe", ["garments", "photos"])
def test_many_images_are_moved_where_there_is_time(recipe: str) -> None:
    """At `thorough`; pixels alone have their places, and an image with numbers may have others when it is moved."""

    def looks(effort: str, facts: Facts) -> str:
        found: str = recipe_defaults(recipe, effort, facts)["data.looks"]
        return found

    many = Facts(FEW_IMAGES + 1, (32, 32, 3))
    assert ["whole", "whole", "shifts"] == [looks(effort, many) for effort in EFFORTS]
    assert "whole" == looks("thorough", replace(many, task="regression"))
    assert "shifts" == looks("thorough", replace(many, task="multilabel"))
    assert "whole" == looks("thorough", replace(many, shape=(1, 9, 1)))
    assert "whole" == looks("thorough", replace(many, n_images=FEW_IMAGES, shape=(28, 28, 1)))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            "recipe: auto; patience: 5",
            "training.patience is only used with monitor accuracy or loss, not with last; "
            "remove it, or change training.monitor",
        ),
        (
            "recipe: photos; batch_size: 1",
            "network.normalization batch needs a training.batch_size of at least 2; layer works with 1",
        ),
        ("recipe: digits; momentum: 0.5", "training.momentum is only used with optimizer momentum or nesterov"),
        ("recipe: auto; warmup_epochs: 2", "training.warmup_epochs is only used with schedule constant"),
        ("effort: thorough", "training.effort is only used with recipe auto, digits, garments"),
        ("recipe: Photos", "training.recipe must be plain, auto, digits, garments or photos, not 'Photos'"),
        ("recipe: auto; effort: 3", "training.effort must be quick, standard or thorough, not 3"),
        ("monitor: last; patience: 5", "training.patience is only used with monitor accuracy or loss, not with last"),
    ],
)  # fmt: skip
def test_what_does_not_go_with_a_recipe(lines: str, expected: str) -> None:
    """Told before any image is opened, with the place and a way out."""
    assert expected in complaint(training(lines))


@pytest.mark.parametrize(
    "lines",
    [
        "recipe: auto; weight_decay: 0.1; label_smoothing: 0.2",
        "recipe: auto; monitor: accuracy; patience: 5",
        "recipe: photos; schedule: cosine; warmup_epochs: 35",  # more than the 30 epochs of `plain`
        "recipe: auto; optimizer: nesterov; momentum: 0.5",
    ],
)
def test_what_goes_with_a_recipe(lines: str) -> None:
    """Although it would not go with the defaults of `plain`."""
    load(training(lines))
    load(training(lines) + "network: {normalization: layer}\n", "training.batch_size=1")


def test_what_the_images_decide_is_not_judged_before() -> None:
    """784 is wrong for 64x64 images, and nobody knows yet how large they will be, nor which features there are."""
    load(training("recipe: auto") + "network: {layer_dims: [784, 5, auto]}\n")
    load(training("recipe: auto"), "data.features=[pca: {components: 4096}]", "data.color=grayscale")
    load(training("recipe: auto"), "data.scaling=zero_one")
    assert "but 2x2 grayscale images have 4 values" in complaint(
        training("recipe: plain") + "network: {layer_dims: [784, 5, auto]}\n",
        "data.image_size=2",
        "data.color=grayscale",
    )
