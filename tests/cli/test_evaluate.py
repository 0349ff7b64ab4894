"""``nncli evaluate``: how good a model is."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import pty
import subprocess
import termios
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from tests.cli.tiny import NNCLI, write_image, write_three

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

BLACK, WHITE = 0, 255


@pytest.fixture(autouse=True)
def _files() -> None:
    """Of three coals one is white and taken for snow with 0.8; the one snow is right, the one fog is taken for coal.

    Losses: twice -log 0.7 for coal, -log 0.05 for the white one, -log 0.8 for snow, -log 0.2 for fog.
    """
    write_three(Path("model.npz"))
    for name, gray in (("coal/1", 0), ("coal/2", 0), ("coal/3", 255), ("snow/1", 255), ("fog/1", 0)):
        write_image(Path(f"d/{name}.png"), gray)


LOSS = -(2 * math.log(0.7) + math.log(0.05) + math.log(0.8) + math.log(0.2)) / 5


def test_json(nncli: Runner) -> None:
    """Everything, computed by hand."""
    result = nncli("evaluate", "d", "-f", "json")
    assert 0 == result.code
    report = json.loads(result.out)
    assert math.isclose(LOSS, report.pop("loss"), rel_tol=1e-6)
    assert {
        "split": "",
        "accuracy": 0.6,
        "interval": pytest.approx([0.2307, 0.8824], abs=1e-4),
        "images": 5,
        "correct": 3,
        "skipped": 0,
        "baseline": {"class": "coal", "accuracy": 0.6},
        "balanced_accuracy": pytest.approx((2 / 3 + 0 + 1) / 3),
        "macro_f1": pytest.approx((2 / 3 + 0 + 2 / 3) / 3),
        "classes_are_unequal": True,
        "known": None,
        "per_class": {
            "coal": {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3},
            "fog": {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1},
            "snow": {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "support": 1},
        },
        "confusion": {"classes": ["coal", "fog", "snow"], "matrix": [[2, 0, 1], [1, 0, 0], [0, 0, 1]]},
        # Bins: 0.7, of which 2 of 3 are right, and 0.8, of which 1 of 2 is.
        "calibration_error": pytest.approx(0.6 * (0.7 - 2 / 3) + 0.4 * (0.8 - 0.5)),
    } == {key: value for key, value in report.items() if key not in ("coverage", "likely_mislabeled", "findings")}
    assert ["never_predicted", "not_above_baseline"] == [finding["code"] for finding in report["findings"]]


def test_coverage(nncli: Runner) -> None:
    """What a threshold would answer and how much of it right; a table for people if asked for."""
    rows = json.loads(nncli("evaluate", "d", "-f", "json").out)["coverage"]
    assert {"threshold": 0.7, "coverage": 1.0, "images": 5, "accuracy": 0.6} == rows[3]
    assert {"threshold": 0.8, "coverage": 0.4, "images": 2, "accuracy": 0.5} == rows[4]
    assert {"threshold": 0.9, "coverage": 0.0, "images": 0, "accuracy": None} == rows[5]
    assert "threshold" not in nncli("evaluate", "d").out
    table = nncli("evaluate", "d", "--coverage").out
    assert "     0.80    0.4000       2    0.5000\n" in table
    assert "     0.90    0.0000       0         -\n" in table
    assert table.endswith("probabilities are off by 0.1400 (expected calibration error)\n")


def test_likely_mislabeled_images_are_listed(nncli: Runner) -> None:
    """A white image among the coal looks like all snow does; the black fog looks like coal."""
    result = nncli("evaluate", "d", "--mislabeled", "m.csv")
    assert "The label of 2 images looks wrong to the model: see --mislabeled FILE" in result.out
    assert [
        "path,label,suggested,probability,label_probability",
        "d/coal/3.png,coal,snow,0.8000,0.0500",
        "d/fog/1.png,fog,coal,0.7000,0.2000",
    ] == Path("m.csv").read_text().splitlines()


def test_pictures_are_written(nncli: Runner) -> None:
    """The confusion matrix if its file ends with .png, and a sheet of the wrong images."""
    assert 0 == nncli("evaluate", "d", "--confusion", "c.PNG", "--wrong-sheet", "w.png").code
    for name in ("c.PNG", "w.png"):
        with Image.open(name) as picture:
            assert "PNG" == picture.format


def test_a_sheet_of_another_kind_is_refused(nncli: Runner) -> None:
    """Before anything is computed."""
    result = nncli("evaluate", "d", "--wrong-sheet", "w.jpg")
    assert (2, "") == (result.code, result.out)
    assert "w.jpg does not end with .png" in result.err


def test_a_sheet_without_wrong_images(nncli: Runner) -> None:
    """It says so, and is a picture all the same."""
    write_image(Path("right/coal/1.png"), BLACK)
    assert 0 == nncli("evaluate", "right", "--wrong-sheet", "w.png").code
    assert Path("w.png").exists()


def test_table(nncli: Runner) -> None:
    """What a person reads; what was evaluated is said on stderr."""
    result = nncli("evaluate", "d")
    assert result.err.startswith("evaluating d: 5 images\nthis model does not tell which images trained it")
    assert [
        "accuracy  0.6000 (0.2307 to 0.8824), 3 of 5 images",
        "baseline  0.6000, always answering coal",
        "by class  0.5556 balanced accuracy, 0.4444 macro F1: every class counts the same",
        f"loss      {LOSS:.4f}",
        "note      fog is never predicted, for the classes are unequal; try training.class_weights: balanced",
    ] == result.out.splitlines()[:5]
    assert "coal      0.6667  0.6667  0.6667        3\n" in result.out
    assert (
        "actual  coal  fog  snow\ncoal       2    0     1\nfog        1    0     0\nsnow       0    0     1\n"
        in result.out
    )


def test_csv(nncli: Runner) -> None:
    """The table of classes."""
    assert [
        "class,precision,recall,f1,support",
        "coal,0.6667,0.6667,0.6667,3",
        "fog,0.0000,0.0000,0.0000,1",
        "snow,0.5000,1.0000,0.6667,1",
    ] == nncli("evaluate", "d", "-f", "csv").out.splitlines()


def test_a_confusion_matrix_that_does_not_fit_is_left_out(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would wrap; there is a file for it, and its largest cells are listed."""
    monkeypatch.setenv("COLUMNS", "20")
    result = nncli("evaluate", "d")
    assert "actual  coal" not in result.out
    assert "--confusion FILE writes it.\n" in result.out
    expected = "most frequent confusions, actual -> predicted\ncoal  ->  snow  1\nfog   ->  coal  1\n"
    assert expected in result.out


