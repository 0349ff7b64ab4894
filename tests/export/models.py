"""Small models with feature blocks that have learned from noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.features.column import FeatureColumn
from nncli.network.parameters import Parameters
from tests.fixtures import random_model, random_pixels

if TYPE_CHECKING:
    from nncli.features.settings import Features
    from nncli.model.file import Model

COLOR, GRAY = ImageFormat(14, 17, "rgb", "stretch"), ImageFormat(14, 17, "grayscale", "stretch")
THREE = ("ant", "bee", "cow")


def fitted_column(features: Features, image_format: ImageFormat = COLOR, looks: str = "whole") -> FeatureColumn:
    """A feature column that has learned from sixty images of noise."""
    return FeatureColumn.fit(features, image_format.shape, random_pixels(60, image_format), seed=1, looks=looks)


def featured_model(
    features: Features,
    image_format: ImageFormat = COLOR,
    classes: tuple[str, ...] = THREE,
    n_members: int = 1,
    looks: str = "whole",
    **changes: Any,
) -> Model:
    """A random model on such a column, with every entry scaled to about -1 to 1; `changes` are fields of `Model`."""
    column = fitted_column(features, image_format, looks)
    values = np.empty((60, column.n_features), np.float32)
    column.extract(random_pixels(60, image_format), values)
    scale = (1 / (values.std(axis=0) + 0.01)).astype(np.float32)
    dims = (column.n_features, 6, 1 if len(classes) == 2 else len(classes))
    parameters = Parameters(dims, n_members=n_members)
    rng = np.random.default_rng(2)
    for network in parameters.members:
        for l in (1, 2):
            network.W[l][...] = rng.standard_normal(network.W[l].shape) / np.sqrt(dims[l - 1])
            network.b[l][...] = rng.standard_normal(network.b[l].shape)
    model = random_model(classes, image_format=image_format)
    scaling = Scaling(scale, -values.mean(axis=0) * scale)
    return replace(model, parameters=parameters, scaling=scaling, column=column, **changes)
