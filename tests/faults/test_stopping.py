"""Signals at moments that a sweep rarely meets: while images are decoded, in a long batch, in a save, beside a NaN."""

from __future__ import annotations

import itertools
import os
import signal
import time
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import pytest

import nncli.data.decoding_worker
import nncli.run.training
from nncli.cli.stop_signals import StopSignals, signals
from nncli.errors import Interrupted
from nncli.machine.forking import STOP_SIGNALS
from nncli.machine.npz_file import read_npz
from nncli.training.loop import Trainer
from tests.faults.child import Ended, run
from tests.faults.place import contents, drafts, place
from tests.without import SIGHUP, needs_sighup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LONG = ("train", "c.yaml", "--epochs", "3000", "--out", "run", "-q")


@pytest.fixture
def root() -> Iterator[Path]:
    """A place with photos and c.yaml."""
    with place(data={"cache": "off"}) as path:
        yield path


def send(number: int) -> None:
    """A signal to this process."""
    os.kill(os.getpid(), number)


def at_call(target: Any, name: str, when: int, action: Callable[[], object]) -> Callable[[], None]:
    """For a child: have `action` done at the `when`th call of a function, before it."""

    def prepare() -> None:
        function, counter = getattr(target, name), itertools.count(1)

        def call(*args: Any, **options: Any) -> Any:
            if next(counter) == when:
                action()
            return function(*args, **options)

        setattr(target, name, call)

    return prepare


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), pytest.param(SIGHUP, 129, marks=needs_sighup)]
)
def test_a_stop_while_images_are_decoded(root: Path, number: int, code: int) -> None:
    """The exit code is the signal's, one line says that nothing was trained yet, and no directory is left."""
    ended = run(root, *LONG, prepare=at_call(nncli.data.decoding_worker, "decode_image", 7, lambda: send(number)))
    message = "nncli: stopped before the first epoch: nothing had been trained yet\n"
    assert (code, "", message) == (ended.code, ended.out, ended.err)
    assert not (root / "run").exists()


def test_a_stop_before_a_run_goes_on_leaves_it_as_it_was(root: Path) -> None:
    """The line says so."""
    assert 0 == run(root, "train", "c.yaml", "--out", "run").code
    before = contents(root / "run")
    stop = at_call(nncli.data.decoding_worker, "decode_image", 7, lambda: send(signal.SIGTERM))
    ended = run(root, "train", "--resume", "run", "--epochs", "9", "-q", prepare=stop)
    assert (143, "nncli: stopped before it went on; run is as it was\n") == (ended.code, ended.err)
    assert before == contents(root / "run")


def test_an_interruption_that_becomes_another_error_is_still_one(root: Path) -> None:
    """NumPy, while it is imported, makes an ImportError of it."""

    def action() -> NoReturn:
        try:
            send(signal.SIGTERM)
            time.sleep(1)
        except Interrupted as error:
            raise ImportError("numpy.core.multiarray failed to import") from error
        raise AssertionError

    assert 143 == run(root, *LONG, prepare=at_call(nncli.data.decoding_worker, "decode_image", 1, action)).code


def test_an_interruption_that_is_dropped_comes_again(root: Path) -> None:
    """Python prints and forgets what is raised in a destructor."""

    class Dropping:
        def __del__(self) -> None:
            send(signal.SIGTERM)
            time.sleep(0.1)

    def action() -> None:
        Dropping()
        time.sleep(10)

    ended = run(root, *LONG, prepare=at_call(nncli.data.decoding_worker, "decode_image", 1, action))
    assert 143 == ended.code
    assert ended.seconds < 2


def test_a_batch_that_takes_long_is_not_waited_for(root: Path) -> None:
    """The program ends within two seconds, and goes on from the last save."""

    def action() -> None:
        send(signal.SIGTERM)
        time.sleep(10)

    ended = run(root, *LONG, prepare=at_call(Trainer, "_step", 40, action))
    assert 143 == ended.code
    assert ended.seconds < 2.5
    assert "nncli: stopped at once, what was saved last is whole; resume with: nncli train --resume run\n" == ended.err
    assert 0 == run(root, "train", "--resume", "run", "--epochs", "5").code


@pytest.mark.parametrize("when", [1, 3, 4])
def test_a_second_signal_ends_a_save(root: Path, when: int) -> None:
    """The old file stays, whole, and no temporary one."""

    def action() -> None:
        send(signal.SIGTERM)
        send(signal.SIGINT)

    started = time.monotonic()
    prepare = at_call(os, "fsync", 2 * when - 1, action)
    ended = run(root, "train", "c.yaml", "--out", "run", "-q", prepare=prepare)
    assert 143 == ended.code
    assert time.monotonic() - started < 2
    assert [] == drafts(root)
    if (root / "run").exists():
        contents(root / "run")


def test_a_stop_while_the_last_files_are_written(root: Path) -> None:
    """All that was trained is saved; going on writes what is missing."""
    stop = at_call(nncli.run.training, "predictions_csv", 1, lambda: send(signal.SIGINT))
    ended = run(root, "train", "c.yaml", "--out", "run", "-q", prepare=stop)
    assert 130 == ended.code
    assert "nncli: stopped after the last epoch of 3, everything is saved; resume with: nncli" in ended.err
    assert not (root / "run/predictions.csv").exists()
    assert 0 == run(root, "train", "--resume", "run", "-q").code
    assert 7 == len(contents(root / "run"))


def stop_beside_a_nan(root: Path) -> Ended:
    """Train until a weight is NaN and nobody has noticed, when SIGTERM comes."""

    def action() -> None:
        send(signal.SIGTERM)

    def prepare() -> None:
        step = Trainer._step

        def poisoned(trainer: Trainer, *args: Any) -> list[float]:
            sums = step(trainer, *args)
            if trainer.state.epoch == 2:
                trainer.parameters.flat[0] = np.nan
                action()
            return sums

        setattr(Trainer, "_step", poisoned)  # noqa: B010

    return run(root, *LONG, prepare=prepare)


def test_a_stop_beside_a_nan(root: Path) -> None:
    """The exit code is the signal's, the last good checkpoint stays, and so does the model of the best epoch."""
    ended = stop_beside_a_nan(root)
    assert 143 == ended.code, ended.err
    assert "last.npz: not written, because parameters holds a number that is not finite" in ended.err
    assert "what was saved last is whole; resume with" in ended.err
    for name in ("last.npz", "model.npz"):
        assert all(np.isfinite(array).all() for array in read_npz(root / "run" / name).values())


def test_ignored_signals_stay_ignored() -> None:
    """Under nohup a hang-up does nothing."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignals():
            send(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_handlers_are_put_back() -> None:
    """Whoever calls the program as a function gets its signals back."""
    numbers = (*STOP_SIGNALS, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with pytest.raises(Interrupted), signals:
        send(signal.SIGTERM)
        time.sleep(1)
    assert before == [signal.getsignal(number) for number in numbers]
    assert 0 == signal.getitimer(signal.ITIMER_REAL)[0]
