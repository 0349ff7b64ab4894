"""From a file on disk to a checked config, and messages about it later on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from nncli.config import load_config
from nncli.errors import ConfigError
from nncli.features.settings.pixels import Pixels
from tests.config.files import SMALLEST, complaint, data, load, network, training

EVERYTHING = """\
# A comment
data:
  path: ../images      # relative to this file
  image_size: [48, 64]
  color: grayscale
  resize: pad
  features: [pixels]
  scaling: standardize
  augmentation: garments
  augmentation_strength: 0.5
  test_time_augmentation: mirror
  validation_split: 0.25
  on_bad_image: skip
network:
  layer_dims: [3072, 32, 16, 1]
  activation: tanh
  initialization: normal
  initialization_scale: 1e-3
  dropout: 0.5
training:
  epochs: 450
  batch_size: full
  optimizer: adamw
  learning_rate: 9e-3
  beta1: 0.8
  beta2: 0.99
  epsilon: 1e-6
  weight_decay: 0
  l2: 1
  schedule: step
  step_epochs: 100
  step_factor: 0.5
  warmup_epochs: 3
  gradient_clip_norm: 5
  class_weights: {cat: 1, dog: 2.5}
  patience: 20
  monitor: loss
  seed: 4294967295
  precision: float64
"""


def test_every_option_arrives() -> None:
    """Each value lands where it belongs, with the right type."""
    Path("configs").mkdir()
    Path("configs/all.yaml").write_text(EVERYTHING)
    config = load_config(Path("configs/all.yaml")).config
    data, network, training = config.data, config.network, config.training
    assert (Path("images").resolve(), (48, 64), "grayscale") == (data.path, data.image_size, data.color)
    assert ("pad", "standardize", 0.25, "skip") == (data.resize, data.scaling, data.validation_split, data.on_bad_image)
    assert ("garments", 0.5) == (data.augmentation, data.augmentation_strength)
    assert ((Pixels(),), "mirror") == (data.features, data.test_time_augmentation)
    assert ((3072, 32, 16, 1), "tanh") == (network.layer_dims, network.activation)
    assert ("normal", 1e-3, 0.5) == (network.initialization, network.initialization_scale, network.dropout)
    assert (450, "full", "adamw", 9e-3) == (
        training.epochs,
        training.batch_size,
        training.optimizer,
        training.learning_rate,
    )
    assert (0.8, 0.99, 1e-6, 0.0, 1.0) == (
        training.beta1,
        training.beta2,
        training.epsilon,
        training.weight_decay,
        training.l2,
    )
    assert ("step", 100, 0.5, 3) == (
        training.schedule,
        training.step_epochs,
        training.step_factor,
        training.warmup_epochs,
    )
    assert (5.0, {"cat": 1.0, "dog": 2.5}) == (training.gradient_clip_norm, training.class_weights)
    assert (20, "loss", 4294967295, "float64") == (
        training.patience,
        training.monitor,
        training.seed,
        training.precision,
    )


def test_whole_numbers_become_floats_where_floats_are_wanted() -> None:
    """`weight_decay: 0` and `l2: 1` are floats like any other."""
    config = load(training("learning_rate: 1;l2: 0")).config.training
    assert [float, float] == [type(config.learning_rate), type(config.l2)]


def test_smallest_config() -> None:
    """A path is enough."""
    config = load(SMALLEST).config
    assert Path("images").resolve() == config.data.path
    assert (12288, 64, "auto") == config.network.layer_dims
    assert (30, "adam", 0.001) == (config.training.epochs, config.training.optimizer, config.training.learning_rate)


def test_path_starts_from_the_folder_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not matter where the command is called from."""
    Path("configs").mkdir()
    Path("configs/a.yaml").write_text("data:\n  path: ../images\n")
    expected = tmp_path.resolve() / "images"
    assert expected == load_config(Path("configs/a.yaml")).config.data.path
    assert expected == load_config(tmp_path / "configs" / "a.yaml").config.data.path
    monkeypatch.chdir("configs")
    assert expected == load_config(Path("a.yaml")).config.data.path


def test_absolute_path_and_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute path stays, and `~` is the home folder, also where no shell has replaced it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert Path("/images").resolve() == load("data:\n  path: /images\n").config.data.path
    assert (tmp_path / "home/images").resolve() == load("data:\n  path: ~/images\n").config.data.path


