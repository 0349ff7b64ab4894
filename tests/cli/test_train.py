"""``nncli train``: what it prints, writes, returns, and that it can be stopped and resumed."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.machine.forking import STOP_SIGNALS
from nncli.machine.npz_file import read_npz
from tests.cli.tiny import in_process as nncli
from tests.cli.tiny import process as own_process
from tests.folders import history_but_seconds, write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path

RUN_FILES = {
    "model.npz",
    "last.npz",
    "config.yaml",
    "history.csv",
    "metrics.json",
    "predictions.csv",
    "confusion_matrix.csv",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with photos of two classes and photos.yaml."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    write_config(tmp_path / "photos.yaml", "photos")
    return tmp_path


def test_stdout_is_the_path_of_the_model(folder: Path) -> None:
    """One line, so that a shell can catch it; everything else is on stderr."""
    result = own_process("train", "photos.yaml")
    assert "runs/photos-1/model.npz\n" == result.stdout
    assert 3 == len(re.findall(r"^epoch \d/3  loss \d", result.stderr, re.MULTILINE))
    label = nncli("predict", "-m", "runs/photos-1/model.npz", "-f", "label", "photos/dark/0.png", cwd=folder)
    assert "dark\n" == label.stdout


def test_a_run_directory_holds_what_is_promised(folder: Path) -> None:
    """Seven files that agree with each other."""
    nncli("train", "photos.yaml", cwd=folder)
    run = folder / "runs/photos-1"
    assert RUN_FILES == {path.name for path in run.iterdir() if not path.name.startswith(".")}
    history = list(csv.DictReader((run / "history.csv").read_text().splitlines()))
    metrics = json.loads((run / "metrics.json").read_text())
    predictions = list(csv.DictReader((run / "predictions.csv").read_text().splitlines()))
    assert ["1", "2", "3"] == [row["epoch"] for row in history]
    assert 6 == len(predictions) == metrics["images"] == metrics["validation_images"]
    right = sum(row["actual"] == row["predicted"] for row in predictions)
    assert metrics["accuracy"] == right / 6
    assert metrics["accuracy"] == float(history[metrics["best_epoch"] - 1]["val_accuracy"])
    matrix = list(csv.reader((run / "confusion_matrix.csv").read_text().splitlines()))
    assert ["actual", "dark", "light"] == matrix[0]
    assert right == int(matrix[1][1]) + int(matrix[2][2])


def test_metrics_are_those_of_evaluate(folder: Path) -> None:
    """The same keys for the same things, and the same numbers on the same images."""
    for split in ("train", "val"):
        write_class_folders(folder / "split" / split, {"dark": 20, "light": 20}, size=(5, 5))
    nncli("train", "photos.yaml", "--data", "split", "--epochs", 20, "--out", "run", cwd=folder)
    metrics = json.loads((folder / "run/metrics.json").read_text())
    command = ("evaluate", "-m", "run", "split", "-f", "json", "--include-training")  # both splits have the same images
    evaluated = json.loads(nncli(*command, cwd=folder).stdout)
    assert ("validation", "val") == (metrics.pop("split"), evaluated.pop("split"))
    own = ("findings", "known", "label_sets")
    assert {key: evaluated[key] for key in evaluated if key not in own} == {
        key: metrics[key] for key in evaluated if key not in own
    }
    assert ["copies_across_splits"] == [finding["code"] for finding in metrics["findings"]]
    assert 40 == evaluated["known"]["training"]


def test_runs_are_numbered(folder: Path) -> None:
    """A second training does not touch the first."""
    nncli("train", "photos.yaml", cwd=folder)
    assert "runs/photos-2/model.npz\n" == nncli("train", "photos.yaml", cwd=folder).stdout


def test_the_run_s_config_runs_again_to_the_same_bytes(folder: Path) -> None:
    """config.yaml is complete: trained from it, the model is the same to the byte."""
    nncli("train", "photos.yaml", "--epochs", 2, "--set", "network.dropout=0.2", cwd=folder)
    nncli("train", "runs/photos-1/config.yaml", "--out", "again", cwd=folder)
    assert (folder / "runs/photos-1/model.npz").read_bytes() == (folder / "again/model.npz").read_bytes()


def test_the_run_s_config_runs_again_with_a_val_folder(folder: Path) -> None:
    """A key that the data make meaningless is not written out, where it would be an error."""
    write_class_folders(folder / "split/train", {"dark": 6, "light": 6})
    write_class_folders(folder / "split/val", {"dark": 2, "light": 2})
    nncli("train", "photos.yaml", "--data", "split", cwd=folder)
    nncli("train", "runs/photos-1/config.yaml", "--out", "again", cwd=folder)
    assert 4 == json.loads((folder / "again/metrics.json").read_text())["images"]


def test_flags_win_over_environment_over_config(folder: Path) -> None:
    """Precedence as documented."""

    def epochs(*args: object, **environment: str) -> int:
        nncli("train", "photos.yaml", "--out", "run", "--force", *args, cwd=folder, code=0, **environment)
        return len((folder / "run/history.csv").read_text().splitlines()) - 1

    assert 3 == epochs()
    assert 2 == epochs(NNCLI_TRAIN_EPOCHS="2")
    assert 1 == epochs("--epochs", 1, NNCLI_TRAIN_EPOCHS="2")


def test_short_forms_are_checked_like_the_file(folder: Path) -> None:
    """A bad value on the command line is named as it was written, exit code 2, and nothing is started."""
    result = nncli("train", "photos.yaml", "--epochs", "-3", "--set", "training.epoch=5", cwd=folder, code=2)
    assert "--epochs -3: " in result.stderr
    assert "--set training.epoch=5: " in result.stderr
    assert not (folder / "runs").exists()


def test_a_config_with_three_mistakes_reports_all_three(folder: Path) -> None:
    """With positions, exit code 2, before anything is started."""
    text = "data:\n  path: photos\n  colour: rgb\nnetwork:\n  layer_dims: [auto, 0, auto]\ntraining:\n  epochs: many\n"
    (folder / "bad.yaml").write_text(text)
    result = nncli("train", "bad.yaml", cwd=folder, code=2)
    places = re.findall(r"^bad\.yaml:(\d+:\d+):", result.stderr, re.MULTILINE)
    assert ["3:3", "5:22", "7:11"] == places
    assert "Did you mean 'color'?" in result.stderr
    assert "" == result.stdout
    assert not (folder / "runs").exists()


def test_layer_dims_that_do_not_fit_the_classes(folder: Path) -> None:
    """What only the data can tell is told like any other problem of the config, with its position."""
    write_config(folder / "photos.yaml", "photos", network={"layer_dims": "[auto, 5, 3]"})
    result = nncli("train", "photos.yaml", cwd=folder, code=2)
    assert result.stderr.startswith("photos.yaml:6:25: network.layer_dims ends with 3 but ")
    assert "/photos has 2 classes (dark, light); write auto" in result.stderr


def test_bad_images_are_all_named_before_the_first_epoch(folder: Path) -> None:
    """Exit code 1, every bad file with its reason, no epoch; with `skip` they are named and training goes on."""
    for number in (3, 7):
        path = folder / f"photos/dark/{number}.png"
        path.write_bytes(path.read_bytes()[:50])
    result = nncli("train", "photos.yaml", cwd=folder, code=1)
    assert "dark/3.png: " in result.stderr
    assert "dark/7.png: " in result.stderr
    assert "epoch" not in result.stderr.split("data.on_bad_image")[0]
    skipping = nncli("train", "photos.yaml", "--set", "data.on_bad_image=skip", cwd=folder)
    assert 2 == skipping.stderr.count("skipped")


def test_an_existing_out_is_refused_unless_forced(folder: Path) -> None:
    """Nobody's files are overwritten by accident."""
    nncli("train", "photos.yaml", "--out", "run", cwd=folder)
    before = (folder / "run/model.npz").read_bytes()
    assert "--force" in nncli("train", "photos.yaml", "--out", "run", "--seed", 1, cwd=folder, code=2).stderr
    assert before == (folder / "run/model.npz").read_bytes()
    nncli("train", "photos.yaml", "--out", "run", "--seed", 1, "--force", cwd=folder)
    assert before != (folder / "run/model.npz").read_bytes()


