"""A run and its files: what is written when, what survives a failure, and that equal runs write equal models."""

from __future__ import annotations

import csv
import itertools
import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.config import load_config
from nncli.errors import NncliError, TrainingError
from nncli.machine.npz_file import read_npz
from nncli.model import file as model_file
from nncli.model.file import Model, read_model, write_model
from nncli.model.predictor import Predictor
from nncli.run import checkpoint as checkpoint_file
from nncli.run import training as training_run
from nncli.run.dataset import plan_experiment
from nncli.run.directory import FILES, RunDirectory, create_run
from nncli.run.trainer import make_trainer
from nncli.run.training import TrainingRun, history_csv
from nncli.training.state import EpochResult
from tests.fixtures import experiment_of
from tests.folders import history_but_seconds, write_class_folders

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.run.dataset import Experiment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes, 20 of each."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    return tmp_path


@pytest.fixture
def save_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Save after every batch, however short."""
    monkeypatch.setattr(training_run, "SECONDS_BETWEEN_SAVES", -1e9)
    monkeypatch.setattr(training_run, "SHARE_OF_SAVES", math.inf)


class Run:
    """A run in a directory, and what it warned of."""

    def __init__(self, experiment: Experiment, directory: RunDirectory, *, resume: bool = False) -> None:
        self.experiment = experiment
        self.trainer = make_trainer(experiment)
        self.directory = directory
        self.path = directory.path
        self.warnings: list[str] = []
        self.training_run = TrainingRun(experiment, self.trainer, directory, self.warnings.append)
        if resume:
            self.training_run.restore()

    def train(self, n_batches: int | None = None) -> None:
        """From the start to the last epoch, or until so many batches are done."""
        self.training_run.start()
        counter = itertools.count(1)
        stop = (lambda: next(counter) >= n_batches) if n_batches else (lambda: False)
        for _ in self.training_run.epochs(stop, lambda _m: None):
            pass

    def complete(self) -> dict[str, Any]:
        """All of it; gives the lock back."""
        self.train()
        self.training_run.save()
        report = self.training_run.finish().metrics
        self.directory.close()
        return report


def run_in(folder: Path, out: str = "run", images: str = "photos", **sections: dict[str, object]) -> Run:
    """A new run of a config for `folder / images`."""
    return Run(experiment_of(folder, images, **sections), create_run("config", folder / out))


def text(path: Path) -> list[list[str]]:
    """The rows of a CSV file."""
    return list(csv.reader(path.read_text().splitlines()))


def finished_epochs(path: Path) -> int:
    """How many epochs a checkpoint tells of."""
    return len(json.loads(read_npz(path)["metadata"].tobytes())["history"])


# ----------------------------------------------------------------------------------------------------------- the files


def test_a_finished_run_has_all_files(folder: Path) -> None:
    """Those that are promised, and a lock."""
    run_in(folder, training={"watch": "on"}).complete()
    assert {*FILES, ".lock"} == {path.name for path in (folder / "run").iterdir()}


def test_the_files_agree_with_each_other(folder: Path) -> None:
    """Metrics, predictions, confusion matrix and history tell of the same model: the one in model.npz."""
    run = run_in(folder, training={"epochs": 6})
    report = run.complete()
    assert report == json.loads((run.path / "metrics.json").read_text())

    images = run.experiment.validation
    model = read_model(run.path / "model.npz")
    probabilities = Predictor(model).probabilities(images.pixels[images.rows])
    predicted = probabilities.argmax(axis=1)
    assert report["accuracy"] == np.mean(predicted == images.labels)
    assert report["loss"] == pytest.approx(-np.mean(np.log(probabilities[range(6), images.labels])), rel=1e-6)

    history = text(run.path / "history.csv")
    best = dict(zip(history[0], history[report["best_epoch"]], strict=True))
    assert report["accuracy"] == float(best["val_accuracy"])
    assert report["loss"] == pytest.approx(float(best["val_loss"]), rel=1e-5)
    assert [str(n) for n in range(1, 7)] == [row[0] for row in history[1:]]

    expected = [
        [path, model.classes[actual], model.classes[guess], f"{row.max():.4f}"]
        for path, actual, guess, row in zip(images.paths, images.labels, predicted, probabilities, strict=True)
    ]
    assert [["path", "actual", "predicted", "probability"], *expected] == text(run.path / "predictions.csv")
    matrix = text(run.path / "confusion_matrix.csv")
    assert ["actual", "dark", "light"] == matrix[0]
    assert report["confusion"]["matrix"] == [[int(n) for n in row[1:]] for row in matrix[1:]]
    assert {"classes": ["dark", "light"], "matrix": report["confusion"]["matrix"]} == report["confusion"]


def test_the_report_counts(folder: Path) -> None:
    """Images, epochs, parameters."""
    (folder / "photos/dark/0.png").write_text("no image")
    run = run_in(folder, data={"on_bad_image": "skip"})
    report = run.complete()
    in_validation = [path for path in run.experiment.plan.validation_files.paths if path.endswith("dark/0.png")]
    assert len(in_validation) == report["skipped"]
    assert {
        "split": "validation",
        "epochs": 3,
        "stopped_early": False,
        "layer_dims": [16, 5, 1],
        "n_parameters": 91,
        "skipped_images": 1,
    }.items() <= report.items()
    assert 39 == report["training_images"] + report["validation_images"]
    assert report["images"] == report["validation_images"]
    assert {"dark", "light"} == set(report["per_class"])


def test_without_validation_the_report_is_about_training(folder: Path) -> None:
    """It says so."""
    report = run_in(folder, data={"validation_split": 0}).complete()
    assert ("training", 40, 3) == (report["split"], report["images"], report["best_epoch"])
    assert 41 == len(text(folder / "run/predictions.csv"))


def test_early_stopping_is_reported(folder: Path) -> None:
    """With the number of epochs that there were."""
    report = run_in(folder, training={"epochs": 300, "patience": 2, "learning_rate": 0.5}).complete()
    assert report["stopped_early"]
    assert report["best_epoch"] + 2 == report["epochs"] == len(text(folder / "run/history.csv")) - 1


def test_the_model_is_the_best_epoch_s(folder: Path) -> None:
    """Not the last one's; and it tells people how it was trained."""
    run = run_in(folder, training={"epochs": 40, "learning_rate": 0.5})
    run.complete()
    model = read_model(run.path / "model.npz")
    state = run.trainer.state
    np.testing.assert_array_equal(state.best, model.parameters.flat)
    assert state.best_epoch < 40
    assert (run.trainer.parameters.flat != model.parameters.flat).any()
    assert state.best_epoch == model.training["best_epoch"]["epoch"]
    assert (34, 6) == (model.training["training_images"], model.training["validation_images"])
    assert 0.5 == model.training["config"]["training.learning_rate"]


