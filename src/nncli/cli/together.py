"""A command run by several processes that an MPI launcher started: the first one speaks, the others help it.

    mpiexec -n 4 nncli train config.yaml

A process that fails ends all, with its exit code and its line; so does one that is not heard any more. A stop signal,
which launchers pass on to all, is for the first one to hear.
"""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, ParamSpec

import click

from nncli.cli.messages import settings, warn
from nncli.errors import EXIT_FAILED, UsageError
from nncli.machine.forking import ignore_stop_signals
from nncli.machine.launcher import launched
from nncli.machine.ranks import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.machine.mpi import MpiRanks
    from nncli.machine.ranks import Ranks

P = ParamSpec("P")


class Together:
    """This process and those that it works with.

    Attributes:
        ranks: All of them, once they have met.
    """

    ranks: MpiRanks | None = None

    @contextlib.contextmanager
    def working(self, help_first: Callable[[Ranks], None]) -> Iterator[Ranks | None]:
        """Meet the other processes, and after the work part from them.

        Args:
            help_first: The work of all but the first.

        Yields:
            The processes to the first one; None to the others, whose work is done already.

        Raises:
            UsageError: They cannot meet; only the first one says so.
        """
        this = launched()
        if this is None:
            yield ALONE
            return
        from nncli.machine.mpi import join

        try:
            self.ranks = join(this)
            self.ranks.watch(self._leave)
        except UsageError:
            if this.rank == 0:
                raise
            yield None
            return
        if self.ranks.rank == 0:
            try:
                yield self.ranks
            except click.exceptions.Exit:  # an exit code, but no failure
                self.ranks.end()
                raise
        else:
            ignore_stop_signals()
            settings.speaker = f"{self.ranks.name(self.ranks.rank)}: "
            help_first(self.ranks)
            yield None
        self.ranks.end()

    def _leave(self, line: str) -> None:
        """End all processes: some are not heard any more."""
        warn(line)
        if self.ranks:
            self.ranks.leave(EXIT_FAILED)

    def helped_by(self, help_first: Callable[[Ranks], None]) -> Callable[[Callable[P, None]], Callable[P, None]]:
        """Decorator of a command that only the first process is to run; see `working`."""

        def decorated(command: Callable[P, None]) -> Callable[P, None]:
            @functools.wraps(command)
            def run(*args: P.args, **kwargs: P.kwargs) -> None:
                with self.working(help_first) as ranks:
                    if ranks is not None:
                        command(*args, **kwargs)

            return run

        return decorated


together = Together()
"""Those of this process."""
