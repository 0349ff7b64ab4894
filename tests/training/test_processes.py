"""Several processes train the same network as one."""

from __future__ import annotations

import errno
import itertools
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.errors import TrainingError
from nncli.machine.cores import CAN_DIVIDE_BATCHES
from nncli.network.initialization import initialize
from nncli.network.optimization import Adam, GradientDescent, Momentum, RMSprop
from nncli.network.parameters import Parameters
from nncli.training import processes as processes_module
from nncli.training import shared_memory
from nncli.training.communicator import Communicator, SingleProcess
from nncli.training.loop import Trainer
from nncli.training.mixing import Mixing
from nncli.training.pace import Pace
from nncli.training.processes import ForkedMembers, ForkedProcesses, choose_size, make_communicator
from nncli.training.schedules import LearningRate
from nncli.training.settings import Settings
from nncli.training.shared_memory import ALIGNMENT
from tests.training.test_loop import batches, without_seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.skipif(not CAN_DIVIDE_BATCHES, reason="needs Linux on x86-64")

DIMS = (6, 40, 30, 3)  # more parameters than two parts of one cache line


def adamw(theta: Any, zeros_like: Any) -> Adam:
    """AdamW whose decay ends in the middle of a process's part."""
    return Adam(theta, 6 * 40 + 40 * 30 + 30 * 3, weight_decay=0.1, zeros_like=zeros_like)


OPTIMIZERS: dict[str, Callable[[Any, Any], Any]] = {
    "gradient_descent": lambda _theta, _zeros: GradientDescent(),
    "momentum": lambda theta, zeros: Momentum(theta, zeros_like=zeros),
    "nesterov": lambda theta, zeros: Momentum(theta, nesterov=True, zeros_like=zeros),
    "rmsprop": lambda theta, zeros: RMSprop(theta, zeros_like=zeros),
    "adam": lambda theta, zeros: Adam(theta, zeros_like=zeros),
    "adamw": adamw,
}


def trainer(
    processes: int,
    optimizer: str = "adam",
    epochs: int = 3,
    batch_size: int = 16,
    normalization: str = "none",
    n_members: int = 1,
    dims: tuple[int, ...] = DIMS,
    communicator: Communicator | None = None,
    **options: Any,
) -> Trainer:
    """A small training, always the same, by so many processes."""
    communicator = communicator or (ForkedProcesses(processes) if processes > 1 else SingleProcess())
    parameters = Parameters(dims, np.float64, normalization=normalization, n_members=n_members)
    parameters = parameters.like(flat=communicator.zeros_like(parameters.flat))
    initialize(parameters, np.random.default_rng(0))
    made = OPTIMIZERS[optimizer](parameters.learned, communicator.zeros_like)
    training_set = batches(batch_size=batch_size)
    rate = LearningRate(0.02, "constant", epochs, len(training_set))
    settings = Settings(epochs, **options)
    return Trainer(parameters, made, rate, training_set, batches(30, 7, seed=1), settings, communicator)


