"""The options themselves: defaults that are allowed, and values that are worked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config.options import OPTIONS, DataConfig, NetworkConfig, TrainConfig, TrainingConfig
from nncli.config.places import Problem, Source
from nncli.config.values import read
from nncli.config.writing import yaml_value
from nncli.config.yaml12 import parse
from nncli.features.settings.hog import Hog
from nncli.features.settings.pixels import Pixels
from nncli.option import REQUIRED, Option

DEFAULTS = {
    "data.splits": "auto",
    "data.columns": "auto",
    "data.label_from": None,
    "data.order": None,
    "data.task": "classification",
    "data.side_cameras": None,
    "data.mirror_targets": "keep",
    "data.crop": None,
    "data.transpose": "off",
    "data.image_size": (64, 64),
    "data.color": "rgb",
    "data.resize": "stretch",
    "data.features": (Pixels(),),
    "data.scaling": "auto",
    "data.augmentation": "none",
    "data.augmentation_strength": 1.0,
    "data.looks": "whole",
    "data.test_time_augmentation": "none",
    "data.validation_split": 0.15,
    "data.groups": "none",
    "data.on_bad_image": "error",
    "data.max_bad_share": 0.5,
    "data.range": "auto",
    "data.background": "white",
    "data.color_profile": "srgb",
    "data.max_pixels": 110_000_000,
    "data.cache": "on",
    "data.placement": "shared",
    "network.layer_dims": ("auto", 64, "auto"),
    "network.activation": "relu",
    "network.normalization": "none",
    "network.initialization": "xavier",
    "network.initialization_scale": 0.01,
    "network.project": "none",
    "network.dropout": 0.0,
    "training.recipe": "plain",
    "training.effort": "quick",
    "training.epochs": 30,
    "training.batch_size": 64,
    "training.optimizer": "adam",
    "training.learning_rate": "auto",
    "training.momentum": 0.9,
    "training.beta1": 0.9,
    "training.beta2": "auto",
    "training.epsilon": 1e-8,
    "training.weight_decay": 0.01,
    "training.l2": 0.0,
    "training.schedule": "constant",
    "training.step_epochs": 10,
    "training.step_factor": 0.1,
    "training.warmup_epochs": 0,
    "training.gradient_clip_norm": None,
    "training.ensemble": 1,
    "training.loss": "squared",
    "training.label_smoothing": 0.0,
    "training.mixing": "none",
    "training.mixing_probability": 0.5,
    "training.mixing_alpha": 1.0,
    "training.pattern_epochs": 0,
    "training.class_weights": "none",
    "training.patience": None,
    "training.calibration": "none",
    "training.monitor": "accuracy",
    "training.seed": 0,
    "training.precision": "float32",
    "training.processes": "auto",
    "training.backend": "numpy",
    "training.watch": "off",
}
"""The promises to people whose configs do not name these keys: to change one is to change their results."""


def test_defaults() -> None:
    """Every option but the path has the default that the documentation promises."""
    assert DEFAULTS == {key: option.default for key, option in OPTIONS.items() if option.default is not REQUIRED}
    assert ["data.path"] == [key for key, option in OPTIONS.items() if option.default is REQUIRED]


@pytest.mark.parametrize("option", [option for option in OPTIONS.values() if option.default is not REQUIRED])
def test_default_is_allowed(option: Option) -> None:
    """A default, written out, is read as itself."""
    found: list[Problem] = []
    node = parse(yaml_value(option.default), Source("x"), found)
    value = read(option.kind, option.key, node)
    assert (type(option.default), option.default) == (type(value), value)
    assert [] == found


@pytest.mark.parametrize("option", OPTIONS.values())
def test_only_names_an_option_and_values_that_it_has(option: Option) -> None:
    """What an option depends on exists, in its section or where it says."""
    if option.only:
        selector = OPTIONS[option.only.selector_of(option.key)]
        assert set() == set(option.only.values) - set(getattr(selector.kind, "words", ()))


@pytest.mark.parametrize("option", OPTIONS.values())
def test_doc_is_one_phrase(option: Option) -> None:
    """Documentation fits the table: no capital at the start, no full stop, no table separator."""
    assert option.doc[0] == option.doc[0].lower()
    assert not option.doc.endswith(".")
    assert "|" not in option.doc


@pytest.mark.parametrize(
    ("optimizer", "learning_rate", "beta2"),
    [
        ("gradient_descent", 0.1, 0.999),
        ("momentum", 0.01, 0.999),
        ("nesterov", 0.01, 0.999),
        ("rmsprop", 0.001, 0.9),
        ("adam", 0.001, 0.999),
        ("adamw", 0.001, 0.999),
    ],
)
def test_auto_depends_on_the_optimizer(optimizer: str, learning_rate: float, beta2: float) -> None:
    """Each optimizer has a learning rate and a beta2 that usually work."""
    config = TrainingConfig(optimizer=optimizer)  # type: ignore[arg-type]
    assert (learning_rate, beta2) == (config.learning_rate, config.beta2)


def test_auto_leaves_written_numbers_alone() -> None:
    """A learning rate that is given is kept."""
    config = TrainingConfig(optimizer="rmsprop", learning_rate=0.5, beta2=0.25)
    assert (0.5, 0.25) == (config.learning_rate, config.beta2)


def test_auto_scaling_depends_on_the_features() -> None:
    """Pixels alone are between 0 and 255; of other features nobody knows, so they are standardized."""
    assert "zero_one" == DataConfig(Path("x")).scaling
    assert "standardize" == DataConfig(Path("x"), features=(Hog(),)).scaling
    assert "standardize" == DataConfig(Path("x"), features=(Pixels(), Hog())).scaling
    assert "standardize" == DataConfig(Path("x"), scaling="standardize").scaling


def test_features_of_an_image() -> None:
    """An image has height * width * channels values; with blocks of features, what these fill."""
    assert 7 * 7 * 36 + 12288 == DataConfig(Path("x"), features=(Hog(), Pixels())).n_features
    assert 3 * 4 * 3 == DataConfig(Path("x"), image_size=(3, 4)).n_features
    assert 3 * 4 == DataConfig(Path("x"), image_size=(3, 4), color="grayscale").n_features


def test_input_layer_follows_from_the_image_size() -> None:
    """`auto` in front is the number of values of an image; behind it waits for the classes."""
    config = TrainConfig(DataConfig(Path("x"), image_size=(8, 8), color="grayscale"))
    assert (64, 64, "auto") == config.network.layer_dims


def test_written_input_layer_is_kept() -> None:
    """Numbers stay as they are."""
    config = TrainConfig(DataConfig(Path("x"), image_size=(2, 2)), NetworkConfig(layer_dims=(12, 5, 1)))
    assert (12, 5, 1) == config.network.layer_dims
