"""The program as a process among others: pipes, full disks, closed streams, signals."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.tiny import NNCLI, process, shell, write_image, write_three
from tests.without import SIGHUP, needs_sighup

RECORD = "black.png\tcoal\t0.7000\n"


@pytest.fixture(autouse=True)
def _files() -> None:
    write_three(Path("model.npz"))
    write_image(Path("black.png"), 0)


def start(*args: str) -> subprocess.Popen[str]:
    """The program, waiting for names on stdin; its output is buffered, whatever the tests' own is."""
    command = [*NNCLI, "predict", "--files-from", "-", *args]
    pipe = subprocess.PIPE
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, bufsize=1, env=environment)


def test_the_exit_code_reaches_the_shell() -> None:
    """0, 1, 2, 3 as documented."""
    codes = [process(*args).returncode for args in (["schema"], ["predict", "black.png", "-m", "x"], ["fit"])]
    assert [0, 1, 2] == codes
    assert 3 == process("predict", "x.png").returncode


def test_the_first_record_comes_while_the_list_is_still_open() -> None:
    """And so does every further one."""
    with start() as program:
        assert program.stdin is not None
        assert program.stdout is not None
        for _ in range(3):
            program.stdin.write("black.png\n")
            assert select.select([program.stdout], [], [], 100)[0], "the record does not come"
            assert RECORD == program.stdout.readline()
        program.stdin.close()
        assert "" == program.stdout.read()
    assert 0 == program.returncode


@pytest.mark.parametrize("reader", ["head -n 1", "true"])
def test_a_reader_that_has_enough_is_no_error(reader: str) -> None:
    """Silent, also in the last flush of the interpreter; the names would never end."""
    result = shell(f"set -o pipefail; $NNCLI predict --files-from <(yes black.png) | {reader}")
    assert (0, "") == (result.returncode, result.stderr)


def test_a_reader_that_does_not_want_the_help_is_no_error() -> None:
    """Too little output to notice before the end."""
    result = shell("set -o pipefail; $NNCLI --help | true; $NNCLI predict black.png | true")
    assert (0, "") == (result.returncode, result.stderr)


@pytest.mark.parametrize(
    "command",
    ["predict black.png", "predict -f table black.png", "predict --files-from <(yes black.png)", "--help", "schema"],
)
def test_a_full_disk_is_an_error(command: str) -> None:
    """One line, whether the output is short or endless."""
    result = shell(f"$NNCLI {command} > /dev/full")
    assert (1, "nncli: standard output: No space left on device\n") == (result.returncode, result.stderr)


def test_a_closed_stdout_is_an_error() -> None:
    """Results that nobody gets are no success."""
    result = shell("$NNCLI predict black.png >&-")
    assert (1, "nncli: standard output is closed\n") == (result.returncode, result.stderr)


@pytest.mark.parametrize("closed", ["2>&-", "2> /dev/full", "2> >(true)"])
def test_a_stderr_that_takes_nothing_does_not_cost_results(closed: str) -> None:
    """Only the messages are lost."""
    result = shell(f"$NNCLI predict x.png black.png {closed}")
    assert (3, "x.png\t\t\n" + RECORD) == (result.returncode, result.stdout)


@pytest.mark.parametrize("command", ["predict -", "predict --files-from -"])
def test_a_closed_stdin_is_an_error(command: str) -> None:
    """One line."""
    result = shell(f"$NNCLI {command} <&-")
    assert 1 == result.returncode
    assert result.stderr.startswith("nncli: standard input")
    assert 1 == result.stderr.count("\n")


@pytest.mark.parametrize(
    ("number", "code", "message"),
    [
        (signal.SIGINT, 130, "nncli: interrupted\n"),
        (signal.SIGTERM, 143, ""),
        pytest.param(SIGHUP, 129, "", marks=needs_sighup),
    ],
)
def test_a_signal_ends_it_and_leaves_no_half_file(number: signal.Signals, code: int, message: str) -> None:
    """No traceback, the old output as it was, and no temporary file."""
    Path("out.tsv").write_text("old")
    with start("-o", "out.tsv") as program:
        assert program.stdin is not None
        assert program.stderr is not None
        program.stdin.write("x.png\n")
        assert "nncli: x.png: No such file or directory\n" == program.stderr.readline()  # it is running
        program.send_signal(number)
        assert code == program.wait(250)
        assert message == program.stderr.read()
    assert "old" == Path("out.tsv").read_text()
    assert {"model.npz", "black.png", "out.tsv"} == {path.name for path in Path().iterdir()}


def test_a_full_disk_leaves_the_old_output() -> None:
    """The file size limit of the shell stands for the disk."""
    Path("out.tsv").write_text("old")
    result = shell("trap '' XFSZ; ulimit -f 1; $NNCLI predict --files-from <(yes black.png | head -n 200) -o out.tsv")
    assert 1 == result.returncode
    assert "nncli: out.tsv: cannot be written: File too large\n" == result.stderr
    assert "old" == Path("out.tsv").read_text()
    assert {"model.npz", "black.png", "out.tsv"} == {path.name for path in Path().iterdir()}


def test_output_to_a_device_does_not_replace_it() -> None:
    """/dev/null stays a device."""
    assert 0 == process("predict", "black.png", "-o", "/dev/null").returncode
    assert not Path("/dev/null").is_file()


@pytest.mark.parametrize(
    "variables", ["LC_ALL=C", "PYTHONIOENCODING=latin-1", "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0"]
)
def test_class_names_are_printed_as_utf8_in_any_locale(variables: str) -> None:
    """A server's locale is no reason to fail."""
    write_three(Path("model.npz"), ("ผัดไทย", "b", "c"))
    assert "black.png\tผัดไทย\t0.7000\n" == shell(f"{variables} $NNCLI predict black.png").stdout