def test_classes_match_by_name_and_not_by_index(nncli: Runner) -> None:
    """A missing folder shifts nothing: snow is the third class of the model and the only folder here."""
    write_image(Path("only/snow/1.png"), WHITE)
    result = nncli("evaluate", "only", "-f", "json")
    assert 0 == result.code
    report = json.loads(result.out)
    assert (1.0, 1) == (report["accuracy"], report["per_class"]["snow"]["support"])
    assert "no images of class coal, fog\n" in result.err


def test_a_folder_that_the_model_does_not_know_is_an_error(nncli: Runner) -> None:
    """With its name and the model's classes."""
    write_image(Path("d/Snow/1.png"), WHITE)
    near = "'Snow' and 'snow' differ in case or blanks alone: rename one"
    expected = f"nncli: d: the model has no class Snow; its classes are coal, fog, snow; {near}\n"
    assert (2, "", expected) == tuple(vars(nncli("evaluate", "d")).values())


def test_the_test_split_comes_first(nncli: Runner) -> None:
    """And stderr says so; --split chooses another."""
    write_image(Path("s/train/coal/1.png"), WHITE)
    write_image(Path("s/test/coal/1.png"), BLACK)
    result = nncli("evaluate", "s", "-f", "json")
    assert 1.0 == json.loads(result.out)["accuracy"]
    assert "evaluating the test split of s: 1 image\n" in result.err
    assert 0.0 == json.loads(nncli("evaluate", "s", "--split", "train", "-f", "json").out)["accuracy"]
    assert 2 == nncli("evaluate", "s", "--split", "val").code


def test_wrong_images_are_listed_surest_first(nncli: Runner) -> None:
    """With the probability of the wrong class."""
    nncli("evaluate", "d", "--wrong", "wrong.csv")
    assert [
        ["path", "actual", "predicted", "probability"],
        ["d/coal/3.png", "coal", "snow", "0.8000"],
        ["d/fog/1.png", "fog", "coal", "0.7000"],
    ] == list(csv.reader(Path("wrong.csv").read_text().splitlines()))


def test_predictions_and_confusion_go_to_files(nncli: Runner) -> None:
    """Every image in its order; rows of the matrix are the actual classes."""
    nncli("evaluate", "d", "--predictions", "all.csv", "--confusion", "confusion.csv")
    rows = Path("all.csv").read_text().splitlines()
    assert 1 + 5 == len(rows)
    assert "d/coal/1.png,coal,coal,0.7000" == rows[1]
    assert "actual,coal,fog,snow\ncoal,2,0,1\nfog,1,0,0\nsnow,0,0,1\n" == Path("confusion.csv").read_text()


def test_a_dash_is_stdout(nncli: Runner) -> None:
    """After the report."""
    assert nncli("evaluate", "d", "--wrong", "-").out.endswith("d/fog/1.png,fog,coal,0.7000\n")
    assert not Path("-").exists()


