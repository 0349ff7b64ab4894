"""The lessons: small commented configs in configs/lessons, what to run of each, and what ten seeds gave.

The comment at the top of a lesson is its text. A line of it is a command and a promise:

    #   nncli train configs/lessons/learning_rate.yaml --lr 3e-4    accuracy 0.14 to 0.26

The text before the commands is the title, that after them says what to look for. An installed package brings the
lessons, too, beside the sample images that they need: as share/nncli in the folder of the environment.
"""

from __future__ import annotations

import math
import re
import shlex
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nncli.errors import DataError, TrainingError
from nncli.run.hooks import Hooks
from nncli.run.loading import load
from nncli.run.pipeline import train
from nncli.run.plan import plan_experiment

if TYPE_CHECKING:
    from nncli.config import ConfigFile
    from nncli.run.training import Training
    from nncli.run.watched import Watched
    from nncli.training.state import EpochResult

ORDER = (
    "xor_without_hidden_layer", "xor", "moons", "rings", "spirals", "digits_without_hidden_layer", "hidden_sizes",
    "init_zeros", "init_constant", "init_too_small", "init_too_large", "init_xavier", "init_he",
    "activations", "learning_rate", "full_batch", "optimizers",
    "overfit_one_batch", "too_few_images", "regularization", "noisy_xor",
)  # fmt: skip
"""From what a network is to what stops it from overfitting."""

PROMISE = re.compile(r"^#   (nncli train \S+(?: --?\S+ \S+)*) +(diverges|(\w+) ([\d.]+) to ([\d.]+))$", re.M)


@dataclass(frozen=True)
class Promise:
    """A command of a lesson, and the range that ten seeds gave.

    Attributes:
        command: As it stands in the comment.
        quantity: accuracy or loss, of the best epoch as metrics.json has them; training_accuracy or training_loss, of
            the last epoch; or diverges.
        low, high: The range; not a number for diverges.
    """

    command: str
    quantity: str
    low: float = math.nan
    high: float = math.nan

    @property
    def options(self) -> list[str]:
        """Everything after the config in the command."""
        return shlex.split(self.command)[3:]

    @property
    def range(self) -> str:
        """The range in words."""
        return "diverges" if self.quantity == "diverges" else f"{self.low:.2f} to {self.high:.2f}"


@dataclass(frozen=True)
class Lesson:
    """A config that teaches something.

    Attributes:
        path: The config.
        title: What it is about, in a line or two.
        promises: What to run, and what ten seeds gave.
        look_for: What there is to see.
    """

    path: Path
    title: str
    promises: tuple[Promise, ...]
    look_for: str

    @classmethod
    def of(cls, path: Path) -> Lesson:
        """Read the comment at the top of `path`."""
        text = path.read_text(encoding="utf-8")
        comment = text.partition("\n\n")[0].partition("\n")[2]  # without the line for editors
        found = tuple(promises(text))
        before, _, after = PROMISE.sub("#", comment).partition("\n#\n")
        title, look_for = (" ".join(re.sub(r"^#+ ?", "", part, flags=re.M).split()) for part in (before, after))
        title = re.sub(r"[.;,:]? *[Tt]en seeds\b.*", ".", title).replace("?.", "?")
        return cls(path, title, found, look_for)


def promises(text: str) -> list[Promise]:
    """The promises in the comments of a lesson."""
    return [
        Promise(command, quantity or what, float(low or "nan"), float(high or "nan"))
        for command, what, quantity, low, high in PROMISE.findall(text)
    ]


def lessons_folder() -> Path:
    """Where the lessons are: beside the source, or where the package was installed to.

    Raises:
        DataError: They are nowhere.
    """
    package = Path(__file__).parents[1]
    shared = Path("share", "nncli", "configs", "lessons")
    places = [package.parents[1] / "configs" / "lessons"]
    bases = [Path(sysconfig.get_path("data")), package.parents[3], package.parent, Path(sys.prefix)]
    places += [base / shared for base in bases]
    for place in places:
        if (place / f"{ORDER[0]}.yaml").is_file():
            return place
    raise DataError(f"the lessons are not installed; they should be in {places[1]}")


def all_lessons() -> dict[str, Lesson]:
    """Every lesson by name, in the order to read them."""
    folder = lessons_folder()
    return {name: Lesson.of(folder / f"{name}.yaml") for name in ORDER}


@dataclass(frozen=True)
class Trial:
    """A training in memory that a lesson looks at.

    Attributes:
        measured: Every quantity that a promise can be about, or diverges alone.
        history: Its epochs, as far as it came.
        watched: What its layers were like.
        classes: Names, by label.
    """

    measured: dict[str, float]
    history: list[EpochResult]
    watched: Watched | None
    classes: tuple[str, ...]


def tried(config_file: ConfigFile) -> Trial:
    """Train in memory."""
    kept = _Kept()
    try:
        train(load(plan_experiment(config_file)), kept)
        training = kept.trainings[0]
        metrics, last = training.finish().metrics, training.trainer.state.history[-1]
        measured = {"accuracy": metrics["accuracy"], "loss": metrics["loss"]}
        measured |= {"training_accuracy": last.accuracy, "training_loss": last.loss}
    except TrainingError:
        training, measured = kept.trainings[0], {"diverges": 1.0}
    return Trial(measured, training.trainer.state.history, training.watch.watched(), training.experiment.classes)


def measure(config_file: ConfigFile) -> dict[str, float]:
    """Train in memory; every quantity that a promise can be about, or diverges alone."""
    return tried(config_file.with_values({"training.watch": "off"})).measured


class _Kept(Hooks):
    """Keeps the training, which nobody gives back when it diverges."""

    def __init__(self) -> None:
        self.trainings: list[Training] = []

    def on_start(self, training: Training) -> None:
        """Keep it."""
        self.trainings.append(training)
