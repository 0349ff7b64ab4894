"""The model file: everything that prediction needs, in one .npz that NumPy alone can read (docs/model-file.md).

    metadata     UTF-8 JSON as an array of bytes: layer_dims, activation, classes, image format, how it was trained;
                 where answers are labels or numbers also the task, and classes are the names of these
    scale        (n_0, 1) float32      input = pixels * scale + offset
    offset       (n_0, 1) float32
    W1 ... WL    (n_l, n_{l-1}) float16, float32 or float64
    b1 ... bL    (n_l, 1)             float32 or float64
    projection   (n, n_0) float16     only where the network works in the span of its data (features/span.py): then
                                      scale and offset are (n, 1), and input = projection^T (pixels * scale + offset)
    projection_shift (n_0,) float32   + projection_shift
    gain1 ...    (n_l, 1)             with layer normalization, for the hidden layers; batch normalization has gone
    shift1 ...   (n_l, 1)             into W and b
    known. ...   and others that tell what images it comes from, see evidence.py

An ensemble's arrays have one more dimension in front, the member: W1 is (n_members, n_1, n_0).

A large array of float32 whose numbers half precision holds is float16 in the file, and float32 again when it is read
(half_precision.py).

The same model always gives the same bytes: there is no clock and no path in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.errors import ModelFileError
from nncli.features.column import FeatureColumn
from nncli.features.settings import n_features
from nncli.features.settings.looks import n_votes, seen_shape
from nncli.features.span import Projection
from nncli.machine.npz_file import read_npz, text_array, write_npz
from nncli.model.checks import (
    FORMAT,
    FORMAT_VERSION,
    LOOKS_OF,
    MAX_METADATA,
    SPAN_VERSION,
    TASK_VERSION,
    checked_classes,
    checked_features,
    checked_layer_dims,
    checked_metadata,
    looks_word,
    take,
    take_large,
)
from nncli.model.evidence import Evidence, evidence_from
from nncli.model.half_precision import shortened
from nncli.model.preprocessing import Preprocessing
from nncli.model.task import CLASSIFICATION, Classification, Task, task_from
from nncli.network.parameters import Parameters
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

PIXEL_COLUMN: Any = None
"""Stands for the column of the pixels themselves."""


@dataclass(frozen=True)
class Model:
    """A trained network with all that belongs to it.

    Attributes:
        parameters: Weights and biases; with layer normalization gains and shifts; of one network or several.
        activation: Of the hidden layers.
        classes: Class names, in the order of the outputs; two classes share one output, which is P(second class). Of
            other tasks the names of the labels, or of the numbers.
        image_format: How an image becomes pixel values.
        scaling: From the feature column to network input.
        training: How it was trained and how well it did, for people to read; prediction ignores it.
        column: From pixel values to the feature column.
        test_time_augmentation: ``mirror``: the probabilities of an image and of its mirror image are averaged; in the
            file also ``parts`` or ``mirrored parts``, where those of all looks at an image are, and ``whole`` or
            ``mirrored whole``, where the whole alone votes in the size of a part, ``shifts`` or ``mirrored shifts``.
        temperature: Of the probabilities, see calibration.py; 1 leaves them as they are.
        evidence: What it keeps of the images it comes from.
        projection: From the scaled feature column to network input; None if it is this column.
        task: What its outputs say.
    """

    parameters: Parameters
    activation: str
    classes: tuple[str, ...]
    image_format: ImageFormat
    scaling: Scaling
    training: dict[str, Any] = field(default_factory=dict)
    column: FeatureColumn = PIXEL_COLUMN
    test_time_augmentation: str = "none"
    temperature: float = 1.0
    evidence: Evidence = field(default_factory=Evidence)
    projection: Projection | None = None
    task: Task = CLASSIFICATION

    def __post_init__(self) -> None:
        """Without anything else the feature column is the image itself."""
        if self.column is PIXEL_COLUMN:
            object.__setattr__(self, "column", FeatureColumn.of_pixels(self.image_format.shape))

    @property
    def layer_dims(self) -> tuple[int, ...]:
        """(n_0, ..., n_L)."""
        return self.parameters.layer_dims

    @property
    def is_mirrored(self) -> bool:
        """Whether each look at an image has a vote for its mirror image, too."""
        return self.test_time_augmentation == "mirror"

    @property
    def n_looks(self) -> int:
        """How many votes there are for an image."""
        return n_votes(self.column.looks, mirrored=self.is_mirrored)

    def setting(self, key: str) -> Any:
        """The value of an option, ``data.transpose``, when it was trained; None where the file does not tell."""
        config = self.training.get("config")
        return config.get(key) if isinstance(config, dict) else None

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """From pixel values to network input."""
        return Preprocessing(self.column, self.scaling, self.projection)


def write_model(path: Path, model: Model) -> None:
    """Write `model` to `path`, atomically.

    Raises:
        NncliError: The file cannot be written, or a weight is not finite; what was there before is untouched.
    """
    if not np.isfinite(model.parameters.flat).all():
        raise ModelFileError(f"{printable(str(path))}: not written, because a weight is not finite")
    task = {} if isinstance(model.task, Classification) else {"task": model.task.to_dict()}
    metadata = text_array(
        {
            "format": FORMAT,
            "format_version": TASK_VERSION if task else SPAN_VERSION if model.projection else FORMAT_VERSION,
            "layer_dims": list(model.layer_dims),
            "activation": model.activation,
            "normalization": model.parameters.normalization,
            "ensemble": len(model.parameters.members),
            "output": model.task.output(model.layer_dims[-1]),
            "classes": list(model.classes),
            "image": model.image_format.to_dict(),
            "features": [block.to_dict() for block in model.column.features],
            "test_time_augmentation": looks_word(model.column.looks, model.test_time_augmentation),
            "temperature": model.temperature,
            "training": model.training,
            **task,
        }
    )
    if metadata.size > MAX_METADATA:
        raise ModelFileError(f"{printable(str(path))}: not written, because the class names are too long")
    arrays: dict[str, NDArray[Any]] = {
        "metadata": metadata,
        "scale": model.scaling.scale.reshape(-1, 1),
        "offset": model.scaling.offset.reshape(-1, 1),
    }
    if model.projection:
        arrays |= model.projection.arrays()
    learned = {**model.column.arrays(), **_named(model.parameters)}
    arrays |= {name: shortened(array) for name, array in learned.items()}
    write_npz(path, {**arrays, **model.evidence.arrays()})


def _names(n_layers: int, normalization: str) -> Iterator[tuple[str, str, int]]:
    """Name of each array in the file, the attribute of `Parameters` that holds it, and its index."""
    for l in range(1, n_layers + 1):
        for kind in ("W", "b", "gain", "shift") if normalization == "layer" and l < n_layers else ("W", "b"):
            yield f"{kind}{l}", kind, l


def _named(parameters: Parameters) -> dict[str, NDArray[Any]]:
    """The arrays of a network by their names; those of an ensemble stacked, (n_members, n_l, ...)."""
    names, members = _names(parameters.n_layers, parameters.normalization), parameters.members
    if len(members) == 1:
        return {name: getattr(parameters, kind)[l] for name, kind, l in names}
    return {name: np.stack([getattr(network, kind)[l] for network in members]) for name, kind, l in names}


def read_model(path: Path) -> Model:
    """Read and verify the model at `path`.

    Raises:
        ModelFileError: Missing, damaged, not a model, from a newer version, or inconsistent in any way.
    """
    arrays = read_npz(path)
    try:
        return _build(arrays)
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        reason = printable(f"no {error}" if isinstance(error, KeyError) else str(error))[:200]
        raise ModelFileError(f"{printable(str(path))}: is not a valid nncli model: {reason}") from error


def _build(arrays: dict[str, NDArray[Any]]) -> Model:
    """The model, every part of it checked before the parameters are allocated."""
    metadata = checked_metadata(arrays.pop("metadata"))
    image_format = ImageFormat.from_dict(metadata["image"])
    classes = checked_classes(metadata["classes"], 1 if "task" in metadata else 2)
    task = task_from(metadata["task"], len(classes)) if "task" in metadata else CLASSIFICATION
    looks, voting = LOOKS_OF[metadata["test_time_augmentation"]]
    shape = seen_shape(image_format.shape, looks)
    features = checked_features(metadata["features"], shape)
    length = n_features(features, shape)
    version = metadata["format_version"]
    in_span = version == SPAN_VERSION or (version == TASK_VERSION and "projection" in arrays)
    layer_dims = checked_layer_dims(metadata["layer_dims"], length, len(classes), in_span=in_span)
    if "task" in metadata and layer_dims[-1] != len(classes):
        raise ValueError(f"layer_dims ends with {layer_dims[-1]} for {len(classes)} names")
    if "task" in metadata and metadata["temperature"] != 1:
        raise ValueError("a temperature is for classes alone")
    if metadata["output"] != task.output(layer_dims[-1]):
        raise ValueError(f"output is {metadata['output']!r} for layer_dims {layer_dims}")

    dtype = np.dtype(arrays["b1"].dtype)
    if dtype not in (np.float32, np.float64):
        raise ValueError(f"weights are {dtype}")
    scale, offset = (take(arrays, name, (length, 1), np.float32) for name in ("scale", "offset"))
    projection = None
    if in_span:
        matrix = take(arrays, "projection", (length, layer_dims[0]), np.float16)
        projection = Projection(matrix, take(arrays, "projection_shift", (layer_dims[0],), np.float32))
    shapes = FeatureColumn.array_shapes(features, shape, arrays)
    learned = {name: take_large(arrays, name, each, np.float32) for name, each in shapes.items()}
    evidence = evidence_from(arrays, len(classes), layer_dims[0])
    normalization, n_members = metadata["normalization"], metadata["ensemble"]
    names = list(_names(len(layer_dims) - 1, normalization))
    taken = {}
    for name, kind, l in names:
        size = (layer_dims[l], layer_dims[l - 1] if kind == "W" else 1)
        taken[name] = take_large(arrays, name, size if n_members == 1 else (n_members, *size), dtype)
    if arrays:
        raise ValueError(f"unknown array {next(iter(arrays))!r}")
    output = metadata["output"]
    parameters = Parameters(layer_dims, dtype, normalization=normalization, n_members=n_members, output=output)
    for name, kind, l in names:
        for network, array in zip(parameters.members, taken[name].reshape(n_members, layer_dims[l], -1), strict=True):
            getattr(network, kind)[l][...] = array
    scaling = Scaling(scale.ravel(), offset.ravel())
    column = FeatureColumn.from_arrays(features, image_format.shape, learned, looks)
    about = metadata["activation"], classes, image_format, scaling, metadata["training"]
    how = voting, metadata["temperature"]
    return Model(parameters, *about, column, *how, evidence, projection, task)