def test_names_of_any_kind(tmp_path: Path) -> None:
    """Control characters and bytes that are no UTF-8 do not break a file."""
    classes = ("a\x1b[2J", "b\n", "c\udcff", "ไทย")
    write_class_folders(tmp_path / "photos", dict.fromkeys(classes, 4))
    run_in(tmp_path, data={"validation_split": 0.25}).complete()
    assert classes == read_model(tmp_path / "run/model.npz").classes
    report = json.loads((tmp_path / "run/metrics.json").read_text())
    assert list(classes) == report["confusion"]["classes"]
    rows = text(tmp_path / "run/confusion_matrix.csv")
    assert ["actual", r"a\x1b[2J", r"b\x0a", r"c\xff", "ไทย"] == rows[0]
    assert 5 == len(text(tmp_path / "run/predictions.csv"))


def test_history_rows() -> None:
    """A header, one row per epoch, full precision, nothing where there is nothing."""
    history = [
        EpochResult(1, 0.1 + 0.2, 0.5, 1 / 3, 0.75, 1e-05, 0.5),
        EpochResult(2, 0.25, 1.0, None, None, 0.01, 12.0),
    ]
    header = ",".join(field.name for field in fields(EpochResult))
    expected = f"{header}\n1,0.30000000000000004,0.5,{1 / 3!r},0.75,1e-05,0.5\n2,0.25,1.0,,,0.01,12.0\n"
    assert expected == history_csv(history)
    assert f"{header}\n" == history_csv([])


