"""The option `data.features`: every way to write it, and every way to get it wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nncli.config import json_schema
from nncli.features.settings import KINDS, Features, settings_class
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pca import Pca
from nncli.features.settings.pixels import Pixels
from nncli.option import REQUIRED, options_of
from tests.config.files import SMALLEST, complaint, data, load, problems

WORDS = "pixels, patches, deep_patches, second_order, hog, color_histogram, pca, backbone"
ANY_BLOCK = f"{WORDS} or one of them with settings, such as patches: {{count: 200}}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("features: [pixels]", (Pixels(),)),
        ("features: hog", (Hog(),)),
        ("features: [hog, pixels, hog]", (Hog(), Pixels(), Hog())),
        ("features: {patches: {count: 7}}", (Patches(count=7),)),
        ("features: [patches: {count: 7, size: 3}, color_histogram]", (Patches(size=3, count=7), ColorHistogram())),
        ("features: [{pca: }, {hog: {}}, hog: null]", (Pca(), Hog(), Hog())),
        ("features: [patches: {contrast: 1, threshold: 0}]", (Patches(contrast=1.0, threshold=0.0),)),
        ("features:; - patches:;     count: 7; - pca", (Patches(count=7), Pca())),
    ],
)
def test_ways_to_write_it(text: str, expected: Features) -> None:
    """A list of words and mappings, or just one of them."""
    found = load(SMALLEST + "".join(f"  {line}\n" for line in text.split(";"))).config.data.features
    assert expected == found
    assert [type(value) for block in expected for value in block.to_dict().values()] == [
        type(value) for block in found for value in block.to_dict().values()
    ]


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (
            "features:",
            "3:3",
            f"data.features must be a list of blocks: {WORDS.replace(', back', ' or back')}, but",
        ),
        (
            "features: []",
            "3:13",
            f"data.features must be a list of blocks: {WORDS.replace(', back', ' or back')}, not",
        ),
        ("features: patch", "3:13", f"data.features must be {ANY_BLOCK}, not 'patch'. Did you mean 'patches'?"),
        ("features: [hog, 5]", "3:19", f"data.features[1] must be {ANY_BLOCK}, not 5"),
        ("features: [[hog]]", "3:14", f"data.features[0] must be {ANY_BLOCK}, not a list of 1"),
        ("features: [{hog: , pca: }]", "3:14", f"data.features[0] must be {ANY_BLOCK}, not a mapping"),
        ("features: [hgo: {}]", "3:14", "data.features[0] has an unknown block 'hgo'. Did you mean 'hog'?"),
        (
            "features: [sift: {}]",
            "3:14",
            "data.features[0] has an unknown block 'sift'. There are pixels, patches, deep_patches",
        ),
        ("features: [hog: 8]", "3:19", "data.features[0].hog must be a mapping of settings, not 8"),
        ("features: [hog: {bin: 8}]", "3:20", "unknown key 'data.features[0].hog.bin'. Did you mean 'bins'?"),
        ("features: [hog: {sigma: 8}]", "3:20", "unknown key 'data.features[0].hog.sigma'. It has cell or bins"),
        ("features: [pixels: {bins: 8}]", "3:23", "unknown key 'data.features[0].pixels.bins'. It has no settings"),
        ("features: [hog: {bins: 1}]", "3:26", "data.features[0].hog.bins must be an integer from 2 to 36, not 1"),
        ("features: [hog: {bins: 9.5}]", "3:26", "data.features[0].hog.bins must be an integer from 2 to 36, not 9.5"),
        (
            "features: [patches: {contrast: 2}]",
            "3:34",
            "data.features[0].patches.contrast must be a number from 0 to 1, not 2",
        ),
        (
            "image_size: 5;features: [pixels, patches]",
            "4:22",
            "data.features: patches of size 6 do not fit into 5x5 images",
        ),
        (
            "image_size: 12;features: deep_patches",
            "4:13",
            "data.features: patterns of 3 squares and a grid of 3 need larger images, or less pooling",
        ),
        ("image_size: 8;features: {hog: {cell: 5}}", "4:13", "data.features: hog cells of 5 pixels need images of at"),
        (
            "features: [color_histogram: {bins: 16, grid: 16}]",
            "3:13",
            "data.features: more than 1,000,000 features for each image",
        ),
        (
            "scaling: zero_one;features: [hog]",
            "3:3",
            "data.scaling zero_one is for pixels alone; other features need standardize",
        ),
    ],
)
def test_every_error_has_its_place_and_a_way_out(text: str, place: str, message: str) -> None:
    """Line and column of the very word, and what was probably meant."""
    assert complaint(data(text)).startswith(f"config.yaml:{place}: {message}")


def test_several_errors_are_told_at_once() -> None:
    """One for each thing that is wrong, in the order of the file."""
    found = [each.splitlines()[0] for each in problems(data("features: [hgo, hog: {bin: 1, sell: 2}, pca: {x: 1}]"))]
    assert 4 == len(found)
    assert ["'hgo'", "hog.bin'", "hog.sell'", "pca.x'"] == [
        word for word, line in zip(("'hgo'", "hog.bin'", "hog.sell'", "pca.x'"), found, strict=True) if word in line
    ]


def test_on_the_command_line() -> None:
    """`--set data.features=...` takes what the file takes, and says the same of mistakes."""
    assert (Patches(),) == load(SMALLEST, "data.features=[patches]").config.data.features
    assert (Hog(),) == load(data("features: [pixels]"), "data.features=hog").config.data.features
    found = load(SMALLEST, "data.features=[patches: {count: 9}, hog]").config
    assert (Patches(count=9), Hog()) == found.data.features
    assert (9 * 18 + 7 * 7 * 36, 64, "auto") == found.network.layer_dims
    assert "Did you mean 'patches'?" in complaint(SMALLEST, "data.features=patch")


def test_the_input_layer_has_one_unit_for_each_entry_of_the_column() -> None:
    """A number in front is checked against the features."""
    layers = "network:\n  layer_dims: [1764, 5, auto]\n"
    assert 1764 == load(data("features: hog") + layers).config.network.layer_dims[0]
    assert (
        "config.yaml:5:16: network.layer_dims starts with 1764 but the feature column has 1,800 entries; write auto"
        == complaint(data("features: [hog, pca: {components: 36}]") + layers)
    )


@pytest.mark.parametrize(
    ("value", "is_valid"),
    [
        (["pixels"], True),
        ("hog", True),
        ({"hog": {"cell": 4}}, True),
        ({"deep_patches": {"count": 8, "deep_count": 9, "deep_threshold": 0}}, True),
        (["deep_patches"], True),
        ([{"deep_patches": {"deep_size": 17}}], False),
        ([{"deep_patches": {"deepsize": 3}}], False),
        ([{"patches": {"count": 8, "contrast": 0.5}}, "pca", {"pca": None}], True),
        ([], False),
        (None, False),
        (["sift"], False),
        ([{"hog": {"sell": 4}}], False),
        ([{"hog": {"cell": 1}}], False),
        ([{"hog": 4}], False),
        ([{"hog": {}, "pca": {}}], False),
        ([{}], False),
    ],
)
def test_schema_and_validator_agree(value: Any, is_valid: bool) -> None:
    """An editor says the same as the program."""
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft7Validator(json_schema())
    assert is_valid == validator.is_valid({"data": {"path": "images", "features": value}})
    text = data(f"features: {json.dumps(value)}")
    if is_valid:
        load(text)
    else:
        assert problems(text)


def test_the_schema_describes_every_setting() -> None:
    """With its default, for the editor's completion."""
    described = json_schema()["properties"]["data"]["properties"]["features"]["anyOf"]
    for kind in KINDS:
        cls = settings_class(kind)
        (block,) = [each["properties"][kind] for each in described if kind in each.get("properties", ())]
        assert cls.__doc__ == block["description"]
        assert {option.key: option.default for option in options_of(cls)} == {
            name: each.get("default", REQUIRED) for name, each in block["properties"].items()
        }


def test_blocks_that_do_not_fit_are_told_once() -> None:
    """The length of a column that cannot be is not compared with the layer sizes."""
    text = data("image_size: 9;features: hog") + "network:\n  layer_dims: [1764, 5, auto]\n"
    assert complaint(text).startswith("config.yaml:4:13: data.features: hog cells of 8 pixels need images")
