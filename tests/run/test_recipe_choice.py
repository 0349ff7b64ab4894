"""A recipe and a folder become a config that says everything; what is written wins."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.config import ConfigFile, load_config
from nncli.config.recipes import COMMON, DECIDED_LATER, FEW_IMAGES, RECIPES, Facts, recipe_defaults
from nncli.config.writing import values_of
from nncli.data.looks import Looks
from nncli.data.source import ImageSource, LabeledFiles
from nncli.errors import ConfigError, DataError
from nncli.run.plan import plan_experiment
from nncli.run.recipe_choice import apply_recipe, choose, chosen_format
from nncli.run.recipe_trial import FEWEST
from tests.drawings import areas, arrows, colors, grays, lines, write_drawings
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PIL import Image

OTHER = {
    "data.image_size": "[12, 14]",
    "data.color": "rgb",
    "data.resize": "crop",
    "data.features": "[hog: {cell: 3}]",
    "data.augmentation": "none",
    "data.looks": "parts",
    "data.test_time_augmentation": "mirror",
    "network.layer_dims": "[auto, 3, 4, auto]",
    "network.initialization": "xavier",
    "network.normalization": "layer",
    "network.project": "5",
    "network.dropout": "0.125",
    "training.optimizer": "nesterov",
    "training.schedule": "cosine",
    "training.monitor": "loss",
    "training.calibration": "none",
    "training.epochs": "3",
    "training.batch_size": "7",
    "training.learning_rate": "0.25",
    "training.weight_decay": "0.5",
    "training.ensemble": "2",
    "training.label_smoothing": "0.3",
    "training.pattern_epochs": "2",
}
"""What hardly a recipe says of gray images of 28x28."""

NOTHING = ImageSource("", (), {})
"""A source whose images nobody is to look at."""

SECOND = {"data.augmentation": "digits", "data.looks": "whole", "data.test_time_augmentation": "none"}
"""For the recipe that does."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawings, things, colored and gray photos."""
    root = tmp_path_factory.mktemp("drawings")
    for draw in (lines, areas, colors, grays):
        write_drawings(root / draw.__name__, draw)
    write_drawings(root / "large", lines, (90, 50))
    return root


def config_of(folder: Path, *settings: str) -> ConfigFile:
    """A config with the settings, "training.epochs: 3"."""
    sections: dict[str, list[str]] = {"data": [f"  path: {folder}\n"], "network": [], "training": []}
    for setting in settings:
        section, _, line = setting.partition(".")
        sections[section].append(f"  {line}\n")
    path = folder.parent / "c.yaml"
    path.write_text("".join(f"{name}:\n{''.join(own)}" for name, own in sections.items()))
    return load_config(path)


def resolved(folder: Path, *settings: str) -> dict[str, Any]:
    """Every value of such a config once the images were seen."""
    return values_of(plan_experiment(config_of(folder, *settings)).config)


@cache
def of_recipe(folder: Path, recipe: str) -> dict[str, Any]:
    """Every value of a config that says nothing but its recipe."""
    return resolved(folder, f"training.recipe: {recipe}")


@pytest.mark.parametrize("recipe", ["auto", *RECIPES])
@pytest.mark.parametrize("key", OTHER)
def test_what_is_written_wins(folder: Path, recipe: str, key: str) -> None:
    """Over every recipe, key by key; everything else is the recipe's."""
    alone = of_recipe(folder / "lines", recipe)
    other = SECOND[key] if OTHER[key] == alone[key] else OTHER[key]
    written = resolved(folder / "lines", f"training.recipe: {recipe}", f"{key}: {other}")
    plain = [f"{key}: {other}", *(["training.optimizer: adamw"] if key == "training.weight_decay" else [])]
    plain += {"data.looks": ["data.features: hog"], "training.pattern_epochs": ["data.features: [deep_patches]"]}.get(
        key, []
    )
    expected = values_of(config_of(folder / "lines", *plain).config)[key]
    if key == "network.layer_dims":
        expected = (alone[key][0], *expected[1:])  # the input layer is as long as the feature column
    assert expected == written[key] != alone[key]
    of_the_size = {"data.features", "network.layer_dims", "data.scaling"} if key.startswith("data.") else set()
    of_the_size |= {"data.test_time_augmentation"} if key == "data.augmentation" else set()
    assert {key, "training.beta2"} | of_the_size >= {name for name in alone if alone[name] != written[name]}


def test_every_key_of_a_recipe_was_tried() -> None:
    """A key that a recipe learns to set is one more that must give way."""
    found = {"data.image_size", "data.color", "data.resize"}
    for recipe in RECIPES:
        found |= recipe_defaults(recipe, "standard", Facts(100, (28, 28, 3))).keys()
    assert found == OTHER.keys() == {*DECIDED_LATER, *COMMON, "data.augmentation"}


@pytest.mark.parametrize(
    ("name", "recipe", "why"),
    [
        ("lines", "digits", "gray images of about 28x28, mostly lines"),
        ("areas", "garments", "gray images of about 28x28, mostly areas"),
        ("colors", "photos", "color images of about 28x28"),
        ("grays", "garments", "gray images of about 28x28, mostly areas"),
        ("large", "photos", "gray images of about 50x90"),
    ],
)
def test_auto_looks_and_says_why(folder: Path, name: str, recipe: str, why: str) -> None:
    """Drawn lines are digits, small gray areas garments, color and large images photos; in one line."""
    plan = plan_experiment(config_of(folder / name, "training.recipe: auto"))
    assert recipe == plan.config.training.recipe
    if name != "grays":  # noise is neither lines nor areas
        assert f"recipe {recipe}, effort quick: {why}" == plan.notes[0]


@pytest.mark.parametrize(
    ("looks", "recipe"),
    [
        (Looks(28, 28, True, 0.6), "digits"),
        (Looks(40, 40, True, 0.1), "garments"),
        (Looks(41, 28, True, 0.6), "photos"),
        (Looks(28, 41, True, 0.1), "photos"),
        (Looks(28, 28, False, 0.6), "photos"),
        (Looks(1, 1, True, 0.0), "garments"),
        (Looks(100, 100, False, 0.2, variation=0.6), "digits"),
        (Looks(100, 100, False, 0.2, variation=0.9), "photos"),
        (Looks(28, 28, False, 0.2, variation=0.6), "photos"),
    ],
)
def test_the_choice(looks: Looks, recipe: str) -> None:
    """Size and color first, then lines or areas of small images, and whether larger ones are framed alike."""
    assert recipe == choose(looks, FEW_IMAGES)


@pytest.mark.parametrize(("n_images", "may_deform"), [(FEW_IMAGES + 1, True), (FEWEST - 1, True), (FEW_IMAGES, False)])
def test_framed_alike_but_not_to_be_deformed(n_images: int, may_deform: bool) -> None:
    """Many images show places and angles enough; and nothing is deformed where it is not tried beforehand."""
    assert "photos" == choose(Looks(100, 100, False, 0.2, variation=0.6), n_images, may_deform=may_deform)


def test_images_that_are_deformed_in_every_epoch_are_smaller() -> None:
    """Their features are computed again and again."""
    looks = Looks(300, 300, False, 0.2, variation=0.6)
    sides = {recipe: chosen_format(looks, 2_000, recipe)["data.image_size"] for recipe in RECIPES}
    assert {"digits": (64, 64), "garments": (120, 120), "photos": (120, 120)} == sides


@pytest.mark.parametrize(
    ("name", "shape"), [("lines", (28, 28, 1)), ("colors", (28, 28, 3)), ("large", (90, 90, 1)), ("grays", (28, 28, 1))]
)
@pytest.mark.parametrize("recipe", ["auto", *RECIPES])
def test_small_images_keep_their_size_and_gray_ones_their_color(
    folder: Path, name: str, shape: tuple[int, int, int], recipe: str
) -> None:
    """Larger ones become squares; whatever the recipe."""
    assert shape == plan_experiment(config_of(folder / name, f"training.recipe: {recipe}")).config.data.shape