# ------------------------------------------------------------------------------------------------- starting and saving


def test_the_start_writes_what_resuming_needs(folder: Path) -> None:
    """Before the first epoch there are a config that can be used again and a checkpoint."""
    run = run_in(folder)
    run.training_run.start()
    assert {"config.yaml", "last.npz", "history.csv", ".lock"} == {path.name for path in run.path.iterdir()}
    again = plan_experiment(load_config(run.path / "config.yaml"))
    assert run.experiment.plan.config == again.config
    assert 0 == finished_epochs(run.path / "last.npz")


def test_what_cannot_be_written_is_found_before_the_first_epoch(folder: Path) -> None:
    """A folder is in the place of a file."""
    run = run_in(folder)
    (run.path / "last.npz").mkdir()
    with pytest.raises(NncliError, match=r"last\.npz: cannot be written"):
        run.training_run.start()
    assert 0 == run.trainer.state.epoch


def test_the_run_that_is_replaced_is_gone_with_the_start(folder: Path) -> None:
    """No model of an earlier run lies beside the new config."""
    run_in(folder).complete()
    run = Run(experiment_of(folder), create_run("config", folder / "run", force=True))
    assert (run.path / "model.npz").exists()
    run.training_run.start()
    assert not (run.path / "model.npz").exists()
    assert not (run.path / "metrics.json").exists()


@pytest.mark.parametrize("function", ["write_text_atomically", "write_checkpoint"])
def test_the_run_that_is_replaced_stays_if_the_new_one_cannot_be_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    """The disk is full: nothing of the old run is removed for nothing."""

    def fail(*_arguments: object) -> None:
        raise NncliError("cannot be written: No space left on device")

    run_in(folder).complete()
    before = {path.name: path.read_bytes() for path in (folder / "run").iterdir()}
    monkeypatch.setattr(training_run, function, fail)
    with pytest.raises(NncliError):
        Run(experiment_of(folder), create_run("config", folder / "run", force=True)).training_run.start()
    assert before == {path.name: path.read_bytes() for path in (folder / "run").iterdir()}


