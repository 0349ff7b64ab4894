"""The communicator: one process has nothing to add, and the loop hands over every gradient."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.network.optimization import GradientDescent
from nncli.network.parameters import Parameters
from nncli.training.communicator import Communicator, SingleProcess
from nncli.training.loop import Settings, Trainer
from nncli.training.schedules import LearningRate
from tests.training.test_loop import DIMS, batches

if TYPE_CHECKING:
    from nncli.network.parameters import Array


def test_the_sum_over_one_process_is_there_already() -> None:
    """The array stays as it is."""
    array = np.array([1.5, -2.0, np.inf])
    SingleProcess().sum(array)
    np.testing.assert_array_equal([1.5, -2.0, np.inf], array)


class Twin:
    """The communicator of two threads that stand for two processes."""

    def __init__(self, meeting: threading.Barrier, arrays: list[Any], rank: int) -> None:
        self.meeting, self.arrays, self.rank = meeting, arrays, rank

    def sum(self, array: Array) -> None:
        """Add what both threads bring."""
        self.arrays[self.rank] = array.copy()
        self.meeting.wait(10)
        array[:] = self.arrays[0] + self.arrays[1]
        self.meeting.wait(10)


def trainer(alpha: float, communicator: Communicator | None = None) -> Trainer:
    """Two epochs of four steps of gradient descent; always the same but for the learning rate."""
    parameters = Parameters(DIMS, np.float64)
    parameters.flat[:] = np.random.default_rng(0).standard_normal(parameters.flat.size)
    rate = LearningRate(alpha, "constant", 2, 4)
    return Trainer(parameters, GradientDescent(), rate, batches(), None, Settings(2), communicator)


def test_the_loop_moves_by_the_sum() -> None:
    """Two processes with the same batch take the steps of one with twice the learning rate."""
    meeting, arrays = threading.Barrier(2), [None, None]
    twins = [trainer(0.25, Twin(meeting, arrays, rank)) for rank in (0, 1)]
    threads = [threading.Thread(target=lambda each=twin: list(each.run())) for twin in twins]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    alone = trainer(0.5)
    list(alone.run())
    np.testing.assert_array_equal(twins[0].parameters.flat, twins[1].parameters.flat)
    np.testing.assert_allclose(alone.parameters.flat, twins[0].parameters.flat, rtol=1e-12)


def test_every_step_is_summed_once() -> None:
    """Eight steps, and the whole vector each time."""
    sizes: list[int] = []

    class Counting(SingleProcess):
        """Notes what it is asked for."""

        def sum(self, array: Array) -> None:
            """Note the size."""
            sizes.append(array.size)

    list(trainer(0.1, Counting()).run())
    assert [6 * 5 + 5 + 5 * 3 + 3] * 8 == sizes