def test_a_file_that_cannot_be_written_does_not_cost_the_report(nncli: Runner) -> None:
    """The numbers are printed first."""
    result = nncli("evaluate", "d", "--wrong", "d")
    assert 1 == result.code
    assert result.out.startswith("accuracy  0.6000")
    assert "nncli: d: cannot be written: " in result.err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--wrong", "missing/wrong.csv"), "missing/wrong.csv: there is no folder missing; make it first"),
        (("--wrong", "wrong.png"), "wrong.png ends like a picture; a table is written: wrong.csv"),
        (("--confusion", "matrix.jpg"), "matrix.jpg does not end with .png, the only kind of picture written"),
    ],
)
def test_files_are_looked_at_before_the_first_image(nncli: Runner, arguments: tuple[str, str], reason: str) -> None:
    """A folder that is not there, and names that promise another kind than what is written."""
    result = nncli("evaluate", "d", *arguments)
    assert (2, "") == (result.code, result.out)
    assert reason in result.err


@pytest.mark.parametrize(("gate", "code"), [("0.6", 0), ("0.61", 4), ("0", 0), ("1", 4)])
def test_fail_under(nncli: Runner, gate: str, code: int) -> None:
    """Equal is enough; the report is printed in any case."""
    result = nncli("evaluate", "d", "--fail-under", gate)
    assert code == result.code
    assert result.out.startswith("accuracy  0.6000")
    assert (code == 4) == result.err.endswith(f"nncli: accuracy 0.6000 (3 of 5 images) is below --fail-under {gate}\n")


@pytest.mark.parametrize("gate", ["nan", "90", "-1"])
def test_a_gate_that_is_no_share_is_refused(nncli: Runner, gate: str) -> None:
    """Before anything is computed: 90 means 0.9, and NaN would let everything pass."""
    result = nncli("evaluate", "d", "--fail-under", gate)
    assert (2, "") == (result.code, result.out)


def test_bad_images_are_skipped_and_said(nncli: Runner) -> None:
    """A line each, the exit code, and the count in the report."""
    Path("d/snow/bad.png").write_text("no image")
    result = nncli("evaluate", "d", "-f", "json")
    assert 3 == result.code
    report = json.loads(result.out)
    assert (1, 5, 0.6) == (report["skipped"], report["images"], report["accuracy"])
    assert "nncli: d/snow/bad.png: not a readable " in result.err


def test_a_name_cannot_fake_a_line_of_messages(nncli: Runner) -> None:
    """Newlines are escaped on stderr, too."""
    Path("d/snow/a\nb.png").touch()
    assert "nncli: d/snow/a\\x0ab.png: empty file\n" in nncli("evaluate", "d").err


def test_a_missed_gate_outweighs_skipped_images(nncli: Runner) -> None:
    """It is what the script asked about."""
    Path("d/snow/bad.png").write_text("no image")
    assert 4 == nncli("evaluate", "d", "--fail-under", "0.9").code


def test_only_bad_images_are_an_error(nncli: Runner) -> None:
    """There is no accuracy of nothing."""
    Path("bad/coal").mkdir(parents=True)
    Path("bad/coal/1.png").write_text("no image")
    result = nncli("evaluate", "bad")
    assert (1, "") == (result.code, result.out)
    assert result.err.endswith("nncli: bad: none of its images could be read, of 1\n")


@pytest.mark.parametrize(("name", "shown"), [("ผัดไทย", '"ผัดไทย"'), ("\x9b", '"\\u009b"')])
def test_class_names_in_json_are_readable_where_they_can_be(nncli: Runner, name: str, shown: str) -> None:
    """And never control the terminal."""
    write_three(Path("odd.npz"), (name, "fog", "snow"))
    Path("d/coal").rename(Path("d") / name)
    result = nncli("evaluate", "d", "-m", "odd.npz", "-f", "json")
    assert shown in result.out
    assert name in json.loads(result.out)["per_class"]


def test_a_terminal_shows_a_progress_bar() -> None:
    """On stderr, and gone when the report comes."""
    terminal, other_end = pty.openpty()
    termios.tcsetwinsize(other_end, (24, 80))
    command = [*NNCLI, "evaluate", "d", "-f", "csv"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=other_end, timeout=250, check=True)
    os.close(other_end)
    shown = b""
    with contextlib.suppress(OSError):  # Linux' way to say that the other end is closed
        while chunk := os.read(terminal, 10_000):
            shown += chunk
    os.close(terminal)
    assert b"0/5" in shown
    assert result.stdout.startswith(b"class,")


def test_quiet_leaves_the_report_alone(nncli: Runner) -> None:
    """Nothing on stderr."""
    assert "" == nncli("evaluate", "-q", "d").err
