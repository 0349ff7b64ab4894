"""Image sizes, layer sizes and class weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nncli.config.places import Source
from nncli.config.shapes import CHOSEN, ClassWeights, ImageSize, LayerDims
from nncli.config.values import InvalidError
from nncli.config.values import read as read_node
from nncli.config.yaml12 import parse

if TYPE_CHECKING:
    from nncli.option import Kind

WEIGHTS = ClassWeights(("none", "balanced"))


def read(kind: Kind, text: str) -> object:
    """The value that a kind makes of some YAML."""
    return read_node(kind, "key", parse(text, Source("x"), []))


def complaints(kind: Kind, text: str) -> list[str]:
    """What a kind says about a wrong value."""
    with pytest.raises(InvalidError) as caught:
        read(kind, text)
    return [problem.message for problem in caught.value.problems]


def test_image_size_of_two_integers() -> None:
    """Height comes first."""
    assert (48, 64) == read(ImageSize(), "[48, 64]")


def test_image_size_of_one_integer_is_a_square() -> None:
    """One integer stands for both."""
    assert (32, 32) == read(ImageSize(), "32")


@pytest.mark.parametrize("text", ["[32]", "[32, 32, 3]", "[]", "64x64", "32.0", "true", "{height: 3}", ""])
def test_image_size_of_another_form(text: str) -> None:
    """Anything but one or two integers is refused with the forms that are possible."""
    (message,) = complaints(ImageSize(), text)
    assert message.startswith("key must be [height, width] or one integer, ")


def test_image_size_has_limits() -> None:
    """Every wrong side is reported."""
    assert [
        "key[0] must be an integer from 1 to 4096, not 0",
        "key[1] must be an integer from 1 to 4096, not 4097",
    ] == complaints(ImageSize(), "[0, 4097]")
    assert ["key must be an integer from 1 to 4096, not 5000"] == complaints(ImageSize(), "5000")


@pytest.mark.parametrize(
    ("text", "dims"),
    [
        ("[auto, 64, auto]", ("auto", 64, "auto")),
        ("[auto, auto]", ("auto", "auto")),
        ("auto", CHOSEN),
        ("[12288, 16, 8, 1]", (12288, 16, 8, 1)),
    ],
)
def test_layer_dims(text: str, dims: tuple[object, ...]) -> None:
    """Both ends can be left open."""
    assert dims == read(LayerDims(), text)


@pytest.mark.parametrize("text", ["64", "[64]", "[]", "Auto", "{a: 1}"])
def test_layer_dims_need_two_layers(text: str) -> None:
    """A network has an input and an output."""
    (message,) = complaints(LayerDims(), text)
    assert message.startswith("key must be auto or a list of two or more layer sizes, such as [auto, 64, auto], not ")


def test_layer_dims_report_every_wrong_item() -> None:
    """Only the ends can be auto, and no layer is empty."""
    assert [
        "key[0] must be an integer of at least 1 or auto, not 0",
        "key[1] must be an integer of at least 1, not 'auto'",
        "key[2] must be an integer of at least 1, not 2.5",
        "key[3] must be an integer of at least 1 or auto, not 'Auto'. Did you mean 'auto'?",
    ] == complaints(LayerDims(), "[0, auto, 2.5, Auto]")


def test_class_weights() -> None:
    """A word, or a positive number for each class, whose name can look like anything."""
    assert "balanced" == read(WEIGHTS, "balanced")
    assert {"1": 2.0, "no": 0.5} == read(WEIGHTS, "{1: 2, no: 0.5}")


def test_class_weights_report_every_wrong_weight() -> None:
    """Weights are positive numbers."""
    assert [
        "key.cat must be a number above 0, not 0",
        "key.dog must be a number above 0, not 'x'",
    ] == complaints(WEIGHTS, "{cat: 0, dog: x, bird: 1}")


def test_class_weights_of_another_form() -> None:
    """Lists would depend on the order of the classes, so there are none."""
    assert ["key must be none, balanced or a mapping such as {cat: 1, dog: 2.5}, not a list of 2"] == complaints(
        WEIGHTS, "[1, 2]"
    )
    assert [
        "key must be none, balanced or a mapping such as {cat: 1, dog: 2.5}, not 'Balance'. Did you mean 'balanced'?"
    ] == complaints(WEIGHTS, "Balance")


@pytest.mark.parametrize(
    ("kind", "text"), [(ImageSize(), "[1, *x]"), (LayerDims(), "[auto, *x]"), (WEIGHTS, "{a: *x}")]
)
def test_refused_item_is_not_reported_again(kind: Kind, text: str) -> None:
    """An alias within has been reported already."""
    assert [] == complaints(kind, text)
