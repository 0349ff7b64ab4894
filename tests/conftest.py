"""No test touches the user's cache, hears an interruption that its caller ignores, or waits for ever."""

from __future__ import annotations

import faulthandler
import itertools
import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.without import SIGHUP, TAKEN, pytest_runtest_call  # noqa: F401 - before all else: it may take things away

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


STOPS = tuple(each for each in (signal.SIGTERM, SIGHUP) if each)

SECONDS = 300
"""Time for a test: far more than any needs on a busy machine."""

LONGEST = {str: 100, bytes: 16}
"""Characters or bytes of a parameter that may stand in the name of its test."""


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """The whole suite takes every core where pytest-xdist is installed; a file alone, or `-n 0`, one."""
    if (
        config.pluginmanager.hasplugin("xdist")
        and "PYTEST_XDIST_WORKER" not in os.environ  # a worker starts none of its own
        and config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and config.option.numprocesses is None
        and not (config.option.usepdb or config.option.collectonly)
        and not TAKEN  # its processes talk to each other by what is taken away
    ):
        config.option.numprocesses = os.cpu_count()
        if config.option.dist == "no":
            config.option.dist = "loadfile"


def pytest_make_parametrize_id(val: object) -> str | None:
    """Names tell tests apart, and every process finds the same ones: no name holds a file's bytes."""
    if isinstance(val, (bytes, str)) and len(val) > LONGEST[type(val)]:
        return f"{type(val).__name__} of {len(val)}"
    return None


@pytest.fixture(autouse=True, scope="session")
def _interruptible() -> None:
    """A script's background job ignores SIGINT and nohup SIGHUP, and the programs that tests start would do so, too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in STOPS:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)


@pytest.fixture(autouse=True, scope="session")
def _messages(pytestconfig: pytest.Config) -> Iterator[int]:
    """Where pytest's own messages go."""
    with pytestconfig.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        descriptor = os.dup(2)
    yield descriptor
    os.close(descriptor)


@pytest.fixture(autouse=True)
def _time_limit(_messages: int) -> Iterator[None]:
    """A test that hangs ends pytest with the place where it does; without SIGALRM, which is for the tests."""
    faulthandler.dump_traceback_later(SECONDS, exit=True, file=_messages)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True, scope="session")
def _session_cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that are made once for many tests."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _buffered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The programs that tests start write as they do for users: what is not flushed does not arrive."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Numbered folders: pytest looks through all earlier ones for the next number, and here are thousands of tests."""

    def made() -> Iterator[Path]:
        for number in itertools.count():
            folder = root / str(number)
            folder.mkdir()
            yield folder

    root = tmp_path_factory.mktemp("tests")
    return made()


@pytest.fixture
def tmp_path(_folders: Iterator[Path]) -> Path:
    """A folder of the test's own."""
    return next(_folders)


@pytest.fixture(autouse=True)
def cache_home(_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, also for the processes that it starts."""
    folder = next(_folders)
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder
