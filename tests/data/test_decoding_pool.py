"""Worker processes that decode: the same pixels in the same order, whatever happens to a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.data import decoding_pool, decoding_worker
from nncli.data.decoding_pool import CHUNK_SIZE, CRASHED, DEPTH, DecodingPool
from nncli.data.decoding_worker import Task, Worker
from nncli.data.image.decoding import ImageError, decode_image
from nncli.data.image.image_format import ImageFormat
from tests.cli.tiny import shell, write_image, write_three
from tests.without import needs_fork

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

pytestmark = [needs_fork, pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")]

FORMAT = ImageFormat(2, 3, "grayscale", "stretch")
KILLER = "killer.png"
MISSING = "No such file or directory"


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """Paths of 100 images, number i all of gray i."""
    for i in range(100):
        Image.new("L", (3, 2), i).save(tmp_path / f"{i}.png")
    return [str(tmp_path / f"{i}.png") for i in range(100)]


@pytest.fixture
def _killer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that ends the process that decodes it, as a bug in a codec may."""
    parent = os.getpid()

    def decode(source: str | bytes, image_format: ImageFormat) -> NDArray[np.uint8]:
        if isinstance(source, str) and source.endswith(KILLER):
            assert os.getpid() != parent, "decoded in the parent"
            os.kill(os.getpid(), signal.SIGKILL)
        return decode_image(source, image_format)

    monkeypatch.setattr(decoding_worker, "decode_image", decode)


def chunked(sources: list[str | bytes], size: int) -> list[list[str | bytes]]:
    """`sources` in chunks."""
    return [sources[i : i + size] for i in range(0, len(sources), size)]


def decoded(sources: list[str], n_workers: int, size: int = 7) -> list[int | str]:
    """For each source its gray, or the reason why there is none."""
    found: list[int | str] = []
    with DecodingPool(FORMAT, n_workers) as pool:
        for pixels, reasons in pool.decode(chunked([*sources], size)):
            grays = iter(pixels.copy())
            found += [reason or int(next(grays)[0]) for reason in reasons]
            assert next(grays, None) is None
    return found


def is_alive(pid: int) -> bool:
    """Whether there is such a process, and it is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    """The processes that `pid` has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def wait_for(condition: object) -> bool:
    """Whether `condition`, a function, becomes true within some seconds."""
    assert callable(condition)
    for _ in range(500):
        if condition():
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize("n_workers", [0, 1, 2, 4])
@pytest.mark.parametrize("size", [1, 7, CHUNK_SIZE])
def test_in_the_order_of_the_input(files: list[str], n_workers: int, size: int) -> None:
    """For any number of workers and any size of chunks."""
    assert list(range(100)) == decoded(files, n_workers, size)


@pytest.mark.parametrize("n_workers", [0, 2])
def test_bad_images_have_a_reason_and_no_row(files: list[str], n_workers: int) -> None:
    """First, last, two in a row, and a chunk of nothing else."""
    bad = {0, 3, 4, 99, *range(14, 21)}
    sources = ["missing\udcff\n\t.png" if i in bad else path for i, path in enumerate(files)]
    assert [MISSING if i in bad else i for i in range(100)] == decoded(sources, n_workers)


def test_bytes_are_decoded_where_they_are(files: list[str]) -> None:
    """They do not travel through a pipe, and keep their place among paths."""
    sources: list[str | bytes] = [Path(path).read_bytes() if i % 5 == 0 else path for i, path in enumerate(files)]
    with DecodingPool(FORMAT, 2) as pool:
        rows = [pixels.copy() for pixels, _ in pool.decode(chunked(sources, 3))]
    np.testing.assert_array_equal(np.arange(100), np.concatenate(rows)[:, 0])


def test_nothing_to_do() -> None:
    """No chunks, no results."""
    assert [] == decoded([], 2)


