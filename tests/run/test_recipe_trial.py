"""Candidates for a recipe are tried on some of the training images, and the one that is clearly better is taken."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nncli.config import load_config, parse_override
from nncli.data.cache_folder import entries
from nncli.features.settings import PIXELS
from nncli.run import kept_answers, recipe_trial
from nncli.run.plan import plan_experiment
from nncli.run.recipe_trial import CANDIDATES, LAMBDAS, N_FOLDS, Trial, right_when_left_out, unwatched
from nncli.run.starter_config import Starter
from tests.drawings import colors, write_drawings

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nncli.run.plan import Plan
    from nncli.run.recipe_trial import Watched

SIDE = 20


def dial(rng: np.random.Generator, label: int) -> Image.Image:
    """A hand that points a little higher in every class: to turn it makes it another one."""
    image = Image.new("L", (SIDE, SIDE), 240)
    angle = np.deg2rad(9 * label - 4.5 + rng.normal(0, 1))
    x, y = 10 + rng.uniform(-1, 1, 2)
    dx, dy = 9 * np.cos(angle), 9 * np.sin(angle)
    ImageDraw.Draw(image).line((x - dx, y - dy, x + dx, y + dy), fill=20, width=2)
    return image


def shade(rng: np.random.Generator, label: int) -> Image.Image:
    """Noise, with a line across, that is brighter in the second class."""
    values = 90 + 50 * label + rng.normal(0, 20, (SIDE, SIDE)) + rng.uniform(-15, 15)
    image = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    ImageDraw.Draw(image).line(rng.integers(0, SIDE, 4).tolist(), fill=int(rng.integers(0, 255)))
    return image


def planned(
    root: Path,
    draw: Callable[[np.random.Generator, int], Image.Image],
    *settings: str,
    each: int = 65,
    on_trying: Watched = unwatched,
) -> Plan:
    """The plan of `recipe: auto` for a folder of `each` such images of two classes."""
    rng = np.random.default_rng(0)
    for label in range(2):
        (root / f"{label}").mkdir(exist_ok=True)
        for number in range(each):
            draw(rng, label).save(root / f"{label}/{number:03d}.png")
    path = root.parent / "c.yaml"
    path.write_text("\n".join([f"data: {{path: {root.name}}}", "training: {recipe: auto}"]))
    return plan_experiment(load_config(path, [parse_override(each) for each in settings]), on_trying=on_trying)


class Watcher:
    """Watches recipes being tried."""

    def __init__(self) -> None:
        self.told: list[str | int] = []

    def on_trying(self, n_candidates: int) -> AbstractContextManager[Callable[[int], None]]:
        """See `try_recipes`."""
        self.told.append(f"{n_candidates} candidates")
        return nullcontext(self.told.append)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty folder of images, of which nothing is known."""
    kept_answers._last.clear()
    (tmp_path / "images").mkdir()
    return tmp_path / "images"


def test_drawn_lines_that_may_not_be_turned_are_no_digits(root: Path) -> None:
    """The rule takes dials for digits, which are turned in training; the trial sees that this costs their class."""
    plan = planned(root, dial)
    assert "digits" != plan.config.training.recipe
    assert "digits" != plan.config.data.augmentation
    assert plan.notes[0].startswith("recipe garments, effort quick: gray images of about 20x20, mostly lines")
    assert plan.notes[1].startswith("tried on 110 images: digits 0.")
    assert plan.notes[1].endswith("; garments instead of digits")


def test_classes_that_are_bright_and_dark_are_told_by_pixels(root: Path) -> None:
    """Patches are freed of brightness; who waits is told of each candidate, and `init` says the same as `train`."""
    watcher = Watcher()
    plan = planned(root, shade, on_trying=watcher.on_trying)
    assert [f"{len(CANDIDATES)} candidates", *[1] * len(CANDIDATES)] == watcher.told
    data, training = plan.config.data, plan.config.training
    assert (PIXELS, "none", "none", "whole") == (
        *(data.features, data.augmentation),
        *(data.test_time_augmentation, data.looks),
    )
    assert plan.notes[0].startswith(f"recipe {training.recipe} on pixels, effort quick: gray images")
    assert plan.notes[1].endswith(f"; pixels instead of {training.recipe}")
    starter = Starter.of(str(root))
    assert plan.notes[1] in starter.notes
    assert (training.recipe, PIXELS) == (starter.values["training.recipe"], starter.values["data.features"])
    (root.parent / "again.yaml").write_text(plan.config_file.resolved_yaml(plan.unused_keys))
    assert plan.config == plan_experiment(load_config(root.parent / "again.yaml")).config


