"""How several processes add up their gradients; one process has nothing to add."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from nncli.network.parameters import Array


class Communicator(Protocol):
    """What the loop asks of the processes it shares the work with."""

    def sum(self, array: Array) -> None:
        """Replace `array`, in place, by its sum over all processes."""


class SingleProcess:
    """The communicator of a process that is alone."""

    def sum(self, array: Array) -> None:
        """The sum over one process is already there."""
