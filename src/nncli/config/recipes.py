"""Recipes: named sets of defaults for training without setting hyperparameters.

    plain       the tutorial's network: every ingredient off
    digits      drawn signs, and up to a few thousand larger images that are framed alike, such as photos of hand signs
                by one camera: patterns of learned patches, deformed anew in every epoch
    garments    small gray pictures of things, each in its place: learned patches, and which answers come together;
                mirrored or not
    photos      patterns of learned patches, for few photos, and where there is time, which answers come together, for
                few photos colors; mirrored or not in every epoch
    auto        one of the last three, chosen by looking at some of the images and trying all on a few

A recipe decides only what the config does not say. What it decides depends on the images: a few hundred photos want
small networks and many epochs, fifty thousand the opposite. `training.effort` says how long it may take.

The numbers were chosen on validation images; docs/accuracy.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nncli.features.settings import PIXELS, Features
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.deep_patches import DeepPatches
from nncli.features.settings.looks import seen_shape
from nncli.features.settings.patches import Patches
from nncli.features.settings.second_order import SecondOrder

if TYPE_CHECKING:
    from collections.abc import Collection

    from nncli.features.settings import Shape

SMALL_SIDE = 40
"""Images up to this height and width keep their size."""

PHOTO_SIDES = ((1_000, 160), (5_000, 120))
"""Up to so many training images -> height and width that larger ones get; PHOTO_SIDE for more of them."""

PHOTO_SIDE = 64

DEFORMED_SIDES = ((1_000, 96),)
"""As PHOTO_SIDES, for images that are deformed anew in every epoch; PHOTO_SIDE for more of them, too."""

PHOTO_DIRECTIONS = (512, 800, 1200)
"""Principal directions that few photos are trained on, by effort."""

FEW_IMAGES = 5_000
"""Up to so many training images a set is small: it trains fast, so recipes spend more on each image."""

COMMON: dict[str, Any] = {
    "network.initialization": "he",
    "network.normalization": "batch",
    "training.optimizer": "adamw",
    "training.schedule": "one_cycle",
    "training.monitor": "last",
    "training.calibration": "temperature",
}
"""Defaults that all recipes but `plain` share.

