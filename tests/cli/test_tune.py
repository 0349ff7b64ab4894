"""``nncli tune``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nncli.cli.tune import Duration
from nncli.cli.tune_progress import duration
from nncli.cli.tune_report import verdict
from nncli.config import load_config
from nncli.machine.extras import install_command
from nncli.tuning.trial import Tried, contest, winner
from tests.cli.tiny import NNCLI, process
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.fixture
def photos() -> Path:
    """photos.yaml for two classes."""
    write_class_folders(Path("photos"), {"a": 10, "b": 10})
    return write_config(Path("photos.yaml"), "photos", training={"processes": 1})


@pytest.fixture
def optuna() -> None:
    """Skip where the extra is not installed."""
    pytest.importorskip("optuna")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2h", 7200), ("1h1m1s", 3661)]
)
def test_durations(text: str, seconds: int) -> None:
    """As people write them."""
    assert seconds == Duration().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "10", "0s", "-5m", "1.5h", "5 m", "m", "1m1h"])
def test_what_is_no_duration(nncli: Runner, text: str) -> None:
    """A number alone could be seconds or minutes."""
    result = nncli("tune", "c.yaml", "--budget", text)
    assert 2 == result.code
    assert "write 90s, 10m or 1h30m" in result.err


@pytest.mark.usefixtures("optuna")
def test_the_best_config_is_written(photos: Path) -> None:
    """stdout is its path alone; it runs; all trials are told, and what they are worth."""
    result = process("tune", photos, "--trials", "2")
    assert (0, "photos-best.yaml\n") == (result.returncode, result.stdout)
    lines = result.stderr.splitlines()
    assert "study photos-best.study" == lines[0]
    assert "measuring how long a training takes" == lines[1]
    assert lines[2].startswith("trial 0: ")
    assert any(line.startswith("trial  images  epochs  accuracy ") for line in lines)
    assert "fewer than 3 trials were finished: --budget " in result.stderr
    assert "validation images" in lines[-1] or "no images that no trial was chosen by" in lines[-1]
    assert load_config(Path("photos-best.yaml")).config.data.path == Path("photos").resolve()
    assert 0 == process("check", "photos-best.yaml").returncode
    again = process("tune", photos, "--trials", "1")
    assert (0, "photos-best.yaml\n") == (again.returncode, again.stdout)
    assert "study photos-best.study: resumed after 2 trials\n" in again.stderr


@pytest.mark.usefixtures("optuna")
def test_a_signal_ends_the_search_with_the_best_so_far(photos: Path) -> None:
    """Exit code 130; the path is printed, and how to go on."""
    tuning = subprocess.Popen(
        [*NNCLI, "tune", photos, "-o", "best.yaml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert tuning.stderr is not None
    for line in tuning.stderr:
        if line.startswith("trial 1"):
            break
    tuning.send_signal(signal.SIGINT)
    out, err = tuning.communicate(timeout=250)
    assert (130, "best.yaml\n") == (tuning.returncode, out)
    assert "nncli: stopped, the best so far is written; the same command resumes best.study\n" in err
    assert Path("best.yaml").read_text().startswith("# Found by `nncli tune` from photos.yaml: trial ")


@pytest.mark.usefixtures("optuna")
def test_a_killed_search_goes_on(photos: Path) -> None:
    """What was finished is in the study, and the best of it in the config."""
    tuning = subprocess.Popen([*NNCLI, "tune", photos], stderr=subprocess.PIPE, text=True)
    assert tuning.stderr is not None
    for line in tuning.stderr:
        if line.startswith("trial 2"):
            break
    tuning.kill()
    tuning.communicate()
    assert Path("photos-best.yaml").exists()
    result = process("tune", photos, "--trials", "1")
    assert 0 == result.returncode
    assert "trial 0: " not in result.stderr
    assert "\n0      " in result.stderr or "\n1      " in result.stderr


@pytest.mark.usefixtures("optuna")
def test_two_processes_share_a_study(photos: Path) -> None:
    """Each makes its own trials, and both see all of them; they may start at the same moment."""
    arguments = [*NNCLI, "-q", "tune", str(photos), "--trials", "3", "--study", "s.study", "--force"]
    both = [subprocess.Popen([*arguments, "-o", f"{k}.yaml"]) for k in "ab"]
    assert [0, 0] == [each.wait(timeout=250) for each in both]
    shown = process("tune", photos, "--trials", "1", "--study", "s.study").stderr
    assert "resumed after 6 trials" in shown


@pytest.mark.usefixtures("optuna")
def test_a_budget_that_would_do_is_named(nncli: Runner, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If no trial was finished."""
    monkeypatch.setattr("nncli.tuning.study.Search.run", lambda *_: None)
    result = nncli("tune", photos, "--budget", "1s")
    assert (1, "") == (result.code, result.out)
    message = "no trial was finished in this time; --budget 12s would do, or lower training.epochs\n"
    assert result.err.endswith(message)


