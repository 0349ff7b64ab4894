"""How many processes pay at the moment?

On a quiet machine one for each core. Where other programs want the cores, too, each process now and then stands still
for some milliseconds, and all others wait for it; then fewer may be faster, down to one that waits for nobody.

    measure    seconds per step over a stretch of steps, and what share of them a process lost: it waited for another
               one, or its core did something else
    try        half as many processes where much is lost, or twice as many where there are fewer than shares
    compare    over a stretch with the other number: the faster one stays
    rest       before trying again, twice as long after every trial that was lost

So the slower number costs one short stretch in ever longer times, and where all work and nothing is lost nothing is
tried. Fewer need not be faster: among many others, two processes also get more of the cores than one.
"""

from __future__ import annotations

STRETCH, FEWEST_STEPS = 0.5, 4
"""Seconds and steps that are measured together: dozens of turns of the operating system's scheduler. In a tenth of a
second there were so few of them that chance decided."""

SETTLING = 4
"""Steps after a change that are not measured: new processes first see their memory."""

MUCH = 0.3
"""Share of the time that is lost from which fewer processes may be faster."""

SHORTEST_REST, LONGEST_REST = 2.0, 16.0
"""Seconds between two trials."""


class Pace:
    """Chooses the number of processes.

    Args:
        most: Processes at first, and at most.
    """

    def __init__(self, most: int) -> None:
        self.most = self.n_processes = most
        self._rival: tuple[int, float] | None = None  # what is being compared with: a number and its seconds per step
        self._loser = 0
        self._rest, self._next_rest = 0.0, SHORTEST_REST
        self._begin(SETTLING)

    def _begin(self, settling: int = 0) -> None:
        self._steps, self._seconds, self._lost = -settling, 0.0, 0.0

    def after_step(self, seconds: float, lost: float) -> int:
        """How many processes there are to be.

        Args:
            seconds: Duration of the step.
            lost: Seconds of it that a process lost.
        """
        self._steps += 1
        if self._steps > 0:
            self._seconds += seconds
            self._lost += lost
        if self._seconds >= STRETCH and self._steps >= FEWEST_STEPS:
            self._decide(self._seconds / self._steps, self._lost / self._seconds)
        return self.n_processes

    def _decide(self, pace: float, lost: float) -> None:
        """At the end of a stretch with `pace` seconds per step, of which the share `lost` was lost."""
        n_before, self._rest = self.n_processes, self._rest - self._seconds
        if self._rival:
            n_rival, pace_of_rival = self._rival
            if pace < pace_of_rival:
                self._next_rest = SHORTEST_REST
            else:
                self.n_processes, self._loser = n_rival, n_before
            self._rest, self._next_rest = self._next_rest, min(2 * self._next_rest, LONGEST_REST)
            self._rival = None
        elif self._rest <= 0:
            fewer, more = n_before // 2, min(2 * n_before, self.most)
            wanted = [n for n, pays in ((fewer, fewer and lost > MUCH), (more, more > n_before)) if pays]
            if wanted:
                wanted.sort(key=lambda n: n == self._loser)  # what has just lost comes last
                self._rival, self.n_processes = (n_before, pace), wanted[0]
        self._begin(SETTLING if self.n_processes != n_before else 0)
