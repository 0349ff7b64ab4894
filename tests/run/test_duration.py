"""Time that a training will take, told before it starts."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from nncli.config import load_config
from nncli.run import duration
from nncli.run.dataset import load_experiment
from nncli.run.duration import in_words, predicted_seconds, seconds_of_patterns
from nncli.run.hooks import Hooks
from nncli.run.plan import plan_experiment
from tests.drawings import colors, write_drawings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from nncli.run.dataset import Experiment
    from nncli.run.hooks import Counts


def experiment_of(folder: Path, data: str, network: str = "{}", training: str = "{}") -> Experiment:
    """The images of `folder` with such a config."""
    path = folder.parent / "c.yaml"
    path.write_text(
        f"data: {{path: {folder}, image_size: 12, {data}}}\n"
        f"network: {{layer_dims: [auto, 4, auto], {network}}}\ntraining: {{{training}}}\n"
    )
    return load_experiment(plan_experiment(load_config(path)))


class Counting(Hooks):
    """Whoever writes down how many features are announced, and then those that are told."""

    def __init__(self, counts: list[int]) -> None:
        self._counts = counts

    def on_features(self, n_images: int) -> Counts:
        """Write it down."""
        self._counts.append(n_images)
        return nullcontext(self._counts.append)


@pytest.mark.parametrize(
    ("data", "network", "training"),
    [
        ("cache: on", "activation: relu", "batch_size: full"),
        ("features: [hog: {cell: 4}]", "project: 5", "ensemble: 2"),
        (
            "features: [hog: {cell: 4}], augmentation: mirror, test_time_augmentation: mirror",
            "dropout: 0.1",
            "batch_size: 7",
        ),
        ("features: [hog: {cell: 4}], augmentation: photos, validation_split: 0", "dropout: 0.1", "epochs: 1"),
    ],
)
def test_it_is_measured_and_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str, network: str, training: str
) -> None:
    """Whatever is trained: more epochs take longer, no file is written, and the experiment can still be trained."""
    monkeypatch.setattr(duration, "SECONDS", 0.0)
    folder = write_drawings(tmp_path / "images", colors, (16, 16), each=10)
    experiment = experiment_of(folder, data, network, training)
    before = sorted(tmp_path.rglob("*"))
    counts: list[int] = []
    assert duration.START_AND_END < predicted_seconds(experiment, Counting(counts))
    assert counts[0] == sum(counts[1:])
    monkeypatch.setattr(duration, "_seconds_of_an_example", lambda *_: 1000.0)
    m, n_validation = len(experiment.training.labels), len(experiment.validation.labels)
    n_examples = experiment.config.training.epochs * (m + n_validation / 3)
    assert n_examples == pytest.approx(predicted_seconds(experiment) / 1000, rel=0.1)
    assert (before, None) == (sorted(tmp_path.rglob("*")), experiment.span.projection)


class Clock:
    """A clock that stands still unless it is moved."""

    now = 0.0

    def perf_counter(self) -> float:
        """The time on it."""
        return self.now

    def run(self, is_enough: Callable[[], bool], on_batch: Callable[[int], None]) -> Iterator[None]:
        """Epochs of three training images in two batches, a second each, and of six validation images, a third each."""
        while not is_enough():
            for m in (2, 1):
                self.now += m
                on_batch(m)
            self.now += 2
            yield None


def test_neither_validation_nor_directions_count_for_what_they_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training image takes a second here, and so does a feature column; directions are found after the columns."""
    clock: Any = Clock()
    monkeypatch.setattr(duration, "time", clock)
    assert 1 == pytest.approx(duration._seconds_of_an_example(clock, 6))
    told: list[int] = []
    watch = duration._FeatureWatch(4, told.append)
    for n, seconds in ((1, 1), (3, 3), (2, 50)):
        clock.now += seconds
        watch(n)
    assert (1, [1, 3, 2]) == (watch.seconds_of_a_column, told)


def test_epochs_of_patterns_are_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An epoch takes 2 seconds here and cutting windows 5, and these are cut anew after six epochs."""
    folder = write_drawings(tmp_path / "images", colors, (16, 16), each=10)
    block = "{size: 3, count: 2, pool: 2, deep_size: 2, deep_count: 2, grid: 1}"
    experiment = experiment_of(folder, f"features: [deep_patches: {block}]", "dropout: 0.1", "epochs: 1")
    times = iter([0.0, 7.0, 10.0, 19.0])
    monkeypatch.setattr(duration, "time", SimpleNamespace(perf_counter=lambda: next(times)))
    assert 7 * 2 + 2 * 5 == pytest.approx(seconds_of_patterns(experiment, 7))


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.2, "about 1 s"), (89, "about 89 s"), (200, "about 3 min"), (5_399, "about 90 min"), (9_000, "about 2.5 h")],
)
def test_durations_in_words(seconds: float, expected: str) -> None:
    """As precise as they are."""
    assert expected == in_words(seconds)