def test_a_file_of_the_users_is_left_alone(nncli: Runner, photos: Path) -> None:
    """Only its own results are written again."""
    Path("mine.yaml").write_text("mine")
    result = nncli("tune", photos, "-o", "mine.yaml")
    assert (2, "nncli: mine.yaml: exists already; choose another -o, or --force to replace it\n") == (
        result.code,
        result.err,
    )


@pytest.mark.usefixtures("optuna")
def test_there_must_be_images_to_choose_by(nncli: Runner, photos: Path) -> None:
    """Without validation there is no score."""
    result = nncli("tune", photos, "--set", "data.validation_split=0")
    assert 2 == result.code
    assert "tune needs validation images to choose by" in result.err


def test_without_the_extra_there_is_one_line(photos: Path) -> None:
    """With the way to install it."""
    program = "import sys; sys.modules['optuna'] = None; import nncli.cli.main as m; m.main(sys.argv[1:])"
    arguments = [sys.executable, "-c", program, "tune", str(photos)]
    result = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert 2 == result.returncode
    assert f"nncli: tune needs optuna; install it with: {install_command('tune')}\n" == result.stderr


def tried(number: int, accuracy: float | None, loss: float = 0.1, share: float = 1.0) -> Tried:
    """A trial; number 0 is the config's own."""
    state = "pruned" if accuracy is None else "finished"
    return Tried(number, state, number == 0, {}, share, value=accuracy, loss=loss)


def report(own: float | None, best: float, verdict: Any = None, share: float = 1.0, aside: int = 0) -> dict[str, Any]:
    """What `verdict` looks at."""
    rows = [
        {"trial": k, "accuracy": each, "interval": [0.4, 0.6], "validation_images": 100, "images": 50, "epochs": 5}
        for k, each in enumerate((own, best))
    ]
    return {
        "set_aside": aside,
        "trials": rows,
        "best": 1 if own is None or best > own else 0,
        "own": None if own is None else 0,
        "share": share,
        "verdict": verdict,
    }


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (report(None, 0.9), "were not finished, so there is nothing to compare with"),
        (report(0.9, 0.9), "nothing was better than the config's own settings, by 100 validation images: 0.9000 (0.4"),
        (report(0.8, 0.9), "there are no images that no trial was chosen by"),
        (report(0.8, 0.9, aside=20), "no time was left to ask the 20 images set aside: expect less"),
        (report(0.8, 0.9, share=0.5), "best: trial 1 when trained on 50 images for 5 epochs, 0.9000 (0.4000 to"),
    ],
)
def test_the_verdict_is_honest(found: dict[str, Any], said: str) -> None:
    """What was compared, how large, and whether there were images for it."""
    assert said in "\n".join(verdict(found))


def test_the_best_is_the_most_accurate_then_the_surest_then_the_first() -> None:
    """Among finished trials as large as the config's own largest one."""
    trials = [tried(0, 0.8), tried(1, 0.9, 0.3), tried(2, 0.9, 0.2), tried(3, 0.9, 0.2), tried(4, None)]
    assert [2, 3, 1, 0] == [each.number for each in contest([*trials, tried(5, 0.99, share=0.5)])]
    assert [] == contest(trials[-1:])


@pytest.mark.parametrize(("share", "right", "number"), [(0.5, 810, 0), (0.5, 850, 1), (1.0, 801, 1)])
def test_small_trials_must_be_clearly_better(share: float, right: int, number: int) -> None:
    """Ten images of a thousand more may be chance, and small trainings may rank settings otherwise than whole ones."""
    own, other = (Tried(k, "finished", k == 0, {}, share, 0, 1000, value=n / 1000) for k, n in ((0, 800), (1, right)))
    best = winner([own, other])
    assert best is not None
    assert number == best.number


@pytest.mark.parametrize(("seconds", "text"), [(0.2, "1s"), (61.0, "61s"), (121.0, "3m"), (5400.0, "1h30m")])
def test_a_duration_that_is_told(seconds: float, text: str) -> None:
    """As --budget takes it."""
    assert text == duration(seconds)
    assert seconds <= Duration().convert(text, None, None)


@pytest.mark.usefixtures("optuna")
def test_the_verdict_is_on_images_set_aside(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """The csv has a row for each trial with its interval, the json the comparison with the exact test."""
    monkeypatch.setattr("nncli.tuning.search_space._recipes", lambda _plan: {})  # they take longer
    write_class_folders(Path("photos"), {"a": 80, "b": 80})
    photos = write_config(Path("photos.yaml"), "photos", training={"processes": 1, "epochs": 1})
    found = json.loads(nncli("tune", photos, "--trials", "3", "-f", "json").out)
    assert {"config", "best", "own", "share", "set_aside", "trials", "verdict"} == set(found)
    assert {"trial", "accuracy", "interval", "validation_images"} <= set(found["trials"][0])
    if found["best"] != found["own"]:
        assert 24 == found["verdict"]["images"]
        assert 0 <= found["verdict"]["comparison"]["p_value"] <= 1
    rows = nncli("tune", photos, "--trials", "1", "-f", "csv").out.splitlines()
    assert "trial,state,images,epochs,accuracy,low,high,loss,settings" == rows[0]
    assert 5 == len(rows)