@pytest.mark.parametrize(
    ("n_images", "longest", "side"),
    [
        (2, 300, 160),
        (1_000, 300, 160),
        (1_001, 300, 120),
        (5_000, 300, 120),
        (5_001, 300, 64),
        (2, 100, 100),
        (9_999, 50, 50),
    ],
)
def test_the_fewer_the_images_the_larger_they_are(n_images: int, longest: int, side: int) -> None:
    """Time is what decides; no image is blown up."""
    found = chosen_format(Looks(longest, longest * 2 // 3, False, 0.2), n_images, "photos")
    assert {"data.image_size": (side, side), "data.color": "rgb"} == found


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [
        (1200, 120, (506, 51)),
        (120, 1200, (51, 506)),
        (100, 50, (100, 50)),
        (6000, 40, (512, 3)),
        (400, 20, (400, 20)),
        (400, 39, (400, 39)),
    ],
)
def test_elongated_images_keep_their_proportions(height: int, width: int, expected: tuple[int, int]) -> None:
    """With about as many pixels as a square of 160; none is enlarged, the shorter side keeps what it can."""
    found = chosen_format(Looks(height, width, True, 0.2), 100, "photos")
    assert {"data.image_size": expected, "data.color": "grayscale", "data.resize": "pad"} == found


def test_elongated_images_are_padded_unless_a_size_is_written(tmp_path: Path) -> None:
    """One line says so."""
    root = write_drawings(tmp_path / "long", grays, (30, 240))
    plan = plan_experiment(config_of(root, "training.recipe: auto"))
    assert ((240, 30), "pad") == (plan.config.data.image_size, plan.config.data.resize)
    assert "images of about 240x30 are 8 times as high as wide: data.image_size is [240, 30]" in plan.notes[1]
    plan = plan_experiment(config_of(root, "training.recipe: auto", "data.image_size: 64"))
    assert ((64, 64), "stretch", 1) == (plan.config.data.image_size, plan.config.data.resize, len(plan.notes))


def test_arrows_are_not_mirrored(tmp_path: Path) -> None:
    """Neither in training nor in prediction, whatever the effort; one line says why, and what is written stays."""
    root = write_drawings(tmp_path / "arrows", arrows, (48, 48), each=40)
    plan = plan_experiment(config_of(root, "training.recipe: auto", "training.effort: thorough"))
    data = plan.config.data
    assert ("none", "none") == (data.augmentation, data.test_time_augmentation)
    assert "mirrored, one and two look like each other (" in plan.notes[1]
    assert plan.notes[1].endswith(" tried); none is mirrored")
    plan = plan_experiment(config_of(root, "training.recipe: photos", "data.augmentation: photos"))
    assert "none" == plan.config.data.test_time_augmentation
    assert plan.notes[0].endswith("; data.augmentation: photos is written and stays")


def test_no_augmentation_is_no_average_either(folder: Path) -> None:
    """An option that is written wins all the same."""
    settings = "training.recipe: photos", "data.augmentation: none"
    assert "none" == resolved(folder / "colors", *settings)["data.test_time_augmentation"]
    more = "data.test_time_augmentation: mirror"
    assert "mirror" == resolved(folder / "colors", *settings, more)["data.test_time_augmentation"]


def test_plain_looks_at_nothing(folder: Path) -> None:
    """Written or not, it is the same config, and no image is opened for it."""
    assert resolved(folder / "colors") == resolved(folder / "colors", "training.recipe: plain")
    config_file = config_of(folder / "colors", "training.recipe: plain")
    assert (config_file, ()) == apply_recipe(config_file, NOTHING, LabeledFiles(("missing.png",), (0,)))


def test_small_images_that_become_large_are_noted(tmp_path: Path) -> None:
    """Once, with the size that keeps them; in files and in arrays; not where a size near theirs is written."""
    write_class_folders(tmp_path / "photos", size=(20, 16))
    note = (
        "images of about 16x20 are enlarged to 64x64, which shows no more and takes longer; "
        "data.image_size: [16, 20] keeps them"
    )
    assert (note,) == plan_experiment(config_of(tmp_path / "photos")).notes
    np.savez(tmp_path / "photos.npz", x=np.zeros((4, 16, 20), np.uint8), y=[0, 1, 0, 1])
    assert note in plan_experiment(config_of(tmp_path / "photos.npz")).notes
    assert () == plan_experiment(config_of(tmp_path / "photos", "data.image_size: [20, 20]")).notes


def test_an_explicit_recipe_is_taken_at_its_word(folder: Path) -> None:
    """Nothing is chosen, so there is nothing to explain."""
    plan = plan_experiment(config_of(folder / "colors", "training.recipe: digits", "training.effort: thorough"))
    assert ("digits", "thorough") == (plan.config.training.recipe, plan.config.training.effort)
    assert () == plan.notes


def test_what_is_resolved_resolves_to_itself(folder: Path) -> None:
    """The config that a run keeps names the recipe that was chosen, and gives the same plan."""
    plan = plan_experiment(config_of(folder / "lines", "training.recipe: auto", "network.layer_dims: auto"))
    path = folder / "resolved.yaml"
    path.write_text(plan.config_file.resolved_yaml(plan.unused_keys))
    again = plan_experiment(load_config(path))
    assert "digits" == again.config.training.recipe
    assert (plan.config, plan.layer_dims) == (again.config, again.layer_dims)
    assert plan.config == load_config(path).config


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            ("data.features: [patches: {size: 30}]",),
            "c.yaml:3:14: data.features: patches of size 30 do not fit into 28x28 images",
        ),
        (("data.scaling: zero_one",), "data.scaling zero_one is for pixels alone; other features need standardize"),
        (("network.layer_dims: [784, 5, auto]",), "network.layer_dims starts with 784 but the feature column has "),
        (("network.layer_dims: [auto, 5, 9]",), "network.layer_dims ends with 9 but"),
        (
            ("training.schedule: cosine", "training.warmup_epochs: 5000"),
            "training.warmup_epochs is 5000, but must be less than training.epochs, which is ",
        ),
        (
            ("training.recipe: garments", "data.augmentation_strength: 0.5"),
            "data.augmentation_strength is only used with augmentation digits, photos or garments, not with none",
        ),
    ],
)
def test_what_does_not_go_with_what_the_recipe_chose(folder: Path, settings: tuple[str, ...], message: str) -> None:
    """The place is that of what is written."""
    recipe = () if any("recipe" in setting for setting in settings) else ("training.recipe: auto",)
    config_file = config_of(folder / "lines", *settings, *recipe)
    with pytest.raises(ConfigError) as caught:
        plan_experiment(config_file)
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "n"), [("lines", 784), ("colors", 2352)])
def test_numbers_that_fit_the_images_of_the_recipe(folder: Path, name: str, n: int) -> None:
    """784 or 2352 values: the size that the recipe keeps counts, not the default of 64x64."""
    settings = "training.recipe: auto", "data.features: pixels", f"network.layer_dims: [{n}, 5, auto]"
    assert (n, 5, 1) == plan_experiment(config_of(folder / name, *settings)).layer_dims