def test_long_paths_do_not_block(files: list[str]) -> None:
    """More than a pipe holds, in both directions."""
    long = "./" * 2000
    sources = [long + "x" * 300 if i % 2 else path for i, path in enumerate(files * 5)]
    found = decoded(sources, 2, CHUNK_SIZE)
    assert ["File name too long", 98] == [found[1], found[498]]
    assert 500 == len(found)


def test_chunks_are_fetched_a_few_ahead(files: list[str]) -> None:
    """No more than the workers have room for, of an endless stream."""
    fetched: list[int] = []

    def endless() -> Iterator[list[str | bytes]]:
        while True:
            fetched.append(1)
            yield [files[0]]

    with DecodingPool(FORMAT, 2) as pool:
        for i, _ in zip(range(50), pool.decode(endless()), strict=False):
            assert len(fetched) <= i + 2 * DEPTH


@pytest.mark.parametrize("n_workers", [0, 2])
def test_what_is_computed_of_the_images_comes_in_their_place(files: list[str], n_workers: int) -> None:
    """By the process that decoded them; of bad images there is nothing."""

    def compute(pixels: NDArray[np.uint8], out: NDArray[np.float32]) -> None:
        out[:, 0], out[:, 1] = pixels[:, 0], os.getpid()

    sources: list[str | bytes] = [*files[:50], "missing.png", *files[50:]]
    found: list[float] = []
    processes: set[float] = set()
    with DecodingPool(FORMAT, n_workers, compute=compute, n_results=2) as pool:
        for values, reasons in pool.decode(chunked(sources, 7)):
            assert len([reason for reason in reasons if not reason]) == len(values)
            found += values[:, 0].tolist()
            processes |= set(values[:, 1].tolist())
    assert list(range(100)) == found
    assert (np.float32(os.getpid()) in processes) == (n_workers == 0)


# --------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.usefixtures("_killer")
@pytest.mark.parametrize("places", [[0], [50], [99], [0, 1, 2], list(range(0, 100, 9)), list(range(28, 42))])
def test_a_file_that_kills_its_worker_costs_one_image(files: list[str], places: list[int]) -> None:
    """All others are decoded, those too that the worker had before and after it."""
    sources = [f"x/{KILLER}" if i in places else path for i, path in enumerate(files)]
    assert [CRASHED if i in places else i for i in range(100)] == decoded(sources, 2)


def test_a_worker_that_is_killed_from_outside_is_replaced(files: list[str]) -> None:
    """As by the kernel, for lack of memory: nothing is lost and no file is blamed."""
    found: list[int] = []
    before = set(children(os.getpid()))
    with DecodingPool(FORMAT, 2) as pool:
        for number, (pixels, reasons) in enumerate(pool.decode(chunked([*files], 2))):
            found += pixels[:, 0].tolist()
            assert {""} == set(reasons)
            if number in (3, 20):
                os.kill((set(children(os.getpid())) - before).pop(), signal.SIGKILL)
                time.sleep(0.02)
    assert list(range(100)) == found


