"""A config as a whole: every problem at once, once, in the order of the file."""

from __future__ import annotations

import re

import pytest

from nncli.config.config_file import MOST_SHOWN
from nncli.config.options import OPTIONS
from tests.config.files import SMALLEST, complaint, data, load, network, problems, training


def test_every_problem_is_told_at_once_in_file_order() -> None:
    """A bad config needs one correction, not one for each problem."""
    text = (
        "training:\n"
        "  epoch: 5\n"
        "  batch_size: 0\n"
        "network:\n"
        "  layer_dims: [auto, 0, 1.5, auto]\n"
        "  epochs: 5\n"
        "data:\n"
        "  path: images\n"
        "  color: RGB\n"
        "misc: 1\n"
    )
    assert [
        "config.yaml:2:3: unknown key 'training.epoch'. Did you mean 'epochs'?",
        "config.yaml:3:15: training.batch_size must be an integer of at least 1 or full, not 0",
        "config.yaml:5:22: network.layer_dims[1] must be an integer of at least 1, not 0",
        "config.yaml:5:25: network.layer_dims[2] must be an integer of at least 1, not 1.5",
        "config.yaml:6:3: unknown key 'network.epochs'. It belongs under training:",
        "config.yaml:9:10: data.color must be rgb or grayscale, not 'RGB'. Did you mean 'rgb'?",
        "config.yaml:10:1: unknown key 'misc'. `nncli schema` lists every key",
    ] == [problem.splitlines()[0] for problem in problems(text)]


def test_problem_shows_its_line_with_a_caret() -> None:
    """The form that the manual promises, to the letter."""
    (problem,) = problems("data:\n  path: x\n\n\n\ntraining:\n  epoch: 5\n")
    assert (
        "config.yaml:7:3: unknown key 'training.epoch'. Did you mean 'epochs'?\n    7 |   epoch: 5\n          ^^^^^"
    ) == problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (training("lr: 1"), "4:3: unknown key 'training.lr'. Did you mean 'learning_rate'?"),
        (training("dropout: 0.5"), "4:3: unknown key 'training.dropout'. It belongs under network:"),
        (training("drop_rate: 0.5"), "4:3: unknown key 'training.drop_rate'. Did you mean 'network.dropout'?"),
        (training("dataloader: 1"), "4:3: unknown key 'training.dataloader'. `nncli schema` lists every key"),
        (
            data("training: 1"),
            "3:3: unknown key 'data.training'. training: is a section of its own; check the indentation",
        ),
        (SMALLEST + "lr: 1\n", "3:1: unknown key 'lr'. Did you mean 'training.learning_rate'?"),
        (SMALLEST + "epochs: 1\n", "3:1: unknown key 'epochs'. It belongs under training:"),
        (SMALLEST + "train:\n  x: 1\n", "3:1: unknown key 'train'. Did you mean 'training'?"),
        (SMALLEST + "misc:\n  x: 1\n", "3:1: unknown key 'misc'. The sections are data, network, training"),
        (SMALLEST + "training: 5\n", "3:11: training is a section; its keys go on the lines below it"),
        (SMALLEST + "training: [epochs]\n", "3:11: training is a section; its keys go on the lines below it"),
        ("- data\n", "1:1: a config consists of the sections data, network, training"),
        ("images/\n", "1:1: a config consists of the sections data, network, training"),
    ],
)
def test_keys_and_sections_that_do_not_exist(text: str, expected: str) -> None:
    """The message says what was probably meant."""
    assert f"config.yaml:{expected}" == complaint(text)


@pytest.mark.parametrize("key", [key for key in OPTIONS if key != "data.path"])
def test_every_option_is_checked(key: str) -> None:
    """No option takes a list of mappings."""
    section, _, name = key.partition(".")
    text = data(f"{name}: [{{a: 1}}]") if section == "data" else f"{SMALLEST}{section}:\n  {name}: [{{a: 1}}]\n"
    assert any(re.search(rf": {re.escape(key)}(\[0\] has an unknown| must be) ", problem) for problem in problems(text))


@pytest.mark.parametrize("text", ["data:\n", "data: {}\n", "data: null\n", "training:\n  epochs: 5\n", "{}\n"])
def test_path_is_required(text: str) -> None:
    """Without images there is nothing to do."""
    expected = "data.path is missing: folder of class folders, table, arrays or archive (docs/data.md)"
    assert f"config.yaml: {expected}, relative to this file" == complaint(text)


