"""Several processes do what one does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.data import decoding_worker
from nncli.data.decoding_pool import CRASHED
from nncli.data.image.decoding import decode_image
from nncli.data.image.image_format import ImageFormat
from nncli.data.loading import FEW, load_images
from nncli.errors import Interrupted
from tests.data.pictures import encode, noise
from tests.without import needs_fork

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FORMAT = ImageFormat(3, 4, "rgb", "stretch")

pytestmark = [needs_fork, pytest.mark.skipif(sys.platform != "linux", reason="one process elsewhere")]


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

    monkeypatch.setattr(decoding_worker, "decode_image", slowly)
    load_images(write(tmp_path, 200), FORMAT, processes=3)
    assert 3 == len(list(tmp_path.glob("seen-by-*")))


@pytest.mark.parametrize("place", [0, 70, 149])
def test_a_file_that_crashes_its_decoder_is_a_bad_image(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All others are decoded; since the kernel may have ended it for lack of memory, another time it may pass."""

    def crash(path: str, image_format: ImageFormat) -> NDArray[np.uint8]:
        if path.endswith(f"/{place}.png"):
            os.kill(os.getpid(), signal.SIGKILL)
        return decode_image(path, image_format)

    monkeypatch.setattr(decoding_worker, "decode_image", crash)
    loaded = load_images(write(tmp_path, 150, frozenset({3})), FORMAT, processes=2)
    bad = {3: "empty file", place: str(CRASHED)}
    assert [bad[i] for i in sorted(bad)] == [image.reason for image in loaded.bad]
    assert [i == place for i in sorted(bad)] == [image.may_pass for image in loaded.bad]
    good = [i for i in range(150) if i not in bad]
    assert [noise(3, 4, i).ravel().tolist() for i in good] == loaded.pixels.tolist()
    assert good == loaded.kept.tolist()
    assert "" == children()


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
        "from nncli.data import decoding_worker as d, loading\n"
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
        assert process.pid != int(process.stdout.readline())
        process.kill()
        process.stdout.read()  # ends when the children have closed their ends, too
    assert -signal.SIGKILL == process.returncode


def test_for_few_files_one_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are not worth their start."""
    monkeypatch.setattr(os, "fork", lambda: pytest.fail("forked"))
    load_images(write(tmp_path, FEW - 1), FORMAT)


def test_without_permission_to_fork_the_parent_does_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a limit on the number of processes."""

    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", refuse)
    assert 70 == len(load_images(write(tmp_path, 70), FORMAT, processes=3).pixels)