def test_an_unwritable_out_is_found_before_the_images_are_read(folder: Path) -> None:
    """The output is tried first: no minutes of decoding before the refusal."""
    (folder / "file").write_text("")
    (folder / "photos/dark/0.png").write_bytes(b"")
    result = nncli("train", "photos.yaml", "--out", "file/run", cwd=folder, code=1)
    assert "file/run: cannot be written" in result.stderr
    assert "0.png" not in result.stderr


def test_json_events(folder: Path) -> None:
    """stdout is start, epoch, epoch, epoch, done, one JSON object a line."""
    result = nncli("train", "photos.yaml", "--json", "-q", cwd=folder)
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert ["start", "epoch", "epoch", "epoch", "done"] == [event["event"] for event in events]
    assert ["dark", "light"] == events[0]["classes"]
    assert [16, 5, 1] == events[0]["layer_dims"]
    assert "runs/photos-1/model.npz" == events[-1]["model"]
    assert "" == result.stderr


def test_quiet_leaves_the_path_alone(folder: Path) -> None:
    """-q: one line on stdout, nothing on stderr."""
    result = nncli("-q", "train", "photos.yaml", cwd=folder)
    assert "" == result.stderr
    assert 1 == result.stdout.count("\n")


def test_many_epochs_write_few_lines(folder: Path) -> None:
    """A log is not flooded: about a hundred lines by default, all of them with --progress lines."""
    thin = nncli("train", "photos.yaml", "--epochs", 1000, cwd=folder).stderr
    assert 90 <= thin.count("epoch") <= 110
    full = nncli("train", "photos.yaml", "--epochs", 300, "--progress", "lines", cwd=folder).stderr
    assert 300 == len(re.findall("^epoch", full, re.MULTILINE))