@pytest.mark.parametrize("processes", [2, 3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_result_is_that_of_one_process(optimizer: str, processes: int) -> None:
    """Half batches summed are the whole batch: parameters, state and history agree within rounding."""
    options: dict[str, Any] = {"l2": 0.01, "dropout": 0.3, "gradient_clip_norm": 0.5, "label_smoothing": 0.1}
    options |= {"normalization": "layer", "mixing": Mixing("cutout")}  # which do not look at other examples
    options["class_weights"] = np.array([1.0, 2.0, 0.5])
    one, many = trainer(1, optimizer, **options), trainer(processes, optimizer, **options)
    histories = [without_seconds(list(each.run())) for each in (one, many)]
    np.testing.assert_allclose(one.parameters.flat, many.parameters.flat, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(np.array(histories[0], float), np.array(histories[1], float), rtol=1e-9)
    for name, vector in one.optimizer.state.items():
        np.testing.assert_allclose(vector, many.optimizer.state[name], rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("processes", [2, 3])
def test_batch_statistics_are_those_of_the_whole_batch(processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each layer is normalized over the examples of all, also where sums do not fit into one meeting."""
    monkeypatch.setattr(shared_memory, "NUMBERS", 9)
    options: dict[str, Any] = {"normalization": "batch", "mixing": Mixing("mixup")}  # with partners of other processes
    one, many = (trainer(n, batch_size=59, **options) for n in (1, processes))
    histories = [without_seconds(list(each.run())) for each in (one, many)]
    np.testing.assert_allclose(one.parameters.flat, many.parameters.flat, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(np.array(histories[0], float), np.array(histories[1], float), rtol=1e-6)


def test_running_statistics_may_belong_to_several_processes() -> None:
    """Each moves those of its own part, once."""
    options: dict[str, Any] = {"epochs": 3, "batch_size": 60, "normalization": "batch", "dims": (6, *[1] * 100, 3)}
    one, many = trainer(1, **options), trainer(4, **options)
    for each in (one, many):
        each.learning_rate = LearningRate(1e-14, "constant", 3, 1)  # only the statistics move
        list(each.run())
    many.communicator.shares = [3]
    (last,) = many.communicator.parts(one.parameters.flat.size)
    assert one.parameters.learned.size < last.start  # or nothing is seen
    np.testing.assert_allclose(one.parameters.mean[1], many.parameters.mean[1], rtol=1e-9)


def test_an_ensemble_is_divided_like_one_network() -> None:
    """Parts of the vector need not end between members."""
    one, many = trainer(1, n_members=2, dropout=0.2), trainer(3, n_members=2, dropout=0.2)
    list(one.run())
    list(many.run())
    np.testing.assert_allclose(one.parameters.flat, many.parameters.flat, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("numbers", [(2,), (3, 2, 1, 3)])
def test_members_of_an_ensemble_learn_as_in_one_process(
    numbers: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all that looks at the whole batch; to the bit, whoever computes which of them, also stopped and resumed."""
    monkeypatch.setattr(processes_module, "NUMBERS", 9)  # votes that do not fit into one meeting
    options: dict[str, Any] = {"l2": 0.01, "dropout": 0.3, "gradient_clip_norm": 0.5, "normalization": "batch"}
    options |= {"mixing": Mixing("mixup"), "label_smoothing": 0.1, "epochs": 4, "n_members": 3}
    alone = ForkedMembers(3, 1)
    one, steady = trainer(1, "adamw", **options), trainer(1, "adamw", communicator=alone, **options)
    many = trainer(1, "adamw", communicator=ForkedMembers(3, numbers[0], Alternating(*numbers)), **options)
    histories = [without_seconds(list(each.run())) for each in (one, steady)]
    np.testing.assert_allclose(np.array(histories[0], float), np.array(histories[1], float), rtol=1e-9)
    np.testing.assert_allclose(one.parameters.flat, steady.parameters.flat, rtol=1e-9, atol=1e-12)
    asked = iter(range(1000))
    list(many.run(should_stop=lambda: next(asked) == 6))
    list(many.run())
    assert histories[1] == without_seconds(many.state.history)
    np.testing.assert_array_equal(steady.parameters.flat, many.parameters.flat)
    for name, vector in steady.optimizer.state.items():
        np.testing.assert_array_equal(vector, many.optimizer.state[name])


def test_the_same_number_of_processes_gives_the_same_bits() -> None:
    """Whatever the processes' timing."""
    ends = []
    for _ in range(3):
        made = trainer(2, epochs=10)
        list(made.run())
        ends.append(made.parameters.flat.copy())
    np.testing.assert_array_equal(ends[0], ends[1])
    np.testing.assert_array_equal(ends[0], ends[2])


class Alternating(Pace):
    """So many processes for one step each, over and over."""

    def __init__(self, *numbers: int) -> None:
        super().__init__(numbers[-1])
        self.numbers = itertools.cycle(numbers)

    def after_step(self, _seconds: float, _lost: float) -> int:
        """The next number."""
        return next(self.numbers)


@pytest.mark.parametrize("numbers", [(1, 1, 3, 2, 3), (1,)])
def test_who_computes_the_shares_changes_no_bit(numbers: tuple[int, ...]) -> None:
    """Three shares, by three processes or by fewer in turn: parameters, state and history are the same."""
    options: dict[str, Any] = {"l2": 0.01, "dropout": 0.3, "gradient_clip_norm": 0.5, "normalization": "layer"}
    options |= {"mixing": Mixing("mixup"), "epochs": 4, "n_members": 2}
    steady, changing = trainer(3, "adamw", **options), trainer(3, "adamw", **options)
    assert isinstance(changing.communicator, ForkedProcesses)
    changing.communicator._pace = Alternating(*numbers)
    expected = without_seconds(list(steady.run()))
    asked = iter(range(1000))
    list(changing.run(should_stop=lambda: next(asked) == 6))  # and stopped and continued on the way
    list(changing.run())
    assert expected == without_seconds(changing.state.history)
    np.testing.assert_array_equal(steady.parameters.flat, changing.parameters.flat)
    for name, vector in steady.optimizer.state.items():
        np.testing.assert_array_equal(vector, changing.optimizer.state[name])
    assert steady.state.rng.random() == changing.state.rng.random()


def test_where_no_process_can_be_added_those_that_are_there_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is alone trains to the end, and to the same bits."""
    steady, changing = trainer(2), trainer(2)
    list(steady.run())
    assert isinstance(changing.communicator, ForkedProcesses)
    changing.communicator._pace = Alternating(1, 2)
    forks, fork = itertools.count(1), os.fork

    def fork_once() -> int:
        if next(forks) > 1:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return fork()

    monkeypatch.setattr(os, "fork", fork_once)
    list(changing.run())
    np.testing.assert_array_equal(steady.parameters.flat, changing.parameters.flat)


def test_a_batch_smaller_than_the_number_of_processes() -> None:
    """A process without an example adds nothing and breaks nothing."""
    one, many = trainer(1, batch_size=59, epochs=2), trainer(3, batch_size=59, epochs=2)  # 59 and 1
    list(one.run())
    list(many.run())
    np.testing.assert_allclose(one.parameters.flat, many.parameters.flat, rtol=1e-9)


@pytest.mark.parametrize("stop_after", [1, 3, 4, 6])
def test_all_stop_together_and_go_on(stop_after: int) -> None:
    """Process 0 hears the wish to stop; the others end with it, and a second run continues to the bit."""
    options: dict[str, Any] = {"dropout": 0.3, "normalization": "batch", "mixing": Mixing("mixup")}
    straight, stopped = trainer(2, **options), trainer(2, **options)
    expected = without_seconds(list(straight.run()))
    asked = iter(range(1000))
    list(stopped.run(should_stop=lambda: next(asked) >= stop_after - 1))
    assert 0 < stopped.state.epoch * 4 + stopped.state.batch <= stop_after
    list(stopped.run())
    assert expected == without_seconds(stopped.state.history)
    np.testing.assert_array_equal(straight.parameters.flat, stopped.parameters.flat)


def test_only_process_0_is_asked_whether_to_stop() -> None:
    """A time limit that is over in another one, a moment later, does not take it away from the others."""
    asked_first = os.getpid()
    results = trainer(2).run(should_stop=lambda: os.getpid() != asked_first)
    assert [1, 2, 3] == [result.epoch for result in results]


def test_only_one_process_reports(tmp_path: Path) -> None:
    """A progress bar is moved once for every batch, however many processes work on it."""
    log = tmp_path / "log"

    def report(m: int) -> None:
        with log.open("a") as file:
            file.write(f"{m}\n")

    results = list(trainer(3, epochs=2).run(on_batch=report))
    assert ["16", "16", "16", "12"] * 2 == log.read_text().split()
    assert [1, 2] == [result.epoch for result in results]


def children() -> list[str]:
    """Processes forked from this one that have not been waited for."""
    return subprocess.run(["pgrep", "-P", str(os.getpid())], capture_output=True, text=True, check=False).stdout.split()


def test_no_process_is_left_behind() -> None:
    """Not after a full run, not after a reader that lost interest, not after an error."""
    before = len(children())
    list(trainer(3).run())
    half = trainer(3, epochs=50).run()
    next(half)
    half.close()  # type: ignore[attr-defined]
    failing = trainer(3, "gradient_descent", epochs=50)
    failing.learning_rate = LearningRate(1e200, "constant", 50, 4)
    with pytest.raises(TrainingError, match="not finite"):
        list(failing.run())
    assert before == len(children())  # pgrep itself is always one of them


def test_too_many_processes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line with the way out; those that were started already do not stay."""
    before, forks, fork = len(children()), itertools.count(1), os.fork

    def fork_once() -> int:
        if next(forks) == 2:
            raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
        return fork()

    monkeypatch.setattr(os, "fork", fork_once)
    with pytest.raises(
        TrainingError, match=r"^cannot start another process: Resource .*; set training\.processes to 1$"
    ):
        list(trainer(3).run())
    assert before == len(children())


def test_a_helper_that_is_killed_is_told() -> None:
    """A process that dies, for lack of memory perhaps, ends the training with an error instead of a wait for ever."""
    made = trainer(2, epochs=10_000)
    running = made.run()
    next(running)
    communicator = made.communicator
    assert isinstance(communicator, ForkedProcesses)
    (helper,) = communicator._helpers._running
    os.kill(helper, signal.SIGKILL)
    with pytest.raises(TrainingError, match="ended unexpectedly"):
        list(running)


def test_a_helper_that_came_to_the_meeting_may_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its last meeting, which process 0 may hear of later than of the end."""
    monkeypatch.setattr(shared_memory, "EAGER_LOOKS", -1)
    monkeypatch.setattr(shared_memory, "SLEEP", 0.3)  # the helper comes and goes meanwhile
    communicator = ForkedProcesses(2)

    def come_late(_gradients: Any) -> None:
        time.sleep(0.05)
        communicator.finish_step(False)

    with communicator.helped(np.zeros(3), come_late):
        assert not communicator.finish_step(False)


def test_helpers_end_when_their_parent_is_killed() -> None:
    """kill -9 of the parent leaves nobody who waits for it for ever."""
    program = (
        "from tests.training.test_processes import trainer\n"
        "for r in trainer(2, epochs=10**9).run(): print(r.epoch, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert "1\n" == parent.stdout.readline()
        helpers = subprocess.run(["pgrep", "-P", str(parent.pid)], capture_output=True, text=True, check=True)
        helper = int(helpers.stdout)
        parent.kill()
        parent.wait(250)
    for _ in range(100):
        try:
            os.kill(helper, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the helper still runs")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((101_632, 128, 14_000, 2), 2),  # 784-128-10, worth sharing
        ((101_632, 128, 2_814, 2), 2),  # the same for six epochs of 60,000 images: a second and a half of a core
        ((101_632, 128, 14_000, 64), 8),  # sixteen examples each
        ((101_632, 128, 14_000, 1), 1),  # one core
        ((503_045, 32, 360, 2), 1),  # photos in their span: seconds, even where two processes wait for each other
        ((24, 4, 300, 2), 1),  # XOR: too little work in a step
        ((50_816, 32, 810, 2), 1),  # the digits of the samples: over before it pays
        ((50_000_000, 8, 4_000, 2), 1),  # too few examples
    ],
)
def test_processes_are_used_where_they_pay(arguments: tuple[int, int, int, int], expected: int) -> None:
    """By weights, batch size, steps and cores."""
    assert expected == choose_size(*arguments)


def test_the_number_that_is_written_is_taken() -> None:
    """Whether it pays or not."""
    assert 3 == make_communicator(3, 24, 4, 10).size
    assert 1 == make_communicator("auto", 24, 4, 10).size
    assert 3 == make_communicator("auto", 24, 4, 10, 3).size  # a run that is resumed


@pytest.mark.parametrize(
    ("setting", "n_members", "cores", "n_pieces", "expected"),
    [
        ("auto", 5, 2, None, (ForkedMembers, 5, 2)),
        ("auto", 2, 8, None, (ForkedProcesses, 8, 8)),  # more processes share a batch than there are members
        ("auto", 1, 2, None, (ForkedProcesses, 2, 2)),
        ("auto", 5, 1, None, (SingleProcess, 1, None)),
        (3, 5, 8, None, (ForkedMembers, 5, 3)),
        (1, 5, 8, None, (SingleProcess, 1, None)),
        ("auto", 5, 2, 1, (SingleProcess, 1, None)),  # resumed, from before members were divided
        ("auto", 5, 2, 2, (ForkedProcesses, 2, 2)),  # likewise
        ("auto", 5, 1, 0, (ForkedMembers, 5, 1)),  # resumed where there is one core
        (8, 5, 2, 0, (ForkedMembers, 5, 5)),
    ],
)
def test_an_ensemble_is_divided_where_it_keeps_every_core_busy(
    setting: str | int,
    n_members: int,
    cores: int,
    n_pieces: int | None,
    expected: tuple[type, int, int | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise every batch is; what a checkpoint says is done again."""
    monkeypatch.setattr(processes_module, "usable_cores", lambda: cores)
    made = make_communicator(setting, 10**6, 128, 10**4, n_pieces, n_members=n_members)
    assert expected == (type(made), made.size, getattr(made, "_n_processes", None))
    assert n_pieces in (None, made.forked)


def test_where_memory_cannot_be_shared_safely_one_process_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked for: elsewhere one process may see another's writes out of order."""
    monkeypatch.setattr(processes_module, "CAN_DIVIDE_BATCHES", False)
    assert isinstance(make_communicator(3, 24, 4, 10), SingleProcess)
    assert isinstance(make_communicator("auto", 10**9, 128, 10**9), SingleProcess)


def test_parts_cover_everything_once() -> None:
    """Shares of a batch and parts of the parameters are disjoint and complete; parts begin between cache lines."""
    processes = ForkedProcesses(3)
    processes.shares = range(3)
    for size in (0, 1, 5, 64, 1000, 101_770):
        shares, parts = [], []
        for number, part in enumerate(processes.parts(size)):
            shares += list(range(size))[processes.share(number, size)]
            parts += list(range(size))[part]
            assert part.start % ALIGNMENT == 0 or part.start == size
        assert list(range(size)) == shares == parts
