"""Random little models, and trainings small enough to run in every test."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.config import load_config
from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling, standardize
from nncli.features.span import Projection
from nncli.model.file import Model
from nncli.network.parameters import Parameters
from nncli.run.dataset import Experiment, Plan, load_experiment, plan_experiment
from tests.folders import write_config

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import DTypeLike, NDArray

IMAGE_FORMAT = ImageFormat(4, 3, "rgb", "stretch")


def random_pixels(m: int, image_format: ImageFormat = IMAGE_FORMAT, seed: int = 0) -> NDArray[np.uint8]:
    """Images of noise, one per row, (m, n_0)."""
    return np.random.default_rng(seed).integers(0, 256, (m, image_format.n_features), np.uint8)


def random_model(
    classes: tuple[str, ...] = ("cat", "dog"),
    hidden: tuple[int, ...] = (5,),
    *,
    activation: str = "relu",
    image_format: ImageFormat = IMAGE_FORMAT,
    dtype: DTypeLike = np.float32,
    normalization: str = "none",
    n_members: int = 1,
    seed: int = 0,
) -> Model:
    """A model with weights and biases from the seed; two classes share one output."""
    n_outputs = 1 if len(classes) == 2 else len(classes)
    dims = (image_format.n_features, *hidden, n_outputs)
    parameters = Parameters(dims, dtype, normalization=normalization, n_members=n_members)
    rng = np.random.default_rng(seed)
    for network in parameters.members:
        for l in range(1, network.n_layers + 1):
            network.W[l][...] = rng.standard_normal(network.W[l].shape) / np.sqrt(dims[l - 1])
            network.b[l][...] = 0.3 * rng.standard_normal(network.b[l].shape)
        for l in range(1, len(network.gain)):
            network.gain[l][...] = 1 + 0.3 * rng.standard_normal(network.gain[l].shape)
            network.shift[l][...] = 0.3 * rng.standard_normal(network.shift[l].shape)
    return Model(parameters, activation, classes, image_format, noisy_scaling(image_format, seed), {"note": "random"})


def in_span(model: Model, r: int = 4, seed: int = 0) -> Model:
    """The model with a random projection to r directions before a first layer of its own."""
    rng, n = np.random.default_rng(seed), model.column.n_features
    matrix = (rng.standard_normal((n, r)) / np.sqrt(n)).astype(np.float16)
    parameters = Parameters((r, *model.layer_dims[1:]), n_members=len(model.parameters.members))
    parameters.flat[:] = rng.standard_normal(parameters.flat.shape)
    projection = Projection(matrix, rng.standard_normal(r).astype(np.float32))
    return replace(model, parameters=parameters, projection=projection)


def noisy_scaling(image_format: ImageFormat = IMAGE_FORMAT, seed: int = 0) -> Scaling:
    """A scaling with another scale and offset for each pixel."""
    return standardize(random_pixels(20, image_format, seed))


def plan_of(folder: Path, images: str = "photos", **sections: dict[str, object]) -> Plan:
    """The plan of a config for the class folders in `folder / images`; `sections` as for `write_config`."""
    return plan_experiment(load_config(write_config(folder / "config.yaml", images, **sections)))


def experiment_of(folder: Path, images: str = "photos", **sections: dict[str, object]) -> Experiment:
    """The same with its images loaded."""
    return load_experiment(plan_of(folder, images, **sections))


def same_model(expected: Model, found: Model) -> bool:
    """Whether two models are equal in everything, to the bit."""
    return _everything(expected) == _everything(found)


def _everything(model: Model) -> tuple[Any, ...]:
    parameters, scaling = model.parameters, model.scaling
    return (
        *(model.layer_dims, parameters.normalization, len(parameters.members)),
        *(parameters.flat.dtype, parameters.flat.tobytes()),
        *(scaling.scale.tobytes(), scaling.offset.tobytes()),
        *(model.activation, model.classes, model.image_format, model.training),
        *(model.column.features, model.test_time_augmentation, model.temperature),
        *(array.tobytes() for array in model.column.arrays().values()),
        *(array.tobytes() for array in (model.projection.arrays() if model.projection else {}).values()),
    )
