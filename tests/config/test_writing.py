"""The config that a run keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from nncli.config import load_config
from nncli.config.writing import yaml_value
from nncli.features.settings.hog import Hog
from nncli.features.settings.pixels import Pixels
from tests.config.files import SMALLEST, data, load, network, training
from tests.config.test_config_file import EVERYTHING


def test_resolved_config_of_the_smallest_file(tmp_path: Path) -> None:
    """Every option in use is there with its value, `auto` is resolved, and the path is absolute."""
    assert f"""\
data:
  path: "{tmp_path.resolve()}/images"
  task: classification
  splits: auto
  columns: auto
  label_from: null
  order: null
  transpose: "off"
  crop: null
  image_size: [64, 64]
  color: rgb
  resize: stretch
  features: [pixels]
  scaling: zero_one
  augmentation: none
  looks: whole
  test_time_augmentation: none
  validation_split: 0.15
  groups: none
  on_bad_image: error
  range: auto
  background: white
  color_profile: srgb
  max_pixels: 110000000
  cache: "on"
  placement: shared
network:
  layer_dims: [12288, 64, auto]
  activation: relu
  normalization: none
  initialization: xavier
  project: none
  dropout: 0.0
training:
  recipe: plain
  epochs: 30
  batch_size: 64
  optimizer: adam
  learning_rate: 0.001
  beta1: 0.9
  beta2: 0.999
  epsilon: 1.0e-08
  l2: 0.0
  schedule: constant
  warmup_epochs: 0
  gradient_clip_norm: null
  ensemble: 1
  label_smoothing: 0.0
  mixing: none
  pattern_epochs: 0
  class_weights: none
  patience: null
  calibration: none
  monitor: accuracy
  seed: 0
  precision: float32
  processes: auto
  backend: numpy
  watch: "off"
""" == load(SMALLEST).resolved_yaml()


@pytest.mark.parametrize(
    "text",
    [
        SMALLEST,
        EVERYTHING,
        *(training(f"optimizer: {name}") for name in ("gradient_descent", "momentum", "nesterov", "rmsprop", "adamw")),
        *(training(f"schedule: {name}") for name in ("step", "cosine", "one_cycle")),
        *(network(f"initialization: {name}") for name in ("he", "zeros", "constant", "normal")),
        network("layer_dims: [auto, 1]"),
        data("image_size: [1, 4096]"),
        data("image_size: [1024, 1024]"),
        data("features: hog"),
        data(
            "features: [patches: {size: 5, contrast: 1e-5}, color_histogram, {pixels: }];test_time_augmentation: mirror"
        ),
        training("class_weights: balanced"),
        training("class_weights: {1: 1, 'no': 1e-300, é😀: 12345678901234567890}"),
        training('class_weights: {"a\'\\"\\\\b\\n\\x85\\u2028\\ufeff\\uffff\\x7f": 1}'),
        training("learning_rate: 1e22;epsilon: 5e-324;gradient_clip_norm: 0.1"),
        'data:\n  path: "ein: Ordner # 1 \\x01\\u2029\\t é😀"\n',
        "data:\n  path: 'null'\n",
    ],
)
def test_round_trip(text: str) -> None:
    """The resolved config, wherever it lies, loads to the same values, and resolves to itself."""
    config_file = load(text)
    Path("elsewhere").mkdir()
    copy = Path("elsewhere/config.yaml")
    copy.write_text(config_file.resolved_yaml(), encoding="utf-8")
    loaded = load_config(copy)
    assert config_file.config == loaded.config
    assert config_file.resolved_yaml() == loaded.resolved_yaml()


def test_keys_can_be_left_out() -> None:
    """The caller knows which options the data make meaningless."""
    config_file = load(SMALLEST)
    expected = config_file.resolved_yaml().replace("  validation_split: 0.15\n", "")
    assert expected == config_file.resolved_yaml(("data.validation_split",))


def test_other_readers_see_the_same() -> None:
    """PyYAML, which follows YAML 1.1, reads the same numbers and words."""
    content = yaml.safe_load(load(EVERYTHING).resolved_yaml())
    assert (1e-6, 0.009, 0.0, 450) == tuple(
        content["training"][name] for name in ("epsilon", "learning_rate", "weight_decay", "epochs")
    )
    assert ["full", {"cat": 1.0, "dog": 2.5}] == [content["training"][name] for name in ("batch_size", "class_weights")]
    assert [3072, 32, 16, 1] == content["network"]["layer_dims"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (5, "5"),
        (0.1, "0.1"),
        (1e-8, "1.0e-08"),
        (1e22, "1.0e+22"),
        (1.5e-8, "1.5e-08"),
        ("auto", "auto"),
        (("auto", 64), "[auto, 64]"),
        ((Pixels(), Hog(bins=8)), "[pixels, {hog: {cell: 8, bins: 8}}]"),
        ({"a": 1.0}, '{"a": 1.0}'),
        (Path("/a b"), '"/a b"'),
    ],
)
def test_values(value: object, text: str) -> None:
    """Each type in one line."""
    assert text == yaml_value(value)