With one_cycle the last steps are the smallest, and the last epoch is as good as any; to choose one by a few dozen
validation images would be to choose by chance, and its figure would be better than the truth.
"""

WITHOUT_CLASSES: dict[str, Any] = {
    "training.label_smoothing": 0.0,
    "training.calibration": "none",
    "training.pattern_epochs": 0,
}
"""Decisions of all recipes where images have labels or numbers instead of a class."""

ON_PIXELS: dict[str, Any] = {
    "data.features": PIXELS,
    "data.augmentation": "none",
    "data.test_time_augmentation": "none",
    "data.looks": "whole",
    "training.pattern_epochs": 0,
}
"""Decisions of all recipes where pixels in their places tell more than patterns that may be anywhere."""

EFFORTS = {"quick": 0, "standard": 1, "thorough": 2}
"""Word -> place in the lists below."""

RECIPES = ("digits", "garments", "photos")

DECIDED_LATER = (
    "data.image_size",
    "data.color",
    "data.resize",
    "data.features",
    "data.looks",
    "data.test_time_augmentation",
    "network.layer_dims",
    "network.project",
    "network.dropout",
    "training.epochs",
    "training.batch_size",
    "training.learning_rate",
    "training.weight_decay",
    "training.ensemble",
    "training.label_smoothing",
    "training.pattern_epochs",
)
"""Options that depend on the images, beside the augmentation."""


def likely_defaults(recipe: object) -> dict[str, Any]:
    """Defaults that hold before any image has been seen, for judging whether what is written goes together."""
    if recipe != "auto" and recipe not in RECIPES:
        return {}
    return COMMON | {"data.augmentation": "photos" if recipe == "auto" else recipe}


def known_before(values: dict[str, Any], written: Collection[str]) -> dict[str, Any]:
    """Those of the values of a config that no recipe decides when it has seen the images.

    Args:
        values: By key.
        written: Keys that the config says.
    """
    if not likely_defaults(values.get("training.recipe")):
        return values
    return {key: value for key, value in values.items() if key in written or key not in DECIDED_LATER}


@dataclass(frozen=True)
class Facts:
    """Facts that a recipe depends on.

    Attributes:
        n_images: Training images.
        shape: Height, width and channels that the images get.
        keep_class_mirrored: Whether a mirror image shows the same class, as far as anybody knows; of labels and
            numbers, whether the config says so, or what a mirror does to them.
        task: `data.task`.
    """

    n_images: int
    shape: Shape
    keep_class_mirrored: bool = True
    task: str = "classification"

    @property
    def is_small_set(self) -> bool:
        """Whether there are few images."""
        return self.n_images <= FEW_IMAGES


def recipe_defaults(recipe: str, effort: str, facts: Facts) -> dict[str, Any]:
    """The defaults of a recipe, by key; what the config says comes before them.

    Args:
        recipe: ``plain``, ``digits``, ``garments`` or ``photos``.
        effort: ``quick``, ``standard`` or ``thorough``.
        facts: About the training images.
    """
    if recipe == "plain":
        return {}
    decide = {"digits": _digits, "garments": _garments, "photos": _photos}[recipe]
    defaults = COMMON | decide(EFFORTS[effort], facts)
    if facts.task != "classification":
        defaults |= WITHOUT_CLASSES
    if facts.task == "regression" and defaults["data.augmentation"] != "mirror":
        defaults["data.augmentation"] = "none"  # to turn and move an image might change its numbers
    return defaults


def _digits(effort: int, facts: Facts) -> dict[str, Any]:
    if max(facts.shape[:2]) <= SMALL_SIDE:
        deep_count = (256, 512, 1024 if facts.is_small_set else 512)[effort]
        deep = _deep_patches(facts.shape, 32, deep_count, grid=2)
        networks, epochs = (1, 1, 2)[effort], (100, 200, 200)[effort]
    else:
        deep = _deep_patches(facts.shape, 64, (256, 512, 512)[effort], grid=4)  # for fingers it counts where they are
        networks, epochs = (1, 2, 3)[effort], (60, 60, 120)[effort]
    return {
        "data.features": deep or _patches((64, 128, 200)[effort], 4, facts.shape),
        "data.augmentation": "digits",
        "network.layer_dims": ("auto", 512, "auto"),
        "network.dropout": 0.3,
        "training.ensemble": networks,
        "training.epochs": _epochs(facts, (7, 18, 40)[effort], epochs),
        "training.batch_size": _batch_size(facts),
        "training.learning_rate": 2e-3,
        "training.label_smoothing": 0.05,
    }


def _garments(effort: int, facts: Facts) -> dict[str, Any]:
    mirrored = "mirror" if facts.keep_class_mirrored else "none"
    is_brief = effort == 0 and not facts.is_small_set  # half the units learn more in twice the epochs, as long a time
    features = _patches((64, 128, 200)[effort], 4, facts.shape) + _second_order(facts.shape, 64, 60)
    return {
        "data.features": features,
        "data.looks": _looks(effort, facts, features),
        "data.augmentation": mirrored,
        "data.test_time_augmentation": mirrored,
        "network.layer_dims": ("auto", 256 if is_brief else 512, "auto"),
        "network.dropout": 0.5,
        "training.epochs": _epochs(facts, (30, 40, 60)[effort], (100, 150, 200)[effort]),
        "training.batch_size": _batch_size(facts),
        "training.ensemble": (1, 2, 2)[effort],
        "training.learning_rate": 2e-3,
        "training.weight_decay": 0.05,
        "training.label_smoothing": 0.1,
    }


def _photos(effort: int, facts: Facts) -> dict[str, Any]:
    values = (_few_photos if facts.is_small_set else _many_photos)(effort, facts)
    mirrored = "mirror" if facts.keep_class_mirrored else "none"
    is_quick_vote = effort == 0 and values["data.looks"] == "parts"  # six looks: twelve take half as long again
    return values | {
        "data.augmentation": mirrored,
        "data.test_time_augmentation": "none" if is_quick_vote else mirrored,
        "network.dropout": 0.5,
        "training.batch_size": _batch_size(facts),
        "training.learning_rate": 2e-3,
        "training.weight_decay": 0.05,
        "training.label_smoothing": 0.1,
    }


def _few_photos(effort: int, facts: Facts) -> dict[str, Any]:
    looks = "parts" if min(facts.shape[:2]) > SMALL_SIDE else "whole"
    shape = seen_shape(facts.shape, looks)
    features = _deep_patches(shape, 96, (512, 512, 800)[effort], grid=3)
    if looks == "parts":
        # quick: the patches of deep_patches, learned and compared once; others of its own tell a little more
        features += _second_order(shape, (96, 128, 128)[effort], (100, 150, 150)[effort])
    if looks == "whole" or not features:  # parts tell as much without patches, in two thirds of the time
        features = _patches((200, 200, 400)[effort], 3, shape) + features
    if facts.shape[2] == 3:
        features += (ColorHistogram(bins=6),)
    return {
        "data.features": features,
        "data.looks": looks,
        "network.layer_dims": ("auto", 256, "auto"),
        "network.project": PHOTO_DIRECTIONS[effort],
        "training.ensemble": (5, 8, 12)[effort],
        "training.epochs": (60, 80, 100)[effort],
        "training.pattern_epochs": 0,
    }


def _many_photos(effort: int, facts: Facts) -> dict[str, Any]:
    features = _deep_patches(facts.shape, (64, 96, 96)[effort], (256, 512, 1024)[effort], grid=2)
    if effort == 2 and features:
        features += _second_order(facts.shape, 96, 60)  # after deep_patches, whose patches it takes
    features = features or _patches((200, 200, 400)[effort], 4, facts.shape)
    return {
        "data.features": features,
        "data.looks": _looks(effort, facts, features),
        "network.layer_dims": ("auto", (512, 1024, 768)[effort], "auto"),
        "network.project": "none",
        "training.ensemble": (1, 2, 2)[effort],
        "training.epochs": (12, 30, 40)[effort],
        "training.pattern_epochs": (6, 24, 36)[effort],
    }


def _looks(effort: int, facts: Facts, features: Features) -> str:
    """Many images are moved, too, where there is time for it; but what is moved may have other numbers."""
    is_moved = effort == 2 and not facts.is_small_set and facts.task != "regression"
    return "shifts" if is_moved and features != PIXELS else "whole"


def _patches(count: int, grid: int, shape: Shape) -> Features:
    """Learned patches as large as the images allow, as close as their size allows; pixels where nothing else fits."""
    side = min(shape[0], shape[1])
    size = min(6, side)
    if size < 2:
        return PIXELS
    for stride in range(_stride(shape), 33):
        patches = Patches(size=size, count=count, grid=max(1, min(grid, (side - size) // stride + 1)), stride=stride)
        if not patches.misfit(shape):
            return (patches,)
    return PIXELS


def _deep_patches(shape: Shape, count: int, deep_count: int, grid: int) -> Features:
    """Patches of patches, or nothing where these do not fit."""
    return _pooled(shape, DeepPatches(count=count, deep_count=deep_count, grid=grid))


def _second_order(shape: Shape, count: int, directions: int) -> Features:
    """Covariances of windows of patches, or nothing where these do not fit."""
    return _pooled(shape, SecondOrder(count=count, directions=directions))


def _pooled(shape: Shape, block: DeepPatches | SecondOrder) -> Features:
    """The block with answers averaged over about an eighth of the image, or nothing where it does not fit."""
    side = min(shape[0], shape[1])
    for stride in range(_stride(shape), 33):
        pool = min(max(4, 2 * round(side / (16 * stride))), 32)
        fitting = replace(block, stride=stride, pool=pool)
        if not fitting.misfit(shape):
            return (fitting,)
    return ()


def _stride(shape: Shape) -> int:
    """The least pixels from one patch to the next that take little time."""
    return 1 if shape[0] * shape[1] <= SMALL_SIDE**2 else 2


def _epochs(facts: Facts, many: int, few: int) -> int:
    """Epochs for large sets, or for small ones."""
    return few if facts.is_small_set else many


def _batch_size(facts: Facts) -> int:
    return 32 if facts.is_small_set else 128
