"""Run directories: how they are called, who may write there, and what is left of runs that ended badly."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from nncli.errors import NncliError, UsageError
from nncli.run.directory import FILES, RunDirectory, create_run, latest_run
from tests.without import needs_locks

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test works in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names_in(folder: Path) -> set[str]:
    """What a folder holds, hidden files too."""
    return {path.name for path in folder.iterdir()}


@contextmanager
def another_process_in(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of `folder` and would go on for ever."""
    program = (
        "import pathlib, sys, time, nncli.run.directory\n"
        "run = nncli.run.directory.RunDirectory(pathlib.Path(sys.argv[1]))\n"
        "print('locked', flush=True)\n"
        "time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "locked\n" == process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


# --------------------------------------------------------------------------------------------------------------- naming


def test_runs_are_numbered_by_config() -> None:
    """The first is 1, and each config counts for itself."""
    runs = [create_run("photos"), create_run("photos"), create_run("digits")]
    assert [Path("runs/photos-1"), Path("runs/photos-2"), Path("runs/digits-1")] == [run.path for run in runs]
    for run in runs:
        run.close()


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (["photos-1", "photos-2", "photos-10"], "photos-11"),
        (["photos-3"], "photos-4"),
        (["photos", "photos-x", "photos-1-1", "my-photos-5", "photos-+7", "Photos-9"], "photos-1"),
    ],
)
def test_the_number_is_above_all_that_are_there(present: list[str], expected: str) -> None:
    """Numbers of removed runs are not used again as long as a later run is there; other names do not count."""
    for name in present:
        Path("runs", name).mkdir(parents=True)
    with create_run("photos") as run:
        assert Path("runs", expected) == run.path


def test_a_config_s_name_is_not_a_pattern() -> None:
    """Characters that mean something in patterns mean themselves."""
    Path("runs/a.c-5").mkdir(parents=True)
    Path("runs/abc-7").mkdir()
    with create_run("a.c") as run:
        assert Path("runs/a.c-6") == run.path
    with create_run("*[x](") as run:
        assert Path("runs/*[x](-1") == run.path


def test_a_run_that_was_faster_gets_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that start at the same moment get two directories."""
    Path("runs").mkdir()
    (Path("runs") / "photos-1").mkdir()
    monkeypatch.setattr(Path, "iterdir", lambda _self: iter(()))  # looked before the other one made its directory
    with create_run("photos") as run:
        assert Path("runs/photos-2") == run.path


def test_out_is_made_with_its_parents() -> None:
    """A directory asked for is used as it is called."""
    with create_run("photos", Path("deep/er/run")) as run:
        assert Path("deep/er/run") == run.path
        assert Path("deep/er/run/model.npz") == run / "model.npz"
    Path("empty").mkdir()
    with create_run("photos", Path("empty")) as run:
        assert Path("empty") == run.path


# ------------------------------------------------------------------------------------------------------ what is refused


def test_a_folder_with_files_is_refused_and_left_alone() -> None:
    """Not even a lock is left in a folder of photos."""
    Path("photos").mkdir()
    Path("photos/cat.jpg").write_text("meow")
    with pytest.raises(UsageError, match=r"^photos: is not empty; choose another --out, or --force to replace"):
        create_run("config", Path("photos"))
    assert {"cat.jpg"} == names_in(Path("photos"))


def test_a_finished_run_is_refused() -> None:
    """A model is not overwritten by mistake, and the lock is free afterwards."""
    with create_run("photos", Path("run")) as run:
        (run / "model.npz").write_text("good")
    with pytest.raises(UsageError, match=r"^run: is not empty"):
        create_run("photos", Path("run"))
    assert "good" == Path("run/model.npz").read_text()
    RunDirectory(Path("run")).close()


def test_force_keeps_the_old_run_until_the_new_one_writes() -> None:
    """If the images turn out to be bad, the old model is still there; files that are no run's always are."""
    Path("run").mkdir()
    for name in (*FILES, "notes.txt"):
        Path("run", name).write_text("old")
    with create_run("photos", Path("run"), force=True) as run:
        assert {*FILES, "notes.txt", ".lock"} == names_in(Path("run"))
        run.clear()
        assert {"notes.txt", ".lock"} == names_in(Path("run"))


