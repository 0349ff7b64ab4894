"""Values from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.config import Override, load_config, parse_override
from nncli.errors import ConfigError, UsageError
from tests.config.files import SMALLEST, complaint, data, load, network, problems, training


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("training.epochs=5", "training.epochs", "5"),
        (" training.epochs = 5 ", "training.epochs", "5"),
        ("data.path=a=b", "data.path", "a=b"),
        ("training.patience=", "training.patience", ""),
    ],
)
def test_key_and_value_are_split_at_the_first_equals_sign(text: str, key: str, value: str) -> None:
    """The value may hold further equals signs, or nothing."""
    assert Override(key, value, f"--set {text}") == parse_override(text)


@pytest.mark.parametrize("text", ["training.epochs", "", "=5", " =5", "training.epochs:5"])
def test_key_and_value_are_needed(text: str) -> None:
    """Anything else is a mistake in the command, with an example of what is right."""
    with pytest.raises(UsageError) as caught:
        parse_override(text)
    assert f"--set {text}: expected key=value, such as --set training.epochs=5" == str(caught.value)


def test_message_about_a_bad_form_is_harmless() -> None:
    """Control characters of the command line are escaped."""
    with pytest.raises(UsageError, match=r"--set \\x1b\[2J: expected"):
        parse_override("\x1b[2J")


def test_value_replaces_that_of_the_file() -> None:
    """The command line wins."""
    assert 5 == load(training("epochs: 7"), "training.epochs=5").config.training.epochs


def test_value_adds_to_the_file() -> None:
    """A key, and a section, that the file does not have can be set."""
    config_file = load(SMALLEST, "training.epochs=5")
    assert 5 == config_file.config.training.epochs
    assert config_file.was_set("training.epochs")


def test_file_may_leave_the_path_to_the_command_line() -> None:
    """A required option can come from either."""
    assert Path("other").resolve() == load("training:\n  epochs: 1\n", "data.path=other").config.data.path


def test_replaced_value_is_not_checked() -> None:
    """A wrong value in the file does not matter when another one takes its place."""
    assert 5 == load(training("epochs: many"), "training.epochs=5").config.training.epochs


def test_later_value_wins() -> None:
    """Of two values for one key the last on the command line counts."""
    assert 6 == load(SMALLEST, "training.epochs=5", "training.epochs=6").config.training.epochs


def test_values_are_yaml() -> None:
    """Lists, mappings, numbers and null are written as in the file."""
    config = load(
        SMALLEST,
        "network.layer_dims=[auto, 32, auto]",
        "training.class_weights={cat: 2, 'a b': 1e-1}",
        "training.learning_rate=1e-3",
        "training.patience=null",
    ).config
    assert (12288, 32, "auto") == config.network.layer_dims
    assert {"cat": 2.0, "a b": 0.1} == config.training.class_weights
    assert (0.001, None) == (config.training.learning_rate, config.training.patience)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("training.epochs=0", "training.epochs must be an integer of at least 1, not 0"),
        ("training.epochs=", "training.epochs must be an integer of at least 1, but has no value"),
        ("network.layer_dims=[1,", "a value is missing here"),
        ("network.layer_dims=[auto, 4", "the bracket that opens here is never closed"),
        ("training.epochs=*x", "the alias '*x' is not supported; write the value itself"),
        ("training.epochs=!!int 5", "the tag 'tag:yaml.org,2002:int' is not supported; remove it"),
        ("training.class_weights={a: 1, a: 2}", "duplicate key 'a'; it is already in line 1"),
        ("training=5", "training is a section; set one of its keys, such as training.recipe"),
        ("training={epochs: 5}", "training is a section; set one of its keys, such as training.recipe"),
        ("epochs=5", "unknown key 'epochs'. Did you mean 'training.epochs'?"),
        ("lr=5", "unknown key 'lr'. Did you mean 'training.learning_rate'?"),
        ("training.epoch=5", "unknown key 'training.epoch'. Did you mean 'training.epochs'?"),
        ("network.epochs=5", "unknown key 'network.epochs'. Did you mean 'training.epochs'?"),
        ("foo.bar=5", "unknown key 'foo.bar'. `nncli schema` lists every key"),
        (
            "training.momentum=0.5",
            "training.momentum is only used with optimizer momentum or nesterov, not with adam; "
            "remove it, or change training.optimizer",
        ),
    ],
)
def test_same_strictness_as_in_the_file(setting: str, expected: str) -> None:
    """Messages begin with the option as it was typed."""
    assert f"--set {setting}: {expected}" == complaint(SMALLEST, setting)


def test_misspelt_key_is_told_once() -> None:
    """It stands for the option that was meant, which is not missing then; a value in the file is checked as ever."""
    expected = "--set data.pth=x: unknown key 'data.pth'. Did you mean 'data.path'?"
    assert expected == complaint("training:\n  epochs: 1\n", "data.pth=x")
    assert 2 == len(problems(training("epochs: 0"), "training.epoch=5"))


def test_undecodable_argument_is_refused() -> None:
    """Bytes that are not UTF-8 come as surrogates, and are shown as escapes."""
    expected = "--set data.path=\\xff: the character U+DCFF does not belong in a config; remove it"
    assert expected == complaint(SMALLEST, "data.path=\udcff")


def test_comment_in_a_value_is_refused() -> None:
    """What follows ` #` would silently be lost."""
    assert "--set data.path=a #1: ' #' starts a comment here; put the value in quotes" == complaint(
        SMALLEST, "data.path=a #1"
    )
    assert Path("a #1").resolve() == load(SMALLEST, "data.path='a #1'").config.data.path
    assert Path("a#1").resolve() == load(SMALLEST, "data.path=a#1").config.data.path


def test_problems_of_the_command_line_come_last() -> None:
    """First the file in its order, then the options."""
    found = problems(training("epoch: 1"), "training.epochs=0", "data.colour=x")
    assert ["config.yaml:4:3", "--set data.colour=x", "--set training.epochs=0"] == [
        problem.partition(": ")[0] for problem in found
    ]


def test_check_across_file_and_command_line() -> None:
    """A value of the file that no longer fits is reported where it is written."""
    assert "config.yaml:4:3: training.beta1 is only used with optimizer adam or adamw, not with momentum; " + (
        "remove it, or change training.optimizer"
    ) == complaint(training("beta1: 0.5"), "training.optimizer=momentum")
    assert (
        "config.yaml:4:16: network.layer_dims starts with 12288 but 32x32 rgb images have 3,072 values; write auto"
        == (complaint(network("layer_dims: [12288, 5, auto]"), "data.image_size=32"))
    )
    assert (
        "--set network.layer_dims=[1, 2]: network.layer_dims starts with 1 but 64x64 rgb images have 12,288 values; "
        + ("write auto")
        == complaint(SMALLEST, "network.layer_dims=[1, 2]")
    )


def test_path_is_relative_to_the_working_directory() -> None:
    """What is typed in a shell starts where the shell is, whatever folder the file is in."""
    Path("configs").mkdir()
    Path("configs/a.yaml").write_text(data("color: rgb"))
    in_file = load_config(Path("configs/a.yaml"))
    typed = load_config(Path("configs/a.yaml"), [parse_override("data.path=images")])
    assert Path("configs/images").resolve() == in_file.config.data.path
    assert Path("images").resolve() == typed.config.data.path


def test_literal_value_is_not_yaml() -> None:
    """`--data 2024` is a folder, and so is `--data "a: [b #1"`."""
    for name in ("2024", "a: [b #1", "null", "*x"):
        Path("config.yaml").write_text("data:\n")
        config_file = load_config(Path("config.yaml"), [Override("data.path", name, f"--data {name}", is_literal=True)])
        assert Path(name).resolve() == config_file.config.data.path


def test_short_form_is_named_as_typed() -> None:
    """A message about `--epochs 0` does not speak of `--set`."""
    Path("config.yaml").write_text(SMALLEST)
    with pytest.raises(ConfigError) as caught:
        load_config(Path("config.yaml"), [Override("training.epochs", "0", "--epochs 0")])
    assert "--epochs 0: training.epochs must be an integer of at least 1, not 0" == str(caught.value)
