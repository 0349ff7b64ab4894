"""``nncli tune``."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nncli.cli.tune import Duration, _best, _verdict
from nncli.config import load_config
from nncli.machine.extras import install_command
from nncli.tuning.search_space import AS_IS, OWN
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
    assert lines[1].startswith("trial 0: ")
    assert "trial  accuracy  loss    compared with the config" in lines
    assert "validation images right" in result.stderr
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
        if line.startswith("trial 0"):
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
def test_the_budget_is_kept(photos: Path) -> None:
    """A training far longer than the budget is left; if none was finished, that is said."""
    started = time.monotonic()
    result = process("tune", photos, "--budget", "1s", "--set", "training.epochs=100000")
    assert time.monotonic() - started < 20
    assert (1, "") == (result.returncode, result.stdout)
    assert "nncli: no trial was finished in this time; raise --budget, or lower training.epochs\n" in result.stderr


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


class Tried:
    """What `_verdict` and `_best` look at."""

    def __init__(self, number: int, accuracy: float | None, loss: float = 0.1) -> None:
        self.number, self.accuracy, self.is_own = number, accuracy, number == 0
        self.state = "pruned" if accuracy is None else "finished"
        self.score = (accuracy, -loss)
        self.choice = {"start": OWN, "features": AS_IS}


@pytest.mark.parametrize(
    ("best", "own", "said"),
    [
        (
            Tried(3, 0.9),
            Tried(0, 0.5),
            "90 of 100 validation images right, 40 more than with the config's own settings",
        ),
        (Tried(3, 0.53), Tried(0, 0.5), "a difference of up to 14 images can be chance"),
        (Tried(3, 0.5, 0.05), Tried(0, 0.5), "as many as with the config's own settings"),
        (Tried(3, 0.9), None, "nothing to compare with"),
    ],
)
def test_the_verdict_is_honest(best: Any, own: Any, said: str) -> None:
    """How many images more, whether that can be chance, and that the score was chosen."""
    text = "\n".join(_verdict(best, own, 100))
    assert said in text
    assert ("can be chance" in text) == (own is not None and best.accuracy < 0.6)
    assert own is None or "expect less on others" in text


def test_a_search_without_success_says_so() -> None:
    """Its own settings were the best."""
    own: Any = Tried(0, 0.9)
    assert ["nothing was better than the config's own settings: 90 of 100 validation images right"] == _verdict(
        own, own, 100
    )


def test_the_best_is_the_most_accurate_then_the_surest_then_the_first() -> None:
    """What was given up does not count."""
    trials: list[Any] = [Tried(0, 0.8), Tried(1, 0.9, 0.3), Tried(2, 0.9, 0.2), Tried(3, 0.9, 0.2), Tried(4, None)]
    best = _best(trials)
    assert best is not None
    assert 2 == best.number
    assert _best(trials[-1:]) is None