def test_a_terminal_sees_one_bar(folder: Path) -> None:
    """On a terminal tqdm draws a bar with epoch, time, loss and validation accuracy."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "nncli", "train", "photos.yaml", "--epochs", "30"],
        cwd=folder, stdout=subprocess.PIPE, stderr=theirs,
    ) as process:  # fmt: skip
        os.close(theirs)
        seen = b""
        while select.select([ours], [], [], 30)[0]:
            try:
                seen += os.read(ours, 65536)
            except OSError:  # the other end is closed: the process has ended
                break
        assert process.stdout is not None
        assert b"runs/photos-1/model.npz\n" == process.stdout.read()
    os.close(ours)
    text = seen.decode()
    assert "epoch 30/30" in text
    assert "100%|" in text
    assert re.search(r"loss \d\.\d{3}, val_accuracy \d\.\d{3}", text)


@pytest.mark.parametrize(
    ("signal_number", "processes"), [(number, 1) for number in STOP_SIGNALS] + [(signal.SIGTERM, 2)]
)
def test_a_signal_saves_and_resume_ends_where_it_would_have_ended(
    folder: Path, signal_number: int, processes: int
) -> None:
    """128 + signal, the resume command on stderr, and the resumed run's model is that of an undisturbed one."""
    arguments = ["photos.yaml", "--epochs", "1000", "--set", "network.dropout=0.1", "--set", "training.monitor=loss"]
    arguments += ["--set", f"training.processes={processes}"]
    with subprocess.Popen(
        [sys.executable, "-m", "nncli", "train", *arguments, "--json", "--out", "stopped"],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        # It cannot end meanwhile: what nobody reads fills the pipe after a few hundred lines.
        while '"epoch": 20,' not in process.stdout.readline():
            pass
        process.send_signal(signal_number)
        started = time.monotonic()
        _, errors = process.communicate(timeout=250)
        assert time.monotonic() - started < 10  # the promise is two seconds; a busy machine gets some more
    assert 128 + signal_number == process.returncode
    assert "resume with: nncli train --resume stopped" in errors
    done = len((folder / "stopped/history.csv").read_text().splitlines()) - 1
    assert 20 <= done < 1000

    assert 0 == own_process("train", "--resume", "stopped").returncode
    nncli("train", *arguments, "--out", "straight", cwd=folder)
    assert (folder / "straight/model.npz").read_bytes() == (folder / "stopped/model.npz").read_bytes()
    assert history_but_seconds(folder / "straight") == history_but_seconds(folder / "stopped")


def test_resume_extends_a_finished_run(folder: Path) -> None:
    """More epochs continue it, to the same parameters as if they had been asked for at once."""
    nncli("train", "photos.yaml", cwd=folder)
    assert "is finished" in nncli("train", "--resume", "runs/photos-1", cwd=folder).stderr
    nncli("train", "photos.yaml", "--resume", "--epochs", 6, cwd=folder)
    nncli("train", "photos.yaml", "--epochs", 6, "--out", "straight", cwd=folder)
    assert history_but_seconds(folder / "straight") == history_but_seconds(folder / "runs/photos-1")
    ours, theirs = read_npz(folder / "runs/photos-1/last.npz"), read_npz(folder / "straight/last.npz")
    np.testing.assert_array_equal(ours["parameters"], theirs["parameters"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lr", "0.5"], "training.learning_rate (was 0.05, now 0.5)"),
        (["--set", "network.layer_dims=[auto, 6, auto]"], "network.layer_dims"),
        (["--out", "x"], "leave out --out"),
    ],
)
def test_resume_refuses_to_become_another_run(folder: Path, arguments: list[str], message: str) -> None:
    """Changed settings are named, exit code 2, and the run is as it was."""
    nncli("train", "photos.yaml", cwd=folder)
    before = (folder / "runs/photos-1/last.npz").read_bytes()
    assert message in nncli("train", "--resume", "runs/photos-1", *arguments, cwd=folder, code=2).stderr
    assert before == (folder / "runs/photos-1/last.npz").read_bytes()


def test_resume_refuses_changed_images(folder: Path) -> None:
    """A data set that is not the same any more is said, not trained on."""
    nncli("train", "photos.yaml", cwd=folder)
    (folder / "photos/dark/0.png").write_bytes((folder / "photos/light/0.png").read_bytes())
    result = nncli("train", "--resume", "runs/photos-1", "--epochs", 9, cwd=folder, code=1)
    assert "added, removed or changed" in result.stderr


def test_nothing_to_resume(folder: Path) -> None:
    """A clear word where there is no run."""
    assert "no run of photos in runs/" in nncli("train", "photos.yaml", "--resume", cwd=folder, code=2).stderr
    assert "holds no last.npz" in nncli("train", "--resume", "photos", cwd=folder, code=2).stderr
    assert "nncli: runs/x: no such folder" in nncli("train", "--resume", "runs/x", cwd=folder, code=2).stderr


def test_a_config_is_needed(folder: Path) -> None:
    """`nncli train` alone says what is missing."""
    assert "train needs a config" in nncli("train", cwd=folder, code=2).stderr


def test_a_learning_rate_that_is_far_too_large_is_told(folder: Path) -> None:
    """Exit code 1 and a hint; no NaN in any file."""
    arguments = ["--lr", "1e30", "--optimizer", "gradient_descent", "--set", "network.activation=leaky_relu"]
    result = nncli("train", "photos.yaml", *arguments, "--out", "run", cwd=folder, code=1)
    assert "the loss is not finite in epoch" in result.stderr
    assert "Warning" not in result.stderr
    with np.load(folder / "run/last.npz") as checkpoint:
        assert np.isfinite(checkpoint["parameters"]).all()


def test_paths_in_a_config_are_relative_to_it_and_on_the_command_line_to_the_working_directory(folder: Path) -> None:
    """The same config works from anywhere; --data means what the shell means."""
    (folder / "deep").mkdir()
    nncli("train", "../photos.yaml", cwd=folder / "deep")
    nncli("train", "../photos.yaml", "--data", "../photos", cwd=folder / "deep")
    missing = nncli("train", "../photos.yaml", "--data", "photos", cwd=folder / "deep", code=1)
    assert "no such folder" in missing.stderr.lower()


def test_dry_run_is_check(folder: Path) -> None:
    """The plan on stdout, and no run directory."""
    result = nncli("train", "photos.yaml", "--dry-run", cwd=folder)
    assert nncli("check", "photos.yaml", cwd=folder).stdout == result.stdout
    assert not (folder / "runs").exists()
