"""The first layer's weights as pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.data.image.image_format import ImageFormat
from nncli.errors import ModelFileError
from nncli.features.column import FeatureColumn
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.pictures.weights import NEGATIVE, POSITIVE, ZERO, patterns, weight_tiles
from tests.fixtures import IMAGE_FORMAT, random_model, random_pixels

if TYPE_CHECKING:
    from nncli.features.settings import Block
    from nncli.model.file import Model


def model_with(rows: list[list[float]], color: str) -> Model:
    """A model of 1x2 images whose first layer has these weights."""
    model = random_model(("a", "b", "c"), (len(rows),), image_format=ImageFormat(1, 2, color, "stretch"))
    model.parameters.W[1][...] = rows
    return model


def fitted(block: Block) -> FeatureColumn:
    """A feature column for the images of `random_model`."""
    return FeatureColumn.fit((block,), IMAGE_FORMAT.shape, random_pixels(40), seed=0)


def test_gray_weights_diverge_from_white() -> None:
    """Red for, blue against, in proportion to the largest of the row; the strongest row comes first."""
    tiles = weight_tiles(model_with([[0, 0], [4, -4]], "grayscale"))
    assert (2, 1, 2, 3) == tiles.shape
    assert [POSITIVE.tolist(), NEGATIVE.tolist()] == tiles[0, 0].tolist()
    assert [ZERO.tolist()] * 2 == tiles[1, 0].tolist()


def test_color_weights_keep_their_channel() -> None:
    """Gray is zero, and each channel goes its own way from there."""
    tiles = weight_tiles(model_with([[2, 0, -2, 1, 1, 1]], "rgb"))
    assert [[255, 128, 0], [191, 191, 191]] == tiles[0, 0].tolist()


def test_there_are_no_more_than_asked_for() -> None:
    """The strongest of them."""
    assert 1 == len(weight_tiles(model_with([[1, 0], [3, 0], [2, 0]], "grayscale"), most=1))


def test_weights_of_something_else_than_pixels_are_no_picture() -> None:
    """A first layer behind feature blocks is refused in words, also where there are as many features as pixels."""
    with pytest.raises(ModelFileError, match="the first layer sees 36 features, not pixels"):
        weight_tiles(replace(random_model(), column=fitted(Pca(components=36))))


def test_tiles_do_not_change_the_model() -> None:
    """Drawing only looks."""
    model = random_model()
    before = model.parameters.flat.copy()
    weight_tiles(model)
    assert np.array_equal(before, model.parameters.flat)


def test_learned_patches_are_shown_where_there_are_some() -> None:
    """Then the weights are those of their answers, which are no picture."""
    column = fitted(Patches(size=2, count=5, grid=1))
    found = patterns(replace(random_model(), column=column))
    assert (5, 2, 2, 3) == found.shape
    assert column.arrays()["features1.matrix"][:12, 1].tolist() == found[1].ravel().tolist()
