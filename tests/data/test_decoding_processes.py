"""Several processes do what one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.data import decoding_processes
from nncli.data.decoding_processes import number_of_processes
from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.loading import FEW, load_images
from nncli.errors import DataError, Interrupted
from tests.data.pictures import encode, noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = ImageFormat(3, 4, "rgb", "stretch")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")


def write(folder: Path, n: int, bad_ones: frozenset[int] = frozenset()) -> list[str]:
    """Write `n` images, some of them bad, and return their paths."""
    for i in range(n):
        (folder / f"{i}.png").write_bytes(b"" if i in bad_ones else encode(noise(3, 4, i), "PNG"))
    return [str(folder / f"{i}.png") for i in range(n)]


def children() -> str:
    """Process ids of the children of this process."""
    return "".join(path.read_text() for path in Path("/proc/self/task").glob("*/children"))


@pytest.mark.parametrize("processes", [2, 3, 8])
def test_processes_find_what_one_finds(processes: int, tmp_path: Path) -> None:
    """The same pixels in the same order, the same bad images with the same reasons."""
    paths = [*write(tmp_path, 150, frozenset({0, 31, 32, 77, 149})), str(tmp_path / "missing.png"), str(tmp_path)]
    expected, found = load_images(paths, FORMAT, processes=1), load_images(paths, FORMAT, processes=processes)
    assert expected.pixels.tolist() == found.pixels.tolist()
    assert expected.kept.tolist() == found.kept.tolist()
    assert expected.bad == found.bad
    assert 7 == len(found.bad)
    assert [bad.may_pass for bad in expected.bad] == [bad.may_pass for bad in found.bad]
    assert "" == children()


def test_progress_counts_the_files_of_all(tmp_path: Path) -> None:
    """Every file once, bad ones too."""
    finished: list[int] = []
    load_images(write(tmp_path, 100, frozenset({3})), FORMAT, finished.append, processes=3)
    assert 100 == sum(finished)
    assert all(count > 0 for count in finished)


def test_every_process_takes_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No one does all the work."""

    def slowly(path: str, image_format: ImageFormat) -> NDArray[np.uint8]:
        time.sleep(0.002)
        (tmp_path / f"seen-by-{os.getpid()}").touch()
        return decode_image(path, image_format)

    monkeypatch.setattr(decoding_processes, "decode_image", slowly)
    load_images(write(tmp_path, 200), FORMAT, processes=3)
    assert 3 == len(list(tmp_path.glob("seen-by-*")))


def test_more_files_than_numbers_fit_into_the_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks grow instead."""
    monkeypatch.setattr(decoding_processes, "MOST_CHUNKS", 3)
    paths = write(tmp_path, 151)
    assert [noise(3, 4, i).ravel().tolist() for i in range(151)] == load_images(
        paths, FORMAT, processes=2
    ).pixels.tolist()


def test_a_killed_process_is_an_error_that_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a decoder that crashes, or the kernel when memory is short, does to it; nobody waits for ever."""
    parent = os.getpid()

    def crash(path: str, image_format: ImageFormat) -> NDArray[np.uint8]:
        if os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.001)
        return decode_image(path, image_format)

    monkeypatch.setattr(decoding_processes, "decode_image", crash)
    with pytest.raises(DataError, match=r"\d+\.png: the process that decoded it was killed by signal 9"):
        load_images(write(tmp_path, 200), FORMAT, processes=3)
    assert "" == children()


def test_an_unexpected_error_in_a_process_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not run on with the parent's code."""
    parent = os.getpid()

    def fail(path: str, image_format: ImageFormat) -> NDArray[np.uint8]:
        if os.getpid() != parent:
            raise RuntimeError
        time.sleep(0.001)
        return decode_image(path, image_format)

    monkeypatch.setattr(decoding_processes, "decode_image", fail)
    with pytest.raises(DataError, match="the process that decoded it failed"):
        load_images(write(tmp_path, 200), FORMAT, processes=2)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Interrupted(signal.SIGTERM), ValueError()])
def test_an_interruption_ends_all_processes_at_once(error: BaseException, tmp_path: Path) -> None:
    """None is left, and none is waited for."""

    def interrupt(_n: int) -> None:
        raise error

    with pytest.raises(type(error)):
        load_images(write(tmp_path, 300), FORMAT, interrupt, processes=4)
    assert "" == children()


def test_no_file_descriptor_is_left_open(tmp_path: Path) -> None:
    """Neither after success nor after an error."""
    paths = write(tmp_path, 100)

    def interrupt(_n: int) -> None:
        raise KeyboardInterrupt

    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    load_images(paths, FORMAT, processes=3)
    with pytest.raises(KeyboardInterrupt):
        load_images(paths, FORMAT, interrupt, processes=3)
    assert before == len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def test_processes_end_when_their_parent_is_gone(tmp_path: Path) -> None:
    """Even if it could not tell them."""
    write(tmp_path, 1)
    program = (
        "import os, sys, time\n"
        "from nncli.data import decoding_processes as d, loading\n"
        "from nncli.data.image.image_format import ImageFormat\n"
        "parent, decode = os.getpid(), d.decode_image\n"
        "def slow(*a):\n"
        "    if os.getpid() != parent: print(os.getpid(), flush=True)\n"
        "    time.sleep(0.02)\n"
        "    return decode(*a)\n"
        "d.decode_image = slow\n"
        "loading.load_images([sys.argv[1]] * 5000, ImageFormat(3, 4, 'rgb', 'stretch'), processes=2)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "0.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        os.kill(child, signal.SIGTERM)  # ignored: the parent decides
        assert child == int(process.stdout.readline())
        process.kill()
        process.stdout.read()  # ends when the child has closed its end, too
    assert -signal.SIGKILL == process.returncode


def test_few_files_and_running_threads_mean_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fork with threads can lock up; for a few files it is not worth it."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(64)))
    assert 8 == number_of_processes()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert 1 == number_of_processes()
    end.set()
    thread.join()
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    load_images(write(tmp_path, FEW - 1), FORMAT)


def test_without_permission_to_fork_the_parent_does_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a limit on the number of processes."""

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    assert 70 == len(load_images(write(tmp_path, 70), FORMAT, processes=3).pixels)
