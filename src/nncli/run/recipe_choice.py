"""From a config with a recipe and a folder of images to a config that says everything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nncli.config.recipes import PHOTO_SIDE, PHOTO_SIDES, SMALL_SIDE, Facts, recipe_defaults
from nncli.config.shapes import CHOSEN
from nncli.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nncli.config import ConfigFile
    from nncli.data.looks import Looks
    from nncli.data.source import ImageSource

MOSTLY_OUTLINE = 0.38
"""Share of outline from which on what small gray images show is taken for lines."""

HIDDEN = ((1_000, 32), (10_000, 64), (100_000, 128))
"""Up to so many training images -> units of the hidden layer that `layer_dims: auto` stands for without a recipe."""

MOST_HIDDEN = 256

PHOTO_LIKE = 96
"""Pixels of the longer side from which on color images are taken for photos."""


def apply_recipe(
    config_file: ConfigFile, source: ImageSource, paths: Sequence[str]
) -> tuple[ConfigFile, tuple[str, ...]]:
    """The config with the defaults of its recipe, and a line about why.

    Args:
        config_file: As written.
        source: The images.
        paths: Those to train on.

    Raises:
        DataError: A recipe is to look at the images, and none of these can be read.
        ConfigError: What is written does not go together with the recipe.
    """
    training = config_file.config.training
    recipe, effort = str(training.recipe), training.effort
    if recipe == "plain":
        return _with_hidden_layer(config_file, len(paths)), _hint(config_file, source, paths)
    looks = source.look_at(paths)
    if looks is None:
        raise DataError(f"none of the images looked at can be read, the first is {paths[0]}")
    notes: tuple[str, ...] = ()
    if recipe == "auto":
        recipe = choose(looks)
        drawn = {"digits": ", mostly lines", "garments": ", mostly areas"}.get(recipe, "")
        notes = (f"recipe {recipe}, effort {effort}: {len(paths)} {looks}{drawn}",)
    config_file = config_file.with_defaults(chosen_format(looks, len(paths)))
    data = config_file.config.data
    defaults = recipe_defaults(recipe, effort, Facts(len(paths), data.shape))
    chosen: dict[str, Any] = {"training.recipe": recipe}  # so a run repeated from its own config need not choose again
    if config_file.values["network.layer_dims"] == CHOSEN:
        chosen["network.layer_dims"] = defaults["network.layer_dims"]
    if _keeps_its_inputs(config_file):
        defaults["network.project"] = "none"
    return config_file.with_defaults(defaults).with_values(chosen).checked(), notes


def _hint(config_file: ConfigFile, source: ImageSource, paths: Sequence[str]) -> tuple[str, ...]:
    """A line about the recipe, where a config that names none is to learn photos from their pixels."""
    if config_file.was_set("training.recipe") or config_file.was_set("data.features"):
        return ()
    looks = source.look_at(paths)
    if looks is None or looks.is_gray or max(looks.height, looks.width) < PHOTO_LIKE:
        return ()
    return (f"{looks}, learned from their pixels; for photos `recipe: auto` below training: is better by far",)


def _keeps_its_inputs(config_file: ConfigFile) -> bool:
    """Whether a number of inputs is written, as in the config of a run from before there were projections."""
    key = "network.layer_dims"
    return config_file.was_set(key) and config_file.values[key][0] != "auto"


def choose(looks: Looks) -> str:
    """The recipe that suits such images."""
    is_small = max(looks.height, looks.width) <= SMALL_SIDE
    if not (is_small and looks.is_gray):
        return "photos"
    return "digits" if looks.outline >= MOSTLY_OUTLINE else "garments"


def chosen_format(looks: Looks, n_images: int) -> dict[str, Any]:
    """Size and color to bring such images to."""
    longest = max(looks.height, looks.width)
    side = min(next((side for most, side in PHOTO_SIDES if n_images <= most), PHOTO_SIDE), longest)
    return {
        "data.image_size": (looks.height, looks.width) if longest <= SMALL_SIDE else (side, side),
        "data.color": "grayscale" if looks.is_gray else "rgb",
    }


def _with_hidden_layer(config_file: ConfigFile, n_images: int) -> ConfigFile:
    """The config with a number for `network.layer_dims: auto`."""
    if config_file.values.get("network.layer_dims") != CHOSEN:
        return config_file
    units = next((units for most, units in HIDDEN if n_images <= most), MOST_HIDDEN)
    return config_file.with_values({"network.layer_dims": ("auto", units, "auto")})