def test_link_to_a_config_stands_for_itself() -> None:
    """A relative path starts where the link is, not where it points."""
    Path("a").mkdir()
    Path("a/config.yaml").write_text(SMALLEST)
    Path("link.yaml").symlink_to("a/config.yaml")
    assert Path("images").resolve() == load_config(Path("link.yaml")).config.data.path


def test_path_that_no_system_call_takes_is_an_error_of_the_config(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop of links and an unknown home folder are one line, not a traceback."""
    if sys.version_info < (3, 13):  # from then on a loop is found where the folder is read
        Path("loop").symlink_to("loop")
        assert complaint("data:\n  path: loop/x\n").startswith("config.yaml:2:9: data.path cannot be used: ")
    assert complaint("data:\n  path: ~nobody-by-that-name/x\n").startswith(
        "config.yaml:2:9: data.path cannot be used: "
    )


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, file names are Unicode")
def test_folder_whose_name_is_not_utf8(tmp_path: Path) -> None:
    """A path that could not be written to the run's own config is refused."""
    folder = tmp_path / os.fsdecode(b"\xff")
    folder.mkdir()
    path = folder / "config.yaml"
    path.write_text(SMALLEST)
    with pytest.raises(ConfigError, match=r"/\\xff/config.yaml:2:9: data.path cannot be used: its name is not UTF-8"):
        load_config(path)


def test_byte_order_mark_and_windows_line_ends() -> None:
    """A file from a Windows editor reads like any other, positions included."""
    text = b"\xef\xbb\xbfdata:\r\n  path: images\r\n"
    assert load(SMALLEST).config == load(text).config
    assert "config.yaml:3:3: unknown key 'data.colour'. Did you mean 'color'?" == complaint(text + b"  colour: rgb\r\n")


@pytest.mark.parametrize("text", ["", "\n", "# nothing but a comment\n", "---\n"])
def test_empty_file(text: str) -> None:
    """An empty file is told what it lacks."""
    assert "config.yaml: the file is empty; it needs at least a section data: with a path:" == complaint(text)


def test_was_set() -> None:
    """A default that is written out counts as set; one that is not does not."""
    config_file = load(data("color: rgb"), "training.epochs=30")
    assert [True, True, True, False] == [
        config_file.was_set(key) for key in ("data.path", "data.color", "training.epochs", "training.seed")
    ]


def test_error_points_at_the_value() -> None:
    """A problem found with the data looks like one found in the file."""
    error = load(SMALLEST).error("data.path", "images: no such folder")
    assert isinstance(error, ConfigError)
    assert "config.yaml:2:9: images: no such folder\n    2 |   path: images\n                ^^^^^^" == str(error)


def test_error_points_at_an_item() -> None:
    """An item of a list and a key of a mapping have places of their own."""
    layers = load(network("layer_dims: [auto, 64, 7]"))
    assert str(layers.error("network.layer_dims[2]", "x")).startswith("config.yaml:4:26: x\n")
    assert str(layers.error("network.layer_dims", "x")).startswith("config.yaml:4:15: x\n")
    weights = load(training("class_weights: {cat: 1, 'a.b': 2}"))
    assert str(weights.error("training.class_weights.a.b", "x")).startswith("config.yaml:4:27: x\n")
    assert str(weights.error("training.class_weights.gone", "x")).startswith("config.yaml:4:18: x\n")


def test_error_names_the_command_line() -> None:
    """A value that was typed is shown as it was typed."""
    config_file = load(SMALLEST, "network.layer_dims=[auto, 7]", "data.path=other")
    assert "--set network.layer_dims=[auto, 7]: x" == str(config_file.error("network.layer_dims[1]", "x"))
    assert "--set data.path=other: x" == str(config_file.error("data.path", "x"))


def test_error_about_a_default_names_the_file() -> None:
    """A value that nobody wrote has no line."""
    assert "config.yaml: x" == str(load(SMALLEST).error("network.layer_dims[1]", "x"))


def test_path_is_shown_as_given(tmp_path: Path) -> None:
    """Neither shortened nor made absolute."""
    Path("configs").mkdir()
    Path("configs/a.yaml").write_text("- 1\n")
    for path in (Path("configs/a.yaml"), tmp_path / "configs/a.yaml", Path("configs/../configs/a.yaml")):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert str(caught.value).startswith(f"{path}:1:1: a config consists of ")


def test_numpy_and_pillow_are_not_imported() -> None:
    """A config error comes fast."""
    code = "import sys, nncli.config; print([m for m in ('numpy', 'PIL', 'click', 'tqdm') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == result.stdout.strip()