@pytest.mark.parametrize(("cache", "n_trials"), [("on", 2), ("off", 3)])
def test_trials_are_kept_in_the_cache(root: Path, cache: str, n_trials: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next command need not try again until images change; nothing is kept where the config says so."""
    tried = []

    def right(*args: Any) -> Any:
        tried.append(args)
        return np.arange(4)[:, None] == np.zeros(110)

    monkeypatch.setattr(recipe_trial, "_right", right)
    for draw in (shade, shade, dial):
        kept_answers._last.clear()
        plan = planned(root, draw, f"data.cache={cache}")
        assert "tried on 110 images: digits 1.00, garments 0.00, photos 0.00, pixels 0.00" == plan.notes[1]
    assert n_trials == len(tried)
    kept = [entry.about.kind for entry in entries() if entry.about]
    assert (["pixels", "trial"] if cache == "on" else []) == sorted(kept)


def test_both_trials_are_kept_beside_each_other(root: Path) -> None:
    """Of recipes, and of mirror images; `train` tries neither again after `init`."""
    write_drawings(root, colors, (50, 44), each=62)
    Starter.of(str(root), is_kept=True)
    forms = sorted(entry.about.form for entry in entries() if entry.about and entry.about.kind == "trial")
    assert [", ".join(CANDIDATES), "mirror images"] == forms


@pytest.mark.parametrize(("settings", "each"), [(["data.features=[hog: {cell: 5}]"], 65), ([], 50)])
def test_nothing_is_tried(root: Path, settings: list[str], each: int) -> None:
    """Where features are written, or fewer than a hundred images are there to train on."""
    plan = planned(root, shade, *settings, each=each)
    assert 1 == len(plan.notes)
    assert "digits" == plan.config.training.recipe


def test_a_lead_must_be_clear() -> None:
    """Three standard errors, counted on the images that one of two candidates tells; the best such one is taken."""
    images = np.arange(100)
    digits = images < 80
    for photos, pixels, chosen in (
        (images < 90, images < 70, "photos"),
        (images < 89, images < 80, "digits"),  # 9 more and none lost are 3.0
        ((images < 72) | (images > 82), images < 70, "digits"),  # 17 more and 8 lost are 1.8
        (images < 90, images < 95, "pixels"),
    ):
        assert chosen == Trial(100, {"digits": digits, "photos": photos, "pixels": pixels}, "digits").chosen


def test_every_image_is_judged_by_others_alone() -> None:
    """The kernel's way agrees with ridge regressions on the columns, with a constant, that were not shown the fold."""
    rng, m = np.random.default_rng(1), 40
    labels = np.arange(m) % 3
    asked = rng.normal(0, 1, (m, 12))
    asked[:, :3] += 1.2 * np.eye(3)[labels]
    learned = asked + rng.normal(0, 0.3, (2, m, 12))
    X, Q = ((each - asked.mean(axis=0)) / asked.std(axis=0) for each in (learned.reshape(-1, 12), asked))
    unit = (X**2).sum() / len(X)
    X, Q = (np.column_stack([each, np.full(len(each), np.sqrt(unit))]) for each in (X, Q))
    fold, Y = np.random.default_rng(0).permutation(m) % N_FOLDS, np.tile(np.eye(3)[labels], (2, 1))
    best: list[bool] = []
    for penalty in LAMBDAS:
        right = np.empty(m, np.bool_)
        for number in range(N_FOLDS):
            others = np.tile(fold != number, 2)
            W = np.linalg.solve(X[others].T @ X[others] + penalty * unit * np.eye(13), X[others].T @ Y[others])
            right[fold == number] = (Q[fold == number] @ W).argmax(axis=1) == labels[fold == number]
        best = max(best, right.tolist(), key=sum)
    assert best == right_when_left_out(learned, asked, labels, 3).tolist()
