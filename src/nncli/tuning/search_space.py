"""Search space: a choice of a few settings, and the config that it stands for.

A choice begins with a whole config, the user's own or a recipe's, and changes what matters most and depends most on the
images: features, hidden layers, learning rate, regularization. All the rest stays as it is, images, split and seed too,
so that trials can be compared.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from nncli.config.options import OPTIONS
from nncli.config.recipes import Facts, recipe_defaults
from nncli.config.writing import values_of
from nncli.features.settings.color_histogram import ColorHistogram
from nncli.features.settings.hog import Hog
from nncli.features.settings.patches import Patches
from nncli.features.settings.pixels import Pixels
from nncli.run.mirror_choice import compare_mirrored
from nncli.run.plan import resolve_layer_dims
from nncli.run.recipe_choice import choose, says_how_to_mirror

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nncli.features.settings import Features, Shape
    from nncli.run.plan import Plan

AS_IS = "as it is"
OWN = "config"
"""The word for the config's own settings as a beginning."""

HIDDEN = ("64", "128", "256", "512", "256, 128")

LIMITS = {
    "learning_rate_factor": (0.2, 5.0),
    "weight_decay": (1e-4, 1.0),
    "l2": (1e-6, 0.1),
    "dropout": (0.0, 0.7),
    "label_smoothing": (0.0, 0.3),
}
"""Smallest and largest value; of the first three the logarithm is drawn."""

LOGARITHMIC = ("learning_rate_factor", "weight_decay", "l2")

Choice = dict[str, Any]
"""Choices of a trial, by names such as `start`, `hidden`, `dropout`."""


class Suggests(Protocol):
    """Source of a choice: a trial of optuna."""

    def suggest_categorical(self, name: str, choices: list[str]) -> str:
        """One of `choices`."""

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """A number from `low` to `high`."""


class SearchSpace:
    """Choices for a plan.

    Args:
        plan: Of the config's own settings.

    Attributes:
        starts: Values of every option, by the word for the beginning.
        features: Features by the word for them.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan, self._has_classes = plan, plan.config.data.task == "classification"
        own = values_of(plan.config)
        self.starts = {OWN: own} | {name: own | values for name, values in _recipes(plan).items()}
        self.features = _features(plan.image_format.shape)

    def leave_out(self, starts: Iterable[str]) -> None:
        """Begin with none of these any more."""
        self.starts = {start: values for start, values in self.starts.items() if start not in set(starts)}

    def suggest(self, trial: Suggests) -> Choice:
        """Let `trial` make a choice."""
        choice: Choice = {
            "start": trial.suggest_categorical("start", list(self.starts)),
            "features": trial.suggest_categorical("features", [AS_IS, *self.features]),
            "hidden": trial.suggest_categorical("hidden", [AS_IS, *HIDDEN]),
        }
        for name in self.as_it_is(choice["start"]):
            if name in LIMITS:
                choice[name] = trial.suggest_float(name, *LIMITS[name], log=name in LOGARITHMIC)
        return choice

    def as_it_is(self, start: str) -> Choice:
        """The choice of a beginning and nothing else, as far as the limits allow."""
        values, decay = self.starts[start], self._decay(start)
        numbers = {
            "learning_rate_factor": 1.0,
            decay: values[f"training.{decay}"],
            "dropout": values["network.dropout"],
        }
        if self._has_classes:
            numbers["label_smoothing"] = values["training.label_smoothing"]
        clipped = {name: min(max(value, LIMITS[name][0]), LIMITS[name][1]) for name, value in numbers.items()}
        return {"start": start, "features": AS_IS, "hidden": AS_IS, **clipped}

    def first_choices(self) -> list[Choice]:
        """Choices tried first: every beginning as it is, then shorter and longer steps, the most frequent remedy."""
        begun = [self.as_it_is(start) for start in self.starts]
        return [*begun, begun[0] | {"learning_rate_factor": 0.5}, begun[0] | {"learning_rate_factor": 2.0}]

    def plan_of(self, choice: Choice) -> Plan:
        """The plan that a choice stands for; the config's own one where nothing is changed."""
        start = self.starts[choice["start"]]
        decay = self._decay(choice["start"])
        values = start | {
            "training.learning_rate": _rounded(start["training.learning_rate"] * choice["learning_rate_factor"]),
            f"training.{decay}": _rounded(choice[decay]),
            "network.dropout": _rounded(choice["dropout"]),
        }
        if self._has_classes:
            values["training.label_smoothing"] = _rounded(choice["label_smoothing"])
        if choice["features"] != AS_IS:
            values |= {"data.features": self.features[choice["features"]], "data.scaling": "auto"}
        hidden = start["network.layer_dims"][1:-1]
        if choice["hidden"] != AS_IS:
            hidden = tuple(int(n) for n in choice["hidden"].split(", "))
        values["network.layer_dims"] = ("auto", *hidden, self.starts[OWN]["network.layer_dims"][-1])
        plan, config_file = self._plan, self._plan.config_file.with_values(values)
        dims = resolve_layer_dims(config_file, plan.source, len(plan.training_files.paths))
        return replace(plan, config_file=config_file, layer_dims=dims)

    def described(self, choice: Choice) -> str:
        """Differences from the config, in words."""
        usual = self.as_it_is(choice["start"])
        words = [] if choice["start"] == OWN else [f"recipe {choice['start']}"]
        for name, value in choice.items():
            if name != "start" and value != usual.get(name):
                shown = f"{value:.3g}" if isinstance(value, float) else value
                words.append(f"{name.removesuffix('_factor')} {'x' if name.endswith('_factor') else ''}{shown}")
        return ", ".join(words) or "as it is"

    def _decay(self, start: str) -> str:
        """Which penalty on large weights counts."""
        return "weight_decay" if self.starts[start]["training.optimizer"] == "adamw" else "l2"


