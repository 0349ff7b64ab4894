"""The facts of a model."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from nncli.data.scaling import Scaling
from nncli.model.summary import in_words, layer_table, scaling, summarize, training_config
from nncli.network.parameters import Parameters
from tests.fixtures import random_model


def test_every_parameter_is_counted() -> None:
    """The layers' numbers add up to all of them, and the last activation is the output's."""
    model = random_model(("a", "b", "c"), (5, 7), activation="tanh")
    rows = layer_table(model)
    assert model.parameters.flat.size == sum(row["parameters"] for row in rows)
    assert ["tanh", "tanh", "softmax"] == [row["activation"] for row in rows]
    assert [(36, 5), (5, 7), (7, 3)] == [(row["inputs"], row["outputs"]) for row in rows]


def test_what_normalization_learns_is_counted() -> None:
    """A gain and a shift for each hidden unit."""
    model = random_model(("a", "b", "c"), (5, 7))
    normalized = replace(model, parameters=Parameters(model.layer_dims, normalization="layer"))
    facts = summarize(normalized)
    assert normalized.parameters.flat.size == facts["n_parameters"]
    assert "layer" == facts["normalization"]


def test_what_batch_normalization_learned_is_told() -> None:
    """Training counted it; in the model it is a part of the weights."""
    model = random_model(("a", "b", "c"), (5, 7))
    trained = replace(model, training={"config": {"network.normalization": "batch"}})
    facts = summarize(trained)
    assert (model.parameters.flat.size, 2 * (5 + 7)) == (facts["n_parameters"], facts["n_folded"])
    assert "n_folded" not in summarize(model)


def test_every_network_of_an_ensemble_is_counted() -> None:
    """Three networks have three times the parameters; how many they are is told."""
    model = random_model(("a", "b", "c"), (5, 7))
    facts = summarize(replace(model, parameters=Parameters(model.layer_dims, n_members=3)))
    assert (3 * model.parameters.flat.size, 3) == (facts["n_parameters"], facts["ensemble"])


def test_parts_that_a_model_lacks_are_not_mentioned() -> None:
    """A network on pixels has no features; all of it can be written as JSON."""
    model = random_model()
    facts = summarize(model)
    assert {"input", "layers", "n_parameters", "precision", "classes", "training"} == set(facts)
    assert json.dumps(facts)


def test_features_are_told_where_there_are_some() -> None:
    """With their settings, from top to bottom."""
    model = random_model()
    block = SimpleNamespace(to_dict=lambda: {"kind": "hog", "cell": 8})
    object.__setattr__(model, "column", SimpleNamespace(features=[block]))
    assert [{"kind": "hog", "cell": 8}] == summarize(model)["features"]


@pytest.mark.parametrize(
    ("scale", "offset", "words"),
    [(1 / 255, 0, "pixels / 255"), (0.5, 0, "pixels * 0.5"), (0.5, 1, "standardized: ")],
)
def test_scaling_in_words(scale: float, offset: float, words: str) -> None:
    """As a person would say it."""
    model = random_model()
    n = model.image_format.n_features
    both = np.full(n, scale, np.float32), np.full(n, offset, np.float32)
    assert scaling(replace(model, scaling=Scaling(*both))).startswith(words)


def test_settings_from_a_strange_model() -> None:
    """What is no mapping is left out."""
    assert {} == training_config(replace(random_model(), training={"config": [1]}))


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ([{"kind": "hog"}, {"kind": "patches", "size": 6, "threshold": 0.25}], "hog, patches (size 6, threshold 0.25)"),
        ({"class": "other", "accuracy": 0.5}, "class other, accuracy 0.5"),
        ({"kind": 2.0, "cat": 1.0}, "kind 2, cat 1"),  # weights of classes, one of which is called kind
        ([64, True, "auto"], "64, yes, auto"),
    ],
)
def test_facts_in_words(fact: object, words: str) -> None:
    """Feature blocks are written as `nncli check` writes them, other settings by name."""
    assert words == in_words(fact)