@pytest.mark.parametrize(("n", "units"), [(9, 32), (1_000, 32), (5_000, 64), (10**5, 128), (10**6, 256)])
def test_layers_that_are_left_to_the_program(folder: Path, n: int, units: int) -> None:
    """Without a recipe, one hidden layer as wide as the number of images allows."""
    config_file = config_of(folder / "lines", "network.layer_dims: auto")
    assert (12288, units, "auto") == apply_recipe(config_file, NOTHING, LabeledFiles(("x.png",) * n, (0,) * n))[
        0
    ].config.network.layer_dims


@pytest.mark.parametrize("recipe", RECIPES)
def test_layers_that_are_left_to_the_recipe(folder: Path, recipe: str) -> None:
    """`auto` is the same as not to write them."""
    alone, auto = (
        resolved(folder / "lines", f"training.recipe: {recipe}", *more) for more in ((), ("network.layer_dims: auto",))
    )
    assert alone == auto


def test_images_that_cannot_be_read(folder: Path, tmp_path: Path) -> None:
    """Some are passed over while looking; where there is no other, one line names the first."""
    write_drawings(tmp_path / "some", lines)
    for path in (tmp_path / "some/one").iterdir():
        path.write_bytes(b"no image")
    assert "digits" == resolved(tmp_path / "some", "training.recipe: auto")["training.recipe"]
    for path in (tmp_path / "some/two").iterdir():
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(DataError, match=r"^none of the images looked at can be read, the first is .*/some/"):
        resolved(tmp_path / "some", "training.recipe: auto")


@pytest.mark.parametrize("draw", [lines, areas, colors, grays])
def test_the_choice_does_not_hang_on_a_few_images(tmp_path: Path, draw: Callable[..., Image.Image]) -> None:
    """Two of each class, or twenty."""
    chosen = []
    for each in (2, 20):
        write_drawings(tmp_path / str(each), draw, each=each)
        chosen.append(resolved(tmp_path / str(each), "training.recipe: auto")["training.recipe"])
    assert chosen[0] == chosen[1]


def test_a_written_number_of_inputs_is_kept(folder: Path) -> None:
    """As the config of a run has it that was trained before there were projections."""
    photos = (
        "training.recipe: photos",
        "data.features: [hog: {cell: 7}]",
        "data.image_size: 28",
        "data.color: grayscale",
    )
    found = resolved(folder / "lines", *photos)
    assert ("none" != found["network.project"], 0) == (True, found["training.pattern_epochs"])
    assert "none" == resolved(folder / "lines", *photos, "network.layer_dims: [324, 9, auto]")["network.project"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_numbers_are_not_smoothed_calibrated_or_deformed(recipe: str) -> None:
    """A recipe mirrors where the config says what that does to numbers, and changes no image in another way."""
    for keep in (False, True):
        found = recipe_defaults(recipe, "quick", Facts(100, (28, 28, 1), keep, "regression"))
        assert (0, "none", 0) == (
            found["training.label_smoothing"],
            found["training.calibration"],
            found["training.pattern_epochs"],
        )
        assert ("mirror" if keep and recipe != "digits" else "none") == found["data.augmentation"]
