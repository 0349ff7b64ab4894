"""The one way from a plan to a model: what its owner hears, where it stops, and that files change nothing."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from nncli.model.file import read_model
from nncli.run.dataset import load_experiment, load_test_images
from nncli.run.directory import RunDirectory, create_run
from nncli.run.hooks import Hooks
from nncli.run.pipeline import run_plan, train
from nncli.run.plan import plan_experiment
from tests.fixtures import experiment_of, plan_of, same_model
from tests.folders import history_but_seconds, write_class_folders, write_image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes, 20 of each."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    return tmp_path


class Heard(Hooks):
    """Whoever writes down what is told, and stops after some questions."""

    def __init__(self, n_questions: int | None = None) -> None:
        self.told: list[Any] = []
        self._left = n_questions

    def on_note(self, text: str) -> None:
        """Write it down."""
        self.told.append(text)

    def on_loading(self, n_images: int) -> Any:
        """Count."""
        return self._counted("loaded", n_images)

    def on_features(self, n_images: int) -> Any:
        """Count."""
        return self._counted("features", n_images)

    def on_training(self, training: Any) -> Any:
        """Count."""
        return self._counted("trained", training.trainer.settings.epochs * training.trainer.training_set.n_examples)

    @contextmanager
    def _counted(self, what: str, expected: int) -> Iterator[Callable[[int], None]]:
        counts: list[int] = []
        yield counts.append
        self.told.append((what, sum(counts), expected))

    def on_start(self, training: Any) -> None:
        """Write down where it stands."""
        self.told.append(("start", training.trainer.state.epoch))

    def on_epoch(self, result: Any) -> None:
        """Write down its number."""
        self.told.append(result.epoch)

    def on_saved(self, training: Any, *, is_whole: bool) -> None:
        """Write down what there is."""
        files = {path.name for path in training.path.iterdir()} if training.path else set()
        self.told.append(("saved", is_whole, "last.npz" in files))

    def should_stop(self) -> bool:
        """After so many questions: each batch asks, and so do a validation and the end of an epoch."""
        if self._left is not None:
            self._left -= 1
        return self._left is not None and self._left <= 0


def test_the_owner_hears_everything_in_order(folder: Path) -> None:
    """Notes, images, features, batches, epochs, and the save."""
    write_image(folder / "photos/stray.png", 9)
    heard = Heard()
    run_plan(plan_of(folder, data={"features": "[hog: {cell: 2}]"}), heard, out=folder / "run")
    note, *rest = heard.told
    assert "stray.png" in note
    expected = [("loaded", 40, 40), ("features", 40, 40), ("start", 0), 1, 2, 3, ("trained", 102, 102)]
    assert [*expected, ("saved", True, True)] == rest


def test_a_training_in_memory_is_that_of_a_run(folder: Path) -> None:
    """The same model and the same figures; nothing is written."""
    path, in_files = run_plan(plan_of(folder), out=folder / "run")
    before = sorted(folder.rglob("*"))
    in_memory = train(experiment_of(folder)).finish()
    assert before == sorted(folder.rglob("*"))
    assert same_model(in_memory.model, read_model(path / "model.npz"))
    assert json.loads((path / "metrics.json").read_text()) == in_files.metrics
    assert in_memory.metrics | {"seconds": 0} == in_files.metrics | {"seconds": 0}


def test_a_stopped_run_goes_on_to_the_byte(folder: Path) -> None:
    """From the middle of an epoch."""
    with create_run("c", folder / "stopped") as directory:
        training = train(experiment_of(folder), Heard(n_questions=10), directory)
    assert (1, 3, False) == (training.trainer.state.epoch, training.trainer.state.batch, training.trainer.is_finished)
    with RunDirectory(folder / "stopped") as directory:
        heard = Heard()
        train(experiment_of(folder), heard, directory, resume=True).finish()
    assert [("start", 1), 2, 3] == heard.told[1:4]
    run_plan(plan_of(folder), out=folder / "straight")
    for name in ("model.npz", "predictions.csv", "confusion_matrix.csv"):
        assert (folder / "straight" / name).read_bytes() == (folder / "stopped" / name).read_bytes()
    assert history_but_seconds(folder / "straight") == history_but_seconds(folder / "stopped")


def test_images_of_the_test_split_are_found_with_the_others(tmp_path: Path) -> None:
    """The plan keeps what the scan has found; a folder that has gone since is not looked for again."""
    for split in ("train", "val", "test"):
        write_class_folders(tmp_path / "photos" / split, {"dark": 4, "light": 4})
    plan = plan_of(tmp_path)
    experiment = load_experiment(plan)
    images, bad = load_test_images(experiment.plan)
    assert images is not None
    assert (8, ()) == (len(images.paths), bad)
    assert plan.source.splits["test"].paths == images.paths
    assert plan.source is plan_experiment(plan.config_file, plan.source).source