def _recipes(plan: Plan) -> dict[str, dict[str, Any]]:
    """Options of the recipe that suits the images, by a word for recipe and effort, without the config's own."""
    training, looks = plan.config.training, plan.source.look_at(plan.training_files.paths)
    n, task = len(plan.training_files.paths), plan.config.data.task
    recipe = choose(looks, n, may_deform=task == "classification") if looks else "photos"
    keep_class = says_how_to_mirror(plan.config_file)
    if looks and recipe != "digits" and task == "classification":
        color, is_kept = plan.config.data.color, plan.config.data.cache == "on"
        keep_class = compare_mirrored(plan.source, plan.training_files, looks, color, is_kept=is_kept).keeps_class
    usual = {key: option.default for key, option in OPTIONS.items() if not key.startswith("data.")}
    same = "seed", "loss", "class_weights", "precision", "processes"
    kept = {f"training.{key}": getattr(training, key) for key in same}
    data = {key: OPTIONS[f"data.{key}"].default for key in ("features", "scaling", "augmentation")}
    found = {}
    for effort in ("quick", "standard"):
        if (training.recipe, training.effort) != (recipe, effort):
            facts = Facts(n, plan.image_format.shape, keep_class, task)
            words = {"training.recipe": recipe, "training.effort": effort}
            defaults = {f"data.{key}": value for key, value in data.items()} | recipe_defaults(recipe, effort, facts)
            found[f"{recipe} {effort}"] = usual | kept | words | defaults
    return found


def _features(shape: Shape) -> dict[str, Features]:
    """Features that fit such images, by what they are made of."""
    patches = Patches(count=200, stride=1 if min(shape[:2]) <= 40 else 2)
    offered: list[Features] = [(Pixels(),), (Hog(),), (patches,), (patches, Hog())]
    if shape[2] == 3:
        offered.append((patches, Hog(), ColorHistogram()))
    fitting = [blocks for blocks in offered if not any(block.misfit(shape) for block in blocks)]
    return {" and ".join(block.kind for block in blocks): blocks for blocks in fitting}


def _rounded(number: float) -> float:
    """To three digits: a config is for people, too."""
    return float(f"{number:.3g}")
