"""Whether what a model file says is true of itself: every part of it is checked before anything is made of it.

Every function raises a ValueError with the reason; `read_model` adds the name of the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.features.settings import Features, features_from_list, misfit
from nncli.machine.npz_file import parse_text_array
from nncli.model.calibration import COLDEST, HOTTEST
from nncli.model.half_precision import LARGE
from nncli.network.forward_propagation import ACTIVATIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nncli.features.settings import Shape

FORMAT = "nncli-model"
FORMAT_VERSION = 1
SPAN_VERSION = 2
"""Of models that work in the span of their data; all others are as they always were."""

TASK_VERSION = 3
"""Of models whose answers are no classes."""

VERSIONS = (FORMAT_VERSION, SPAN_VERSION, TASK_VERSION)

KEYS = (
    "format",
    "format_version",
    "layer_dims",
    "activation",
    "normalization",
    "ensemble",
    "output",
    "classes",
    "image",
    "features",
    "test_time_augmentation",
    "temperature",
    "training",
)
"""Keys of the metadata, all of them required."""

LOOKS_WORDS = {
    ("whole", "none"): "none",
    ("whole", "mirror"): "mirror",
    ("parts", "none"): "parts",
    ("parts", "mirror"): "mirrored parts",
    ("parts_in_training", "none"): "whole",
    ("parts_in_training", "mirror"): "mirrored whole",
    ("shifts", "none"): "shifts",
    ("shifts", "mirror"): "mirrored shifts",
}
"""Looks of the column, and whether mirror images vote, too -> the word for both in the file."""

LOOKS_OF = {word: pair for pair, word in LOOKS_WORDS.items()}


def looks_word(looks: str, test_time_augmentation: str) -> str:
    """The word for the looks of a column and its votes; of shifts that are seen in training alone nothing is said."""
    return LOOKS_WORDS["whole" if looks == "shifts_in_training" else looks, test_time_augmentation]


NORMALIZATIONS = ("none", "layer")
"""Batch normalization is folded into the weights before a model is written."""

MAX_METADATA = 4 << 20
"""Bytes of metadata: JSON can take twenty times its size in memory. Ten thousand classes fit."""


def checked_metadata(array: NDArray[Any]) -> dict[str, Any]:
    """The metadata, with all keys that they should have, and those values that stand for themselves."""
    if array.size > MAX_METADATA:
        raise ValueError(f"metadata of {array.size:,} bytes is too long")
    metadata = parse_text_array(array)
    if metadata.get("format") != FORMAT:
        raise ValueError("metadata is not a model's")
    version = metadata.get("format_version")
    if type(version) is not int or version not in VERSIONS:  # true is 1, too
        raise ValueError(f"format_version is {version!r}, this nncli reads 1 to {VERSIONS[-1]}; update nncli")
    keys = {*KEYS, "task"} if version == TASK_VERSION else set(KEYS)
    if set(metadata) != keys:
        wrong = min(set(metadata) ^ keys)
        raise ValueError(f"metadata has {'no' if wrong in keys else 'an unknown'} {wrong!r}")
    _check_values(metadata)
    return metadata


def _check_values(metadata: dict[str, Any]) -> None:
    if metadata["activation"] not in list(ACTIVATIONS):  # a list, because what is read may not be hashable
        raise ValueError(f"unknown activation {metadata['activation']!r}")
    if metadata["normalization"] not in NORMALIZATIONS:
        raise ValueError(f"unknown normalization {metadata['normalization']!r}")
    temperature = metadata["temperature"]
    if type(temperature) not in (int, float) or not COLDEST <= temperature <= HOTTEST:
        raise ValueError(f"temperature is {temperature!r}, not a number from {COLDEST} to {HOTTEST}")
    if metadata["test_time_augmentation"] not in list(LOOKS_OF):
        raise ValueError(f"unknown test_time_augmentation {metadata['test_time_augmentation']!r}")
    if type(metadata["ensemble"]) is not int or metadata["ensemble"] < 1:
        raise ValueError(f"ensemble is {metadata['ensemble']!r}, not a number of networks")
    if not isinstance(metadata["training"], dict):
        raise ValueError("training is not a mapping")


def checked_features(values: Any, shape: Shape) -> Features:
    """The blocks of the feature column, if they can be computed for what has this shape."""
    features = features_from_list(values)
    for reason in (*(block.misfit(shape) for block in features), misfit(features, shape)):
        if reason:
            raise ValueError(reason)
    return features


def checked_classes(classes: Any, fewest: int = 2) -> tuple[str, ...]:
    """The class names: at least two, all different; or those of labels or numbers, of which one is enough."""
    if not isinstance(classes, list) or not all(isinstance(name, str) and name for name in classes):
        raise ValueError("classes is not a list of names")
    if len(classes) < fewest or len(set(classes)) != len(classes):
        raise ValueError(f"classes are fewer than {'two' if fewest == 2 else 'one'} or not distinct")
    return tuple(classes)


def checked_layer_dims(dims: Any, n_features: int, n_classes: int, *, in_span: bool = False) -> tuple[int, ...]:
    """The layer sizes, if they fit features and classes; in the span of the data there can be fewer inputs."""
    if not isinstance(dims, list) or len(dims) < 2 or not all(type(n) is int and n > 0 for n in dims):
        raise ValueError("layer_dims is not a list of positive integers")
    if in_span and dims[0] > n_features:
        raise ValueError(f"layer_dims starts with {dims[0]}, more than the {n_features} entries of the feature column")
    if not in_span and dims[0] != n_features:
        raise ValueError(f"layer_dims starts with {dims[0]}, the feature column has {n_features} entries")
    if dims[-1] != n_classes and not (dims[-1] == 1 and n_classes == 2):
        raise ValueError(f"layer_dims ends with {dims[-1]} for {n_classes} classes")
    return tuple(dims)


def take(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """Remove an array from `arrays`, if it has this shape and type and is finite."""
    array = arrays.pop(name)
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {np.dtype(dtype)} {shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a value that is not finite")
    return array


def take_large(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
    """As `take`; a large array may be in half precision where float32 is expected, which it becomes."""
    if arrays[name].dtype == np.float16 and arrays[name].size >= LARGE and dtype == np.float32:
        return take(arrays, name, shape, np.float16).astype(np.float32)
    return take(arrays, name, shape, dtype)