def test_the_old_checkpoint_never_lies_beside_the_new_config(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever a replacing run is killed, what can be resumed is the old run or the new one."""
    run_in(folder).complete()
    replace, seen = Path.replace, []

    def watched(source: Path, target: Path) -> None:
        replace(source, target)
        seen.append((target.name, (target.parent / "last.npz").exists()))

    monkeypatch.setattr(Path, "replace", watched)
    run = Run(experiment_of(folder, training={"seed": 1}), create_run("config", folder / "run", force=True))
    run.training_run.start()
    assert [("config.yaml", False), ("last.npz", True), ("history.csv", True)] == seen


def test_a_resumed_run_keeps_its_model_at_the_start(folder: Path) -> None:
    """It is replaced by a better one, not removed."""
    run_in(folder).complete()
    before = (folder / "run/model.npz").read_bytes()
    run = Run(experiment_of(folder, training={"epochs": 5}), RunDirectory(folder / "run"), resume=True)
    run.training_run.start()
    assert before == (folder / "run/model.npz").read_bytes()
    assert 3 == finished_epochs(folder / "run/last.npz")


@pytest.mark.usefixtures("save_always")
def test_every_save_has_checkpoint_history_and_model(folder: Path) -> None:
    """While training goes on, the three belong together."""
    run = run_in(folder, training={"epochs": 5})
    run.training_run.start()
    for result in run.training_run.epochs(lambda: False, lambda _m: None):
        assert result.epoch == finished_epochs(run.path / "last.npz") == len(text(run.path / "history.csv")) - 1
        best = read_model(run.path / "model.npz").training["best_epoch"]["epoch"]
        assert run.trainer.state.best_epoch == best
    assert [] == run.warnings


def test_saves_are_not_more_frequent_than_needed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds by the clock lie between two; here a batch takes 0.8, and an epoch of five four."""
    saved: list[tuple[int, int]] = []
    now = 100.0

    def on_batch(_m: int) -> None:
        nonlocal now
        now += 4 / 5  # five batches are an epoch

    monkeypatch.setattr(time, "monotonic", lambda: now)
    run = run_in(folder, training={"epochs": 8})
    state = run.trainer.state
    monkeypatch.setattr(run.training_run, "save", lambda: saved.append((state.epoch, state.batch)))
    for _ in run.training_run.epochs(lambda: False, on_batch):
        pass
    assert [(2, 3), (5, 1), (7, 4)] == saved  # after 13, 26 and 39 batches


def test_slow_saves_are_less_frequent(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes three seconds has the next one wait for thirty."""
    times: list[float] = []
    now = 100.0

    def on_batch(_m: int) -> None:
        nonlocal now
        now += 1

    def save() -> None:
        nonlocal now
        times.append(now)
        now += 3

    monkeypatch.setattr(time, "monotonic", lambda: now)
    run = run_in(folder, training={"epochs": 16})
    monkeypatch.setattr(run.training_run, "save", save)
    for _ in run.training_run.epochs(lambda: False, on_batch):
        pass
    assert [110, 143, 176] == times


@pytest.mark.parametrize("processes", [1, 2])
def test_an_epoch_can_be_saved_within(folder: Path, monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    """What a kill after any batch leaves is resumed to the same bytes."""
    options: dict[str, Any] = {
        "network": {"dropout": 0.3},
        "training": {"epochs": 2, "optimizer": "adam", "processes": processes},
    }
    run_in(folder, "straight", **options).complete()
    monkeypatch.setattr(training_run, "SECONDS_BETWEEN_SAVES", -1e9)
    monkeypatch.setattr(training_run, "SHARE_OF_SAVES", math.inf)
    run = run_in(folder, "run", **options)
    save, copies = run.training_run.save, itertools.count()

    def save_and_copy() -> None:
        save()
        shutil.copytree(run.path, folder / f"copy-{next(copies)}")

    monkeypatch.setattr(run.training_run, "save", save_and_copy)
    run.train()
    monkeypatch.undo()
    n_copies = next(copies)
    assert n_copies >= 10  # five batches in each epoch
    for i in range(0, n_copies, 3):
        Run(experiment_of(folder, **options), RunDirectory(folder / f"copy-{i}"), resume=True).complete()
        assert (folder / "straight/model.npz").read_bytes() == (folder / f"copy-{i}/model.npz").read_bytes()
        assert history_but_seconds(folder / "straight") == history_but_seconds(folder / f"copy-{i}")


@pytest.mark.usefixtures("save_always")
def test_the_model_is_written_only_when_there_is_a_better_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Saving costs time; the same bytes need not be written again."""
    written: list[int] = []

    def watched(path: Path, model: Model) -> None:
        written.append(model.training["best_epoch"]["epoch"])
        write_model(path, model)

    monkeypatch.setattr(training_run, "write_model", watched)
    run = run_in(folder, training={"epochs": 40, "learning_rate": 0.5, "batch_size": "full"})
    run.complete()
    *while_training, _at_the_end = written  # which has what the model keeps of its validation images
    assert sorted(set(while_training)) == while_training
    assert run.trainer.state.best_epoch == written[-1]
    assert len(written) < 40


# ----------------------------------------------------------------------------------------------------- things go wrong


def breaking(monkeypatch: pytest.MonkeyPatch, module: object, epochs: range, run: Run) -> None:
    """Have `module` fail to write archives in these epochs."""
    write = getattr(module, "write_npz")  # noqa: B009 - of either module

    def fail(path: Path, *arguments: Any) -> None:
        if run.trainer.state.epoch in epochs:
            raise NncliError(f"{path}: cannot be written: No space left on device")
        write(path, *arguments)

    monkeypatch.setattr(module, "write_npz", fail)


@pytest.mark.usefixtures("save_always")
@pytest.mark.parametrize("module", [checkpoint_file, model_file])
def test_a_save_that_fails_on_the_way_warns_and_training_goes_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch, module: object
) -> None:
    """The disk is full for a while; in the end everything is there, as if nothing had happened."""
    expected = run_in(folder, "good").complete()
    run = run_in(folder, "bad")
    breaking(monkeypatch, module, range(1, 3), run)
    report = run.complete()
    assert run.warnings
    for line in run.warnings:
        assert line.endswith("cannot be written: No space left on device; training goes on")
        assert str(run.path) in line
    assert (folder / "good/model.npz").read_bytes() == (folder / "bad/model.npz").read_bytes()
    assert {**expected, "seconds": 0} == {**report, "seconds": 0}


@pytest.mark.usefixtures("save_always")
@pytest.mark.parametrize("module", [checkpoint_file, model_file])
def test_the_last_save_must_succeed(folder: Path, monkeypatch: pytest.MonkeyPatch, module: object) -> None:
    """A run whose result is lost has failed; what was saved before is whole, and what can be saved is."""
    run = run_in(folder, training={"epochs": 8})
    breaking(monkeypatch, module, range(2, 9), run)
    run.train()
    with pytest.raises(NncliError, match=r"cannot be written: No space left on device$"):
        run.training_run.save()
    best = read_model(run.path / "model.npz").training["best_epoch"]["epoch"]
    saved = finished_epochs(run.path / "last.npz")
    assert (1, 8) == ((saved, best) if module is checkpoint_file else (best, saved))


DIVERGING: dict[str, object] = {"epochs": 200, "optimizer": "gradient_descent", "learning_rate": 1, "l2": 10}
"""Each step multiplies the weights by 1 - 10: a few epochs pass until they overflow."""


@pytest.mark.usefixtures("save_always")
def test_a_loss_that_is_not_finite_keeps_what_was_good(folder: Path) -> None:
    """The best model and the last good checkpoint are there, and neither holds a NaN."""
    run = run_in(folder, training=DIVERGING, network={"activation": "leaky_relu"})
    with pytest.raises(TrainingError, match=r"the loss is not finite in epoch \d+: .*learning_rate 0\.1 instead of 1,"):
        run.train()
    epochs = run.trainer.state.epoch
    assert epochs > 1
    assert run.trainer.state.best_epoch == read_model(run.path / "model.npz").training["best_epoch"]["epoch"]
    assert epochs == finished_epochs(run.path / "last.npz")
    for name in ("model.npz", "last.npz"):
        assert all(np.isfinite(array).all() for array in read_npz(run.path / name).values())


def test_a_loss_that_is_not_finite_is_told_even_if_the_model_cannot_be_saved(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are."""
    run = run_in(folder, training=DIVERGING, network={"activation": "leaky_relu"})
    breaking(monkeypatch, model_file, range(300), run)
    with pytest.raises(TrainingError, match="the loss is not finite"):
        run.train()
    assert [f"{run.path / 'model.npz'}: cannot be written: No space left on device"] == run.warnings


def test_an_optimizer_that_is_not_finite_does_not_cost_the_model(folder: Path) -> None:
    """Weights and loss are good, but the squares of the gradients have overflowed: nothing goes on from there."""
    run = run_in(folder, training={"optimizer": "adam"})
    run.train()
    run.trainer.optimizer.state["mean_square"][0] = np.inf
    with pytest.raises(TrainingError, match=r"last\.npz: not written, because optimizer_mean_square holds a number"):
        run.training_run.save()
    assert run.trainer.state.best_epoch == read_model(run.path / "model.npz").training["best_epoch"]["epoch"]
    assert 0 == finished_epochs(run.path / "last.npz")


def test_a_loss_that_is_not_finite_between_two_saves(folder: Path) -> None:
    """The model of the best epoch is written all the same."""
    run = run_in(folder, training=DIVERGING, network={"activation": "leaky_relu"})
    with pytest.raises(TrainingError):
        run.train()
    assert 0 == finished_epochs(run.path / "last.npz")
    assert run.trainer.state.best_epoch == read_model(run.path / "model.npz").training["best_epoch"]["epoch"]


def test_a_stop_after_a_step_into_the_void_keeps_the_last_good_checkpoint(folder: Path) -> None:
    """A signal comes when the weights are NaN already and the loss is not yet known to be."""
    run = run_in(folder)
    run.train(3)
    run.training_run.save()
    before = (run.path / "last.npz").read_bytes()
    run.trainer.parameters.flat[0] = np.nan
    with pytest.raises(
        NncliError, match=r"last\.npz: not written, because parameters holds a number that is not finite"
    ):
        run.training_run.save()
    assert before == (run.path / "last.npz").read_bytes()


# --------------------------------------------------------------------------------------------- equal runs, equal files


@pytest.mark.parametrize("n_batches", [1, 7, 15])
@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_a_resumed_run_writes_what_an_uninterrupted_one_writes(
    folder: Path, normalization: str, n_batches: int
) -> None:
    """Model, history, predictions and matrix, to the byte."""
    options: dict[str, Any] = {
        "data": {"augmentation": "photos"},
        "network": {"dropout": 0.3, "normalization": normalization},
        "training": {"epochs": 4, "optimizer": "adamw", "mixing": "mixup", "label_smoothing": 0.1},
    }
    run_in(folder, "straight", **options).complete()

    stopped = run_in(folder, "stopped", **options)
    stopped.train(n_batches)
    stopped.training_run.save()
    stopped.directory.close()
    Run(experiment_of(folder, **options), RunDirectory(folder / "stopped"), resume=True).complete()

    for name in ("model.npz", "config.yaml", "predictions.csv", "confusion_matrix.csv"):
        assert (folder / "straight" / name).read_bytes() == (folder / "stopped" / name).read_bytes(), name
    assert history_but_seconds(folder / "straight") == history_but_seconds(folder / "stopped")


def test_a_finished_run_is_resumed_into_the_same_files(folder: Path) -> None:
    """There is nothing to do, and what was lost is written again."""
    run_in(folder).complete()
    before = (folder / "run/model.npz").read_bytes()
    (folder / "run/model.npz").unlink()
    (folder / "run/metrics.json").unlink()
    Run(experiment_of(folder), RunDirectory(folder / "run"), resume=True).complete()
    assert before == (folder / "run/model.npz").read_bytes()
    assert (folder / "run/metrics.json").exists()


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_equal_runs_write_equal_models(
    folder: Path, monkeypatch: pytest.MonkeyPatch, optimizer: str, save_always: None
) -> None:
    """Another directory, another day, another place for the images, saved more often: the same bytes."""
    options: dict[str, Any] = {
        "network": {"dropout": 0.2},
        "training": {"optimizer": optimizer, "seed": 5},
    }
    run_in(folder, "first", **options).complete()

    for path in sorted((folder / "photos").rglob("*.png"), reverse=True):
        copy = folder / "far" / "away" / path.relative_to(folder / "photos")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
        os.utime(copy, (10**9, 10**9))
    monkeypatch.setattr(training_run, "SECONDS_BETWEEN_SAVES", 1000)
    for name in ("time", "perf_counter", "monotonic"):
        later = later_by_a_year(getattr(time, name))
        monkeypatch.setattr(time, name, later)
    second = folder / "second"
    second.mkdir()
    monkeypatch.chdir(second)
    run = Run(experiment_of(folder, "far/away", **options), create_run("other"))
    run.complete()

    assert Path("runs/other-1") == run.path
    assert (folder / "first/model.npz").read_bytes() == (second / "runs/other-1/model.npz").read_bytes()


def later_by_a_year(clock: Callable[[], float]) -> Callable[[], float]:
    """The same clock, a year on and three times as fast."""
    start = clock()
    return lambda: start + 3e7 + 3 * (clock() - start)


def test_equal_runs_in_two_processes_write_equal_models(folder: Path) -> None:
    """Hash seeds differ from process to process; nothing may depend on them."""
    experiment_of(folder)  # writes config.yaml
    models = []
    for hash_seed in ("1", "2"):
        out = folder / f"run-{hash_seed}"
        subprocess.run(
            [sys.executable, "-m", "nncli", "train", folder / "config.yaml", "--out", out],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        models.append((out / "model.npz").read_bytes())
    assert models[0] == models[1]


def test_another_seed_writes_another_model(folder: Path) -> None:
    """Otherwise the tests above would prove nothing."""
    for seed in (1, 2):
        run_in(folder, f"seed-{seed}", training={"seed": seed}).complete()
    assert (folder / "seed-1/model.npz").read_bytes() != (folder / "seed-2/model.npz").read_bytes()


def test_no_path_and_no_clock_is_in_the_model(folder: Path) -> None:
    """It can be given away."""
    run_in(folder).complete()
    metadata = read_npz(folder / "run/model.npz")["metadata"].tobytes().decode()
    assert str(folder) not in metadata
    assert "seconds" not in metadata
    assert "data.path" not in metadata


def test_the_cache_makes_no_difference(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, when it is filled, when it is used, and when rows are read from a file too large for memory."""
    (folder / "photos/dark/3.png").write_text("no image")
    contents = []
    for name, cache, large in (("a", "off", 1 << 40), ("b", "on", 1 << 40), ("c", "on", 1 << 40), ("d", "on", 1)):
        monkeypatch.setattr("nncli.data.pixel_rows.LARGE", large)
        run_in(folder, name, data={"cache": cache, "on_bad_image": "skip", "scaling": "standardize"}).complete()
        files = ("model.npz", "predictions.csv", "confusion_matrix.csv")
        contents.append([(folder / name / file).read_bytes() for file in files])
    assert contents[0] == contents[1] == contents[2] == contents[3]


def test_another_split_uses_the_same_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another seed or share for validation decodes nothing."""
    experiment_of(folder)
    monkeypatch.setattr("nncli.data.cache.load_images", None)
    experiment = experiment_of(folder, data={"validation_split": 0.5}, training={"seed": 7})
    assert (20, 20) == (len(experiment.training.labels), len(experiment.validation.labels))


@pytest.mark.parametrize(("normalization", "written"), [("batch", "none"), ("layer", "layer")])
def test_the_model_of_a_normalized_network_predicts_what_validation_saw(
    folder: Path, normalization: str, written: str
) -> None:
    """Batch normalization is gone from the file, and metrics.json has the loss and accuracy of the best epoch."""
    run = run_in(folder, network={"layer_dims": "[auto, 5, 4, auto]", "normalization": normalization})
    report = run.complete()
    model = read_model(run.path / "model.npz")
    best = model.training["best_epoch"]
    assert written == model.parameters.normalization
    assert normalization == model.training["config"]["network.normalization"]
    assert best["val_accuracy"] == report["accuracy"]
    assert best["val_loss"] == pytest.approx(report["loss"], rel=1e-4)