def test_an_error_that_is_no_image_error_is_a_crash(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in the decoder ends a worker without a traceback or a second copy of buffered output."""

    def broken(source: str | bytes, image_format: ImageFormat) -> NDArray[np.uint8]:
        raise RuntimeError("bug") if source == files[5] else ImageError("no")

    monkeypatch.setattr(decoding_worker, "decode_image", broken)
    assert [CRASHED if i == 5 else "no" for i in range(10)] == decoded(files[:10], 2)


def test_fewer_processes_than_wanted_do_it_too(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit on processes the work is done by those that could be started, or by none."""
    fork, allowed = os.fork, [0]

    def limited() -> int:
        if allowed[0] == 0:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        allowed[0] -= 1
        return fork()

    monkeypatch.setattr(os, "fork", limited)
    for allowed[0] in (0, 1):
        assert list(range(100)) == decoded(files, 3)


def test_a_lost_task_is_done_over(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that lives and does not answer to one of its tasks is not waited for, whether others follow or not."""
    monkeypatch.setattr(decoding_pool, "PATIENCE", 0.05)
    send = Worker.send

    def losing(worker: Worker, task: Task) -> None:
        if len(task.sources) > 1 and task.number in (3, 14) and task not in lost:
            lost.append(task)
            worker.waiting.append(task)
        else:
            send(worker, task)

    lost: list[Task] = []
    monkeypatch.setattr(Worker, "send", losing)
    assert list(range(100)) == decoded(files, 2)
    assert [3, 14] == [task.number for task in lost]


def test_a_dead_worker_whose_pipe_stays_open_is_noticed(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a stranger has inherited it."""
    monkeypatch.setattr(decoding_pool, "PATIENCE", 0.05)
    kept: list[int] = []
    pipe = os.pipe

    def kept_open() -> tuple[int, int]:
        reads, writes = pipe()
        kept.append(os.dup(writes))
        return reads, writes

    before = set(children(os.getpid()))
    monkeypatch.setattr(os, "pipe", kept_open)
    with DecodingPool(FORMAT, 2) as pool:
        stream = pool.decode(chunked([*files], 7))
        grays = next(stream)[0][:, 0].tolist()
        os.kill((set(children(os.getpid())) - before).pop(), signal.SIGKILL)
        grays += [gray for pixels, _ in stream for gray in pixels[:, 0].tolist()]
    for descriptor in kept:
        os.close(descriptor)
    assert list(range(100)) == grays


# ------------------------------------------------------------------------------------------------- nothing left behind


def test_no_process_and_no_open_file_is_left(files: list[str]) -> None:
    """At the end, after an error, and where the results are not wanted to the last."""
    before = children(os.getpid()), len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    decoded(files, 3)
    with DecodingPool(FORMAT, 3) as pool:
        next(pool.decode(chunked([*files], 3)))
    with pytest.raises(ZeroDivisionError), DecodingPool(FORMAT, 3) as pool:
        next(pool.decode(chunked([*files], 3)))
        _ = 1 / 0
    assert before == (children(os.getpid()), len(os.listdir("/proc/self/fd")))  # noqa: PTH208


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """SIGKILL gives it no chance to tell them."""
    write_three(tmp_path / "model.npz")
    write_image(tmp_path / "a.png", 0)
    script = (
        "import sys; from pathlib import Path; from nncli.model import predictor as inference\n"
        "from nncli.model.file import read_model\n"
        "inference.number_of_processes = lambda: 3\n"
        "endless = iter(lambda: ('a', 'a.png'), None)\n"
        "stream = inference.Predictor(read_model(Path('model.npz'))).predict(endless)\n"
        "next(stream); print('started', flush=True); sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert b"started\n" == program.stdout.readline()
        workers = children(program.pid)
        assert 3 == len(workers)
        program.kill()
        assert wait_for(lambda: not any(map(is_alive, workers)))


def test_a_reader_that_stops_leaves_no_message_and_no_process(tmp_path: Path) -> None:
    """`| head` on an endless list; the pipe of stderr closes only when the last process is gone."""
    write_three(tmp_path / "model.npz")
    write_image(tmp_path / "a.png", 0)
    result = shell(f"cd {tmp_path} && yes a.png | $NNCLI predict --files-from - | head -n 1000 | tail -n 1")
    assert ("a.png\tcoal\t0.7000\n", "") == (result.stdout, result.stderr)


def test_ctrl_c_is_one_line(tmp_path: Path) -> None:
    """The terminal sends it to all processes; the workers say nothing."""
    write_three(tmp_path / "model.npz")
    write_image(tmp_path / "a.png", 0)
    (tmp_path / "names").write_text("a.png\n" * 1_000_000)
    with subprocess.Popen(
        [sys.executable, "-m", "nncli", "predict", "--files-from", "names"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as program:
        assert program.stdout is not None
        assert b"a.png\tcoal\t0.7000\n" == program.stdout.readline()
        os.killpg(program.pid, signal.SIGINT)
        _, messages = program.communicate(timeout=250)
    assert (130, b"nncli: interrupted\n") == (program.returncode, messages)
