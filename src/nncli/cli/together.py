"""A command run by several processes that an MPI launcher started: the first one speaks, the others help it.

    mpiexec -n 4 nncli train config.yaml

A process that fails ends all, with its exit code and its line. A stop signal, which launchers pass on to all, is for
the first one to hear.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from nncli.cli.messages import settings
from nncli.errors import UsageError
from nncli.machine.forking import ignore_stop_signals
from nncli.machine.launcher import launched
from nncli.machine.ranks import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nncli.machine.mpi import MpiRanks
    from nncli.machine.ranks import Ranks


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
        except UsageError:
            if this.rank == 0:
                raise
            yield None
            return
        if self.ranks.rank == 0:
            yield self.ranks
        else:
            import platform

            ignore_stop_signals()
            settings.speaker = f"rank {self.ranks.rank} on {platform.node()}: "
            help_first(self.ranks)
            yield None
        self.ranks.end()


together = Together()
"""Those of this process."""
