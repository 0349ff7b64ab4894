"""From a config with a recipe and a folder of images to a config that says everything."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any

from nncli.config.recipes import (
    DEFORMED_SIDES,
    FEW_IMAGES,
    ON_PIXELS,
    PHOTO_SIDE,
    PHOTO_SIDES,
    SMALL_SIDE,
    Facts,
    recipe_defaults,
)
from nncli.config.shapes import CHOSEN
from nncli.data.image.image_format import ImageFormat
from nncli.errors import DataError
from nncli.features.settings import PIXELS
from nncli.run.mirror_choice import compare_mirrored
from nncli.run.recipe_trial import FEWEST, PIXELS_ALONE, Watched, try_recipes, unwatched

if TYPE_CHECKING:
    from nncli.config import ConfigFile
    from nncli.data.looks import Looks
    from nncli.data.source import ImageSource, LabeledFiles

MOSTLY_OUTLINE = 0.38
"""Share of outline from which on what small gray images show is taken for lines."""

HIDDEN = ((1_000, 32), (10_000, 64), (100_000, 128))
"""Up to so many training images -> units of the hidden layer that `layer_dims: auto` stands for without a recipe."""

MOST_HIDDEN = 256

MIRRORING = "data.augmentation", "data.test_time_augmentation"
"""Keys that let the network see mirror images."""

UNSAID = {
    "multilabel": "no image is mirrored, for that might change its labels; if it does not: data.augmentation: mirror",
    "regression": "no image is mirrored, for nobody says what that does to its numbers: data.mirror_targets",
}
"""By task: why a recipe mirrors no image, and what to write."""

TRIED = (
    "data.features",
    "data.augmentation",
    "data.augmentation_strength",
    "data.looks",
    "training.pattern_epochs",
)
"""Keys that recipes are tried for; where one of them is written, they are chosen by looks alone."""

NARROWEST, LONGEST = 24, 512
"""Pixels that the shorter side of elongated images keeps, if the longer one need not be larger than this."""

PHOTO_LIKE = 96
"""Pixels of the longer side from which on color images are taken for photos."""

ENLARGED = 1.5
"""How many times as many pixels as they have are worth a word."""


def apply_recipe(
    config_file: ConfigFile, source: ImageSource, files: LabeledFiles, on_trying: Watched = unwatched
) -> tuple[ConfigFile, tuple[str, ...]]:
    """The config with the defaults of its recipe, and lines about why.

    Args:
        config_file: As written.
        source: The images.
        files: Those to train on.
        on_trying: See `try_recipes`.

    Raises:
        DataError: A recipe is to look at the images, and none of these can be read.
        ConfigError: What is written does not go together with the recipe.
    """
    training, n = config_file.config.training, len(files.paths)
    recipe, effort = str(training.recipe), training.effort
    if recipe == "plain":
        return _with_hidden_layer(config_file, n), _hint(config_file, source, files.paths)
    looks = source.look_at(files.paths)
    if looks is None:
        raise DataError(f"none of the images looked at can be read, the first is {files.paths[0]}")
    on_pixels = False
    found: list[str] = []
    if recipe == "auto":
        recipe, on_pixels, found = _chosen(config_file, source, files, looks, on_trying)
    config_file, notes = _with_format(config_file, looks, n, recipe)
    notes, data = found + notes, config_file.config.data
    keep_class = says_how_to_mirror(config_file)
    mirrors = recipe != "digits" and not on_pixels
    if mirrors and not keep_class:
        notes.append(UNSAID[data.task])
    if mirrors and data.task == "classification" and not all(map(config_file.was_set, MIRRORING)):
        keep_class = _keep_class(config_file, source, files, looks, notes)
    defaults = recipe_defaults(recipe, effort, Facts(n, data.shape, keep_class, data.task))
    defaults |= ON_PIXELS if on_pixels else {}
    chosen: dict[str, Any] = {"training.recipe": recipe}  # so a run repeated from its own config need not choose again
    if config_file.values["network.layer_dims"] == CHOSEN:
        chosen["network.layer_dims"] = defaults["network.layer_dims"]
    if config_file.was_set("data.features") and config_file.config.data.features == PIXELS:
        defaults["data.looks"] = "whole"  # pixels have their places
    features = config_file.config.data.features if config_file.was_set("data.features") else defaults["data.features"]
    if all(block.kind != "deep_patches" for block in features):
        defaults["training.pattern_epochs"] = 0
    if _keeps_its_inputs(config_file):
        defaults["network.project"] = "none"
    return config_file.with_defaults(defaults).with_values(chosen).checked(), tuple(notes)


def says_how_to_mirror(config_file: ConfigFile) -> bool:
    """Whether a config says that its labels or numbers may be mirrored; of classes the images are asked."""
    data = config_file.config.data
    if data.task == "multilabel":
        return config_file.was_set("data.augmentation") and data.augmentation in ("mirror", "photos")
    return data.task == "classification" or config_file.was_set("data.mirror_targets")


def _with_format(config_file: ConfigFile, looks: Looks, n_images: int, recipe: str) -> tuple[ConfigFile, list[str]]:
    """The config with size and color that suit images and recipe, or a block among the features; what to say of it."""
    image_format, notes = chosen_format(looks, n_images, recipe), []
    for block in config_file.config.data.features:
        image_format |= block.wanted_format()
    if "data.resize" in image_format:
        if config_file.was_set("data.image_size"):
            del image_format["data.resize"]
        else:
            notes.append(why_padded(looks, image_format))
    return config_file.with_defaults(image_format), notes


def _keep_class(
    config_file: ConfigFile, source: ImageSource, files: LabeledFiles, looks: Looks, notes: list[str]
) -> bool:
    """Whether the recipe may mirror images: they keep their class, and `augmentation: none` is not written."""
    data = config_file.config.data
    if config_file.was_set("data.augmentation") and data.augmentation == "none":
        return False
    mirrored = compare_mirrored(source, files, looks, data.color, is_kept=data.cache == "on")
    if not mirrored.keeps_class:
        notes.append(f"{mirrored}; {_told(config_file)}")
    return mirrored.keeps_class


def why_padded(looks: Looks, image_format: dict[str, Any]) -> str:
    """A line about images that are much longer than wide."""
    height, width = image_format["data.image_size"]
    ratio = max(looks.height, looks.width) / min(looks.height, looks.width)
    long, short = ("high", "wide") if looks.height > looks.width else ("wide", "high")
    return (
        f"images of about {looks.height}x{looks.width} are {ratio:.2g} times as {long} as {short}: "
        f"data.image_size is [{height}, {width}] and data.resize pad, which keep their proportions"
    )


def _told(config_file: ConfigFile) -> str:
    """How images that lose their class are spared, or what is written nevertheless."""
    written = [key for key in MIRRORING if config_file.was_set(key)]
    if not written:
        return "none is mirrored"
    value = config_file.values[written[0]]
    return f"{written[0]}: {value} is written and stays" if value != "none" else "none is mirrored"


def _hint(config_file: ConfigFile, source: ImageSource, paths: tuple[str, ...]) -> tuple[str, ...]:
    """A line where a config that names no recipe enlarges small images, or is to learn photos from their pixels."""
    if config_file.was_set("training.recipe") or source.only_size:
        return ()
    sizes = source.sizes(paths)  # by their headers, which spares small images the looking
    if sizes:
        width, height = (round(statistics.median(sides)) for sides in zip(*sizes, strict=True))
        to_height, to_width = config_file.config.data.image_size
        if height < to_height and width < to_width and ENLARGED * height * width < to_height * to_width:
            size = f"images of about {height}x{width} are enlarged to {to_height}x{to_width}"
            return (f"{size}, which shows no more and takes longer; data.image_size: [{height}, {width}] keeps them",)
        if max(width, height) < PHOTO_LIKE:
            return ()
    if config_file.was_set("data.features"):
        return ()
    looks = source.look_at(paths)
    if looks is None or looks.is_gray or max(looks.height, looks.width) < PHOTO_LIKE:
        return ()
    return (f"{looks}, learned from their pixels; for photos `recipe: auto` below training: is better by far",)


def _keeps_its_inputs(config_file: ConfigFile) -> bool:
    """Whether a number of inputs is written, as in the config of a run from before there were projections."""
    key = "network.layer_dims"
    return config_file.was_set(key) and config_file.values[key][0] != "auto"


def choose(looks: Looks, n_images: int, *, may_deform: bool = True) -> str:
    """The recipe that suits so many such images.

    Args:
        looks: What they look like.
        n_images: How many there are to train on.
        may_deform: Whether larger images may be deformed, because it is tried whether that harms.
    """
    if not _are_small(looks):  # a few thousand framed alike show too few places and angles
        is_deformed = may_deform and looks.is_framed_alike and FEWEST <= n_images <= FEW_IMAGES
        return "digits" if is_deformed else "photos"
    if not looks.is_gray:
        return "photos"
    return "digits" if looks.outline >= MOSTLY_OUTLINE else "garments"


def _are_small(looks: Looks) -> bool:
    return max(looks.height, looks.width) <= SMALL_SIDE


def _chosen(
    config_file: ConfigFile, source: ImageSource, files: LabeledFiles, looks: Looks, on_trying: Watched
) -> tuple[str, bool, list[str]]:
    """As `choose_recipe`, tried only where the config leaves it what a recipe decides; the first line says it all."""
    task, effort = config_file.config.data.task, config_file.config.training.effort
    is_tried = task == "classification" and not any(map(config_file.was_set, TRIED))
    rule = choose(looks, len(files.paths), may_deform=is_tried)
    data, image_format = _with_format(config_file, looks, len(files.paths), rule)[0].config.data, None
    if is_tried:
        image_format = ImageFormat(*data.image_size, data.color, data.resize)
    is_kept = data.cache == "on"
    recipe, on_pixels, (why, *more) = choose_recipe(
        source, files, looks, rule, image_format, on_trying, is_kept=is_kept
    )
    name = f"{recipe} on pixels" if on_pixels else recipe
    return recipe, on_pixels, [f"recipe {name}, effort {effort}: {why}", *more]


def choose_recipe(
    source: ImageSource,
    files: LabeledFiles,
    looks: Looks,
    rule: str,
    image_format: ImageFormat | None,
    on_trying: Watched = unwatched,
    *,
    is_kept: bool = False,
) -> tuple[str, bool, list[str]]:
    """The recipe, whether it is to look at pixels alone, and lines about why.

    Args:
        source: The images.
        files: Those to train on.
        looks: What they look like.
        rule: The recipe that suits what they look like.
        image_format: Size and color that they would get; None to go by their looks alone.
        on_trying: See `try_recipes`.
        is_kept: Whether what was seen is kept in the cache.
    """
    why = f"{looks}{_told_by(looks, rule)}"
    trial = None
    if image_format:
        trial = try_recipes(source, files, looks, image_format, rule, on_trying, is_kept=is_kept)
    if trial is None:
        return rule, False, [why]
    on_pixels = trial.chosen == PIXELS_ALONE
    return rule if on_pixels else trial.chosen, on_pixels, [why, str(trial)]


def _told_by(looks: Looks, rule: str) -> str:
    """The rest of what told the rule, beside size and color."""
    if rule == "digits" and not _are_small(looks):
        return ", framed alike"
    return {"digits": ", mostly lines", "garments": ", mostly areas"}.get(rule, "")


def chosen_format(looks: Looks, n_images: int, recipe: str) -> dict[str, Any]:
    """Size and color to bring such images to for a recipe, and how, if not stretched."""
    longest = max(looks.height, looks.width)
    sides = DEFORMED_SIDES if recipe == "digits" else PHOTO_SIDES
    side = min(next((side for most, side in sides if n_images <= most), PHOTO_SIDE), longest)
    color = {"data.color": "grayscale" if looks.is_gray else "rgb"}
    if _are_small(looks):
        return {"data.image_size": (looks.height, looks.width)} | color
    if not looks.is_elongated:
        return {"data.image_size": (side, side)} | color
    return {"data.image_size": _of_its_proportions(looks, side), "data.resize": "pad"} | color


def _of_its_proportions(looks: Looks, side: int) -> tuple[int, int]:
    """Height and width in the proportions of the images, with about as many pixels as a square; none is enlarged."""
    factor = min(1.0, side / math.sqrt(looks.height * looks.width))
    factor = max(factor, min(1.0, NARROWEST / min(looks.height, looks.width)))
    factor = min(factor, LONGEST / max(looks.height, looks.width))
    return max(1, round(looks.height * factor)), max(1, round(looks.width * factor))


def _with_hidden_layer(config_file: ConfigFile, n_images: int) -> ConfigFile:
    """The config with a number for `network.layer_dims: auto`."""
    if config_file.values.get("network.layer_dims") != CHOSEN:
        return config_file
    units = next((units for most, units in HIDDEN if n_images <= most), MOST_HIDDEN)
    return config_file.with_values({"network.layer_dims": ("auto", units, "auto")})