@pytest.mark.parametrize("text", [SMALLEST + "network:\ntraining:\n", SMALLEST + "network: {}\ntraining: ~\n"])
def test_section_may_be_empty(text: str) -> None:
    """Whoever comments out the last key of a section need not remove the section."""
    assert load(SMALLEST).config == load(text).config


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data:\n  folder: x\n", "2:3: unknown key 'data.folder'. Did you mean 'path'?"),
        ("dataset:\n  path: x\n", "1:1: unknown key 'dataset'. Did you mean 'data'?"),
        ("data: x\n", "1:7: data is a section; its keys go on the lines below it"),
        ("data: *x\n", "1:7: the alias '*x' is not supported; write the value itself"),
        ("data:\n  path: &x y\n", "2:9: the anchor '&x' is not supported; remove it"),
        (
            training("optimiser: momentum;momentum: 0.5"),
            "4:3: unknown key 'training.optimiser'. Did you mean 'optimizer'?",
        ),
        (
            training("optimizer: momentun;momentum: 0.5"),
            "4:14: training.optimizer must be gradient_descent, momentum, nesterov, rmsprop, adam or adamw, "
            "not 'momentun'. Did you mean 'momentum'?",
        ),
        (
            data("image_size: 0") + "network:\n  layer_dims: [5, 5]\n",
            "3:15: data.image_size must be an integer from 1 to 4096, not 0",
        ),
        (training("epochs: 0;warmup_epochs: 5"), "4:11: training.epochs must be an integer of at least 1, not 0"),
    ],
)
def test_one_mistake_is_told_once(text: str, expected: str) -> None:
    """What follows from a mistake that has been reported is not reported as well."""
    assert f"config.yaml:{expected}" == complaint(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            training("momentum: 0.9"),
            "4:3: training.momentum is only used with optimizer momentum or nesterov, not with adam; "
            "remove it, or change training.optimizer",
        ),
        (
            training("optimizer: rmsprop;beta1: 0.9"),
            "5:3: training.beta1 is only used with optimizer adam or adamw, not with rmsprop; "
            "remove it, or change training.optimizer",
        ),
        (
            training("optimizer: momentum;beta2: auto"),
            "5:3: training.beta2 is only used with optimizer rmsprop, adam or adamw, not with momentum; "
            "remove it, or change training.optimizer",
        ),
        (
            training("optimizer: nesterov;epsilon: 1e-8"),
            "5:3: training.epsilon is only used with optimizer rmsprop, adam or adamw, not with nesterov; "
            "remove it, or change training.optimizer",
        ),
        (
            training("weight_decay: 0.1"),
            "4:3: training.weight_decay is only used with optimizer adamw, not with adam; "
            "use training.l2, the penalty in the loss",
        ),
        (
            training("schedule: cosine;step_epochs: 5"),
            "5:3: training.step_epochs is only used with schedule step, not with cosine; "
            "remove it, or change training.schedule",
        ),
        (
            training("step_factor: 0.5"),
            "4:3: training.step_factor is only used with schedule step, not with constant; "
            "remove it, or change training.schedule",
        ),
        (
            training("schedule: one_cycle;warmup_epochs: 40"),
            "5:3: training.warmup_epochs is only used with schedule constant, step or cosine, not with one_cycle; "
            "one_cycle has a warm-up of its own",
        ),
        (
            network("initialization_scale: 0.1"),
            "4:3: network.initialization_scale is only used with initialization constant or normal, not with xavier; "
            "remove it, or change network.initialization",
        ),
    ],
)
def test_ignored_key_is_an_error(text: str, expected: str) -> None:
    """A setting that would have no effect is refused, and the message says what uses it."""
    assert f"config.yaml:{expected}" == complaint(text)


@pytest.mark.parametrize(
    "text",
    [
        training("optimizer: momentum;momentum: 0.9"),
        training("optimizer: nesterov;momentum: 0.9"),
        training("optimizer: adamw;weight_decay: 0;beta1: 0;beta2: 0;epsilon: 1e-3"),
        training("optimizer: rmsprop;beta2: 0.5;epsilon: 1e-3"),
        training("schedule: step;step_epochs: 1;step_factor: 1;warmup_epochs: 29"),
        training("schedule: cosine;warmup_epochs: 3"),
        network("initialization: constant;initialization_scale: 0.5"),
        network("initialization: normal;initialization_scale: 0.5"),
    ],
)
def test_used_key_is_fine(text: str) -> None:
    """Beside what uses them, the same keys are allowed."""
    load(text)


def test_input_layer_has_one_unit_for_each_value_of_an_image() -> None:
    """A number in front is checked against image size and color."""
    layers = "network:\n  layer_dims: [3072, 5, auto]\n"
    assert (3072, 5, "auto") == load(data("image_size: 32") + layers).config.network.layer_dims
    assert (
        "config.yaml:5:16: network.layer_dims starts with 3072 but 16x32 rgb images have 1,536 values; write auto"
        == complaint(data("image_size: [16, 32]") + layers)
    )
    assert (
        "config.yaml:6:16: network.layer_dims starts with 3072 but 32x32 grayscale images have 1,024 values; write auto"
        == complaint(data("image_size: 32;color: grayscale") + layers)
    )


def test_warmup_leaves_epochs_to_train_in() -> None:
    """A warm-up as long as the training never reaches the learning rate."""
    assert (
        "config.yaml:5:18: training.warmup_epochs is 5, but must be less than training.epochs, which is 5"
        == complaint(training("epochs: 5;warmup_epochs: 5"))
    )
    assert 4 == load(training("epochs: 5;warmup_epochs: 4")).config.training.warmup_epochs


def test_batch_normalization_needs_a_batch() -> None:
    """An example alone is its own mean: nothing would be learned from it."""
    text = training("batch_size: 1") + "network:\n  normalization: "
    assert (
        "config.yaml:6:18: network.normalization batch needs a training.batch_size of at least 2; layer works with 1"
        == complaint(text + "batch\n")
    )
    assert "layer" == load(text + "layer\n").config.network.normalization


def test_patterns_to_train_are_there() -> None:
    """Nothing but deep_patches has patterns that backpropagation trains; those of a recipe are not known yet."""
    text = training("pattern_epochs: 2")
    assert (
        "config.yaml:4:3: training.pattern_epochs trains the patterns of deep_patches; "
        "remove it, or add that block to data.features" == complaint(text)
    )
    written = text.replace("data:\n", "data:\n  features: [deep_patches]\n  image_size: 64\n")
    assert 2 == load(written).config.training.pattern_epochs
    assert "auto" == load(training("pattern_epochs: 2;recipe: auto")).config.training.recipe


def test_only_so_many_problems_are_told() -> None:
    """Thousands of problems are one problem: it is the wrong file."""
    found = problems(SMALLEST + "".join(f"k{i}: 1\n" for i in range(200)))
    assert MOST_SHOWN + 1 == len(found)
    assert "... and 150 more" == found[-1]
