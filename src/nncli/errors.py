"""Everything that can go wrong on purpose, and the exit code that says so to a script.

| code | meaning |
|---|---|
| 1 | failed while running: data, model file, disk, loss not finite |
| 2 | usage or config: nothing was started |
| 3 | finished, some inputs were skipped |
| 4 | a gate (``--fail-under``) was not met |
| 130, 143, 129 | interrupted by SIGINT, SIGTERM, SIGHUP; the state is saved |
"""

from __future__ import annotations

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_SKIPPED = 3
EXIT_GATE = 4


class NncliError(Exception):
    """A failure to show as one line: the place, the value and the way out."""

    exit_code = EXIT_FAILED


class UsageError(NncliError):
    """The command line asks for something that cannot be done; nothing was started."""

    exit_code = EXIT_USAGE


class ConfigError(UsageError):
    """One or more problems in a config, each already formatted with its position."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class DataError(NncliError):
    """Images or folders that cannot be used as they are."""


class ModelFileError(NncliError):
    """A model or checkpoint file that is missing, damaged or not ours."""


class TrainingError(NncliError):
    """Training cannot go on, for example because the loss is not finite."""


class Interrupted(BaseException):
    """A signal asked the program to end; not an `Exception`, so that nothing on the way takes it for a failure.

    Attributes:
        exit_code: As a shell shows it.
        message: What there is to say about it, perhaps nothing.
    """

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.exit_code = 128 + signal_number
        self.message = ""