def test_only_force_clears() -> None:
    """A resumed run writes over its own files one by one."""
    Path("run").mkdir()
    Path("run/last.npz").write_text("old")
    with RunDirectory(Path("run")) as run:
        run.clear()
    assert Path("run/last.npz").exists()


def test_a_file_that_cannot_be_removed() -> None:
    """A folder called model.npz is named, not removed."""
    Path("run/model.npz").mkdir(parents=True)
    with (
        create_run("photos", Path("run"), force=True) as run,
        pytest.raises(NncliError, match=r"^run: cannot be written: Is a directory"),
    ):
        run.clear()


def test_a_file_in_the_way() -> None:
    """A directory cannot be made where a file is."""
    Path("run").write_text("")
    with pytest.raises(NncliError, match=r"^run: cannot be written: File exists; choose another --out$"):
        create_run("photos", Path("run"))
    Path("runs").write_text("")
    with pytest.raises(NncliError, match=r"^runs: cannot be written: File exists; choose another --out$"):
        create_run("photos")


def test_a_parent_that_cannot_be_written() -> None:
    """The system's reason and the way out, whether or not the user is root."""
    with pytest.raises(NncliError, match=r"^/proc/run: cannot be written: .+; choose another --out$"):
        create_run("photos", Path("/proc/run"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission() -> None:
    """Found when the run begins."""
    Path("run").mkdir(0o500)
    with pytest.raises(NncliError, match=r"^run: cannot be written: Permission denied"):
        create_run("photos", Path("run"))


def test_a_directory_that_is_not_there() -> None:
    """Only `create_run` makes directories."""
    with pytest.raises(NncliError, match=r"^gone: cannot be written: No such file or directory"):
        RunDirectory(Path("gone"))


def test_a_name_that_would_repaint_the_terminal() -> None:
    """The path in a message is escaped."""
    Path("run\x1b[2J").mkdir()
    Path("run\x1b[2J/file").write_text("")
    with pytest.raises(UsageError, match=r"^run\\x1b\[2J: is not empty"):
        create_run("photos", Path("run\x1b[2J"))


# ------------------------------------------------------------------------------------------------------------- the lock


@needs_locks
def test_a_second_run_in_the_same_process_is_refused() -> None:
    """The lock belongs to the run, not to the process."""
    with create_run("photos", Path("run")), pytest.raises(UsageError, match=r"^run: another run is writing there"):
        create_run("photos", Path("run"))
    create_run("photos", Path("run")).close()


@needs_locks
@pytest.mark.parametrize("force", [False, True])
def test_a_second_process_is_refused_until_the_first_is_gone(force: bool) -> None:
    """--force does not change that; a process that was killed blocks no one."""
    Path("run").mkdir()
    with another_process_in(Path("run")) as process:
        with pytest.raises(UsageError, match=r"^run: another run is writing there; choose another --out$"):
            create_run("photos", Path("run"), force=force)
        with pytest.raises(UsageError, match=r"^run: another run is writing there"):
            RunDirectory(Path("run"))
        process.send_signal(signal.SIGKILL)
        assert -signal.SIGKILL == process.wait(250)
        create_run("photos", Path("run"), force=force).close()


@needs_locks
def test_the_files_of_a_running_one_stay() -> None:
    """The temporary file of a save that is under way is not a leftover."""
    Path("run").mkdir()
    with another_process_in(Path("run")):
        Path("run/.nncli-00000000.tmp").write_text("half")
        with pytest.raises(UsageError):
            RunDirectory(Path("run"))
    assert Path("run/.nncli-00000000.tmp").exists()


def test_a_file_system_without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not mistaken for another run."""
    import fcntl

    def flock(_descriptor: int, _operation: int) -> NoReturn:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", flock)
    with pytest.raises(NncliError, match=r"^run: cannot be written: No locks available"):
        create_run("photos", Path("run"))


def test_an_open_lock_does_not_leak(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is refused, no file stays open."""
    n_open = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a number
    with create_run("photos", Path("run")) as run:
        (run / "last.npz").write_text("")
        for _ in range(3):
            with pytest.raises(UsageError):
                create_run("photos", Path("run"))
    with pytest.raises(UsageError):
        create_run("photos", Path("run"))
    assert n_open == len(os.listdir("/proc/self/fd"))  # noqa: PTH208


# ---------------------------------------------------------------------------------------------------- what is left over


@needs_locks
def test_temporary_files_of_a_killed_run_are_removed() -> None:
    """Those that look like ours, and no others."""
    Path("run").mkdir()
    for name in (".nncli-0123abcd.tmp", ".nncli-00000000.tmp", ".editor.tmp", "last.npz.tmp", "last.npz"):
        Path("run", name).write_text("")
    with RunDirectory(Path("run")):
        assert {".editor.tmp", "last.npz.tmp", "last.npz", ".lock"} == names_in(Path("run"))


@needs_locks
def test_a_run_that_was_killed_in_its_first_save_is_empty() -> None:
    """Its directory can be used again without --force."""
    Path("run").mkdir()
    Path("run/.lock").write_text("")
    Path("run/.nncli-00000000.tmp").write_text("half")
    with create_run("photos", Path("run")):
        assert {".lock"} == names_in(Path("run"))


def test_a_run_that_was_killed_before_its_first_checkpoint_is_empty() -> None:
    """There is only its config, of which nothing was trained; a config alone is somebody's file."""
    Path("run").mkdir()
    Path("run/config.yaml").write_text("data: {}")
    with pytest.raises(UsageError, match="is not empty"):
        create_run("photos", Path("run"))
    Path("run/.lock").write_text("")
    create_run("photos", Path("run")).close()
    Path("run/history.csv").write_text("")
    with pytest.raises(UsageError, match="is not empty"):
        create_run("photos", Path("run"))


def test_a_new_run_that_failed_before_its_first_checkpoint_leaves_nothing() -> None:
    """Its config goes, too."""
    with pytest.raises(RuntimeError), create_run("photos") as run:
        (run / "config.yaml").write_text("data: {}")
        raise RuntimeError
    assert set() == names_in(Path("runs"))


def test_a_run_that_wrote_nothing_leaves_nothing() -> None:
    """Bad images, for example, use up no number."""
    with pytest.raises(RuntimeError), create_run("photos"):
        raise RuntimeError
    assert set() == names_in(Path("runs"))
    with create_run("photos", Path("run")):
        pass
    assert not Path("run").exists()


def test_a_run_that_wrote_something_stays() -> None:
    """However it ended."""
    with pytest.raises(RuntimeError), create_run("photos") as run:
        (run / "last.npz").write_text("")
        raise RuntimeError
    assert {"last.npz", ".lock"} == names_in(Path("runs/photos-1"))


def test_a_directory_that_was_there_before_stays() -> None:
    """The user may have made it with a mode of its own."""
    Path("run").mkdir()
    create_run("photos", Path("run")).close()
    assert Path("run").is_dir()


# ------------------------------------------------------------------------------------------------------- the latest run


def make_run(name: str, seconds: int, last: bool = True) -> None:
    """A run directory that was changed so many seconds after the beginning of time."""
    path = Path("runs", name)
    path.mkdir(parents=True)
    if last:
        (path / "last.npz").write_text("")
    os.utime(path, (seconds, seconds))


def test_the_latest_run_is_the_one_changed_last() -> None:
    """By time, and by number where the times are equal; what cannot be resumed does not count."""
    assert latest_run() is None
    make_run("photos-2", 100)
    make_run("photos-10", 100)
    make_run("photos-11", 300, last=False)
    make_run("digits-1", 200)
    assert Path("runs/digits-1") == latest_run()
    assert Path("runs/photos-10") == latest_run("photos")
    assert latest_run("cats") is None


def test_the_latest_run_of_a_config_with_odd_characters() -> None:
    """The config's name is not a pattern."""
    make_run("a.c-1", 100)
    make_run("abc-1", 200)
    make_run("a.c-1-1", 300)
    assert Path("runs/a.c-1") == latest_run("a.c")


def test_the_documentation_of_the_files_is_complete() -> None:
    """The module's first lines list every file."""
    import nncli.run.directory

    assert set(FILES) == set(re.findall(r"^    (\S+\.\w+) ", nncli.run.directory.__doc__ or "", re.MULTILINE))
