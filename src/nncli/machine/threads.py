"""Memory that each thread has for itself, and settings of the whole process that threads need at the same time."""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

T = TypeVar("T")


class PerThread(threading.local, Generic[T]):
    """Something that each thread makes when it first needs it: scratch memory, for example.

    A copy, also through a pickle, starts without it.
    """

    _value: T | None = None

    def get(self, make: Callable[[], T]) -> T:
        """This thread's own, made by `make` the first time."""
        if self._value is None:
            self._value = make()
        return self._value

    def __reduce__(self) -> tuple[type[PerThread[T]], tuple[()]]:
        """Pickled without any thread's memory."""
        return PerThread, ()


class WhileAny:
    """A context manager for a setting of the process: the first thread to come sets it, the last to leave resets it.

    Without it the second thread would take the first one's setting for what was there before, and leave it behind.

    Args:
        setting: Makes the context manager that sets and resets it.
    """

    def __init__(self, setting: Callable[[], AbstractContextManager[object]]) -> None:
        self._setting, self._n_inside = setting, 0
        self._renew_lock()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        """In a forked process the thread that holds the lock does not exist."""
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._lock:
            if self._n_inside == 0:
                self._current = self._setting()
                self._current.__enter__()
            self._n_inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                self._current.__exit__(None, None, None)


@contextmanager
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


NO_WARNINGS = WhileAny(_no_warnings)
"""Python's warnings are ignored."""
