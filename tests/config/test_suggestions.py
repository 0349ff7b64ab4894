"""What was probably meant."""

from __future__ import annotations

import pytest

from nncli.config.options import OPTIONS, SECTIONS
from nncli.config.suggestions import (
    KEY_WORDS,
    SECTION_WORDS,
    VALUE_WORDS,
    nearest_key,
    nearest_section,
    nearest_word,
)


@pytest.mark.parametrize(
    ("section", "written", "key"),
    [
        ("training", "epoch", "training.epochs"),
        ("training", "learning-rate", "training.learning_rate"),
        ("training", "Learning Rate", "training.learning_rate"),
        ("training", "lr", "training.learning_rate"),
        ("training", "batch", "training.batch_size"),
        ("training", "batchsize", "training.batch_size"),
        ("training", "weight_dacay", "training.weight_decay"),
        ("training", "random_state", "training.seed"),
        ("training", "eps", "training.epsilon"),
        ("training", "validation_split", "data.validation_split"),
        ("training", "val_split", "data.validation_split"),
        ("network", "hidden_layers", "network.layer_dims"),
        ("network", "layer_dim", "network.layer_dims"),
        ("network", "momentum", "training.momentum"),
        ("data", "rezise", "data.resize"),
        ("data", "imgsz", "data.image_size"),
        ("data", "normalize", "data.scaling"),
        ("", "epochs", "training.epochs"),
        ("", "lr", "training.learning_rate"),
        ("", "dropuot", "network.dropout"),
        ("training", "dataloader", None),
        ("training", "", None),
        ("training", "x" * 50_000, None),
    ],
)
def test_nearest_key(section: str, written: str, key: str | None) -> None:
    """Typing errors, other spellings, other sections and other tools' words lead to the key."""
    assert key == nearest_key(section, written, OPTIONS)


@pytest.mark.parametrize(
    ("written", "section"),
    [("trainning", "training"), ("Data", "data"), ("model", "network"), ("train", "training"), ("misc", None)],
)
def test_nearest_section(written: str, section: str | None) -> None:
    """Typing errors and other tools' words lead to the section."""
    assert section == nearest_section(written, SECTIONS)


@pytest.mark.parametrize(
    ("written", "word"),
    [("sgd", "gradient_descent"), ("ADAM", "adam"), ("adamW", "adamw"), ("rms-prop", "rmsprop"), ("lion", None)],
)
def test_nearest_word(written: str, word: str | None) -> None:
    """Typing errors, capitals and other tools' words lead to the value."""
    assert word == nearest_word(written, ["gradient_descent", "momentum", "rmsprop", "adam", "adamw"])


def test_other_tools_words_belong_to_something_that_exists() -> None:
    """The tables name no option, section or value that is gone."""
    kinds = [option.kind for option in OPTIONS.values()]
    words = {word for kind in kinds for word in getattr(kind, "words", ()) if word}
    assert set() == set(KEY_WORDS) - set(OPTIONS)
    assert set() == set(SECTION_WORDS.values()) - set(SECTIONS)
    assert set() == set(VALUE_WORDS) - words


def test_no_key_is_another_keys_nickname() -> None:
    """A word that is a key itself, or stands for two keys, would mislead."""
    nicknames = [word for words in KEY_WORDS.values() for word in words.split()]
    names = [key.partition(".")[2] for key in OPTIONS]
    assert len(nicknames) == len(set(nicknames))
    assert set() == set(nicknames) & set(names)
