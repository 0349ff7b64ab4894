"""The program: finds the command, runs it, and turns whatever goes wrong into one line and an exit code.

Commands are imported when they are needed, so that ``nncli --help`` costs no NumPy.
"""

from __future__ import annotations

import atexit
import errno
import functools
import gc
import importlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from nncli import __version__
from nncli.cli.commands import COMMANDS, NEIGHBORS
from nncli.cli.messages import abandon, fitted, settings, warn, write_lines
from nncli.cli.options import global_options, name_variables
from nncli.cli.stop_signals import signals
from nncli.cli.together import together
from nncli.errors import EXIT_FAILED, EXIT_USAGE, ConfigError, Interrupted, NncliError, UsageError
from nncli.machine.memory_limit import guard_numpy
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EXIT_INTERRUPTED = 128 + signal.SIGINT

OUT_OF_MEMORY = NncliError("out of memory; smaller images, batches or layers need less")
"""Made beforehand, while there is some."""

OUT_OF_GPU_MEMORY = NncliError(
    "out of the GPU's memory; smaller images, batches or layers need less, and --backend numpy needs none"
)

GARBAGE_THRESHOLD = 50_000
"""Objects made before Python looks for garbage: with its own 700 it looks often while modules are imported."""


@functools.cache
def load_command(name: str) -> click.Command:
    """The command called `name`, a key of `COMMANDS`."""
    command = importlib.import_module(COMMANDS[name]).command
    assert isinstance(command, click.Command)  # noqa: S101
    return name_variables(global_options(command), f"NNCLI_{name}")


class LazyGroup(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Every command's name, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """The command called `name`, or None."""
        return load_command(name) if name in COMMANDS else None

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that `args` ask for and its own arguments; a suggestion if there is none."""
        name = args[0]
        if name not in COMMANDS and not context.resilient_parsing:
            import difflib

            close = NEIGHBORS.get(name) or next(iter(difflib.get_close_matches(name, COMMANDS)), None)
            hint = f"Did you mean '{close}'?" if close else "Try 'nncli --help'."
            raise UsageError(f"no command '{printable(name)}'. {hint}")
        return super().resolve_command(context, args)


@click.command(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def nncli(context: click.Context) -> None:
    """Train a neural network on folders of images, and use it.

    \b
    Examples:
      nncli train config.yaml
      nncli predict -m runs/config-1 photo.jpg
      nncli evaluate -m runs/config-1 photos/test

    Every option can be set in the environment: --epochs of train is NNCLI_TRAIN_EPOCHS. An option on the command line
    wins over the environment, the environment over a config file. -q, -v and --no-color also work after a command.

    \b
    Exit codes:
      0 success                        3 finished, some inputs were skipped
      1 failed while running           4 a gate such as --fail-under was not met
      2 usage or config error          130 interrupted (143 for SIGTERM)
    """
    if os.environ.get("NO_COLOR"):
        context.color = False
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


name_variables(global_options(nncli), "NNCLI")
# Has no variable: NNCLI_VERSION is a name that container images like to set.
click.version_option(__version__, "-V", "--version", message="nncli %(version)s")(nncli)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit; the only place where errors are caught.

    Args:
        args: What follows the program's name; that of this process by default.
    """
    settings.quiet = settings.verbose = False
    settings.speaker = ""
    with signals:
        try:
            code = _code_of(list(sys.argv[1:] if args is None else args))
        except Interrupted as interrupted:
            signals.take_time()
            code = interrupted.exit_code
            if interrupted.message or code == EXIT_INTERRUPTED:
                warn(interrupted.message or "interrupted")
    code = _flush(code)
    if together.ranks:
        together.ranks.leave(code)
    sys.exit(code)


def _code_of(args: list[str]) -> int:
    """Run the program; the exit code."""
    code = 0
    try:
        _prepare_process()
        _run(args)
    except click.exceptions.Exit as exit_:
        code = exit_.exit_code
    except click.ClickException as error:
        warn(_usage_line(error))
        code = EXIT_USAGE
    except NncliError as error:
        code = _report(error)
    except BrokenPipeError:
        pass  # `| head` has seen enough
    except OSError as error:
        code = _report(_system_error(error))
    except (KeyboardInterrupt, click.Abort):
        warn("interrupted")
        code = EXIT_INTERRUPTED
    except MemoryError as error:
        is_of_gpu = type(error).__name__ == "OutOfMemoryError"  # CuPy's
        code = _report(OUT_OF_GPU_MEMORY if is_of_gpu else OUT_OF_MEMORY)
    except Exception as error:
        code = _report(_unexpected(error))
    return code


def _system_error(error: OSError) -> NncliError:
    """Message for a failed system call; one that names no file was about stdout, as all others name theirs."""
    if error.errno == errno.ENOMEM:
        return OUT_OF_MEMORY
    abandon(1)
    return NncliError(f"{printable(str(error.filename or 'standard output'))}: {error.strerror or error}")


def _run(args: list[str]) -> None:
    if instruction := os.environ.get("_NNCLI_COMPLETE"):  # asked by the script of `nncli completion`
        from click.shell_completion import shell_complete

        raise click.exceptions.Exit(shell_complete(nncli, {}, "nncli", "_NNCLI_COMPLETE", instruction))
    try:
        with nncli.make_context("nncli", args) as context:
            nncli.invoke(context)
    except Exception as error:
        if signals.is_ending:  # an import in C, for one, makes an ImportError of the interruption
            raise Interrupted(signals.received) from error
        raise


def _prepare_process() -> None:
    """Make the standard streams safe to write to, start and exit quick."""
    gc.set_threshold(GARBAGE_THRESHOLD, *gc.get_threshold()[1:])
    guard_numpy()
    atexit.register(gc.freeze)  # no last look among all modules when the process ends
    if sys.stderr is None:  # closed by `2>&-`: the next file opened would take its number, and libtiff's messages
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w"), encoding="utf-8", errors="backslashreplace")
    if sys.stdout is None:
        raise NncliError("standard output is closed")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _unexpected(error: Exception) -> NncliError:
    """Message for an unexpected error; a library that cannot be loaded for lack of memory is none."""
    if isinstance(error, ImportError) and any("failed to map segment" in str(each) for each in _with_causes(error)):
        return OUT_OF_MEMORY
    hint = "" if settings.verbose else "; run with -v for the traceback"
    return NncliError(f"internal error: {type(error).__name__}: {printable(str(error))}{hint}")


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it: old versions of NumPy wrap what the loader said twice."""
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


def _usage_line(error: click.ClickException) -> str:
    """Message of click, which takes several lines and a box, in one line."""
    message = " ".join(error.format_message().split())
    message += "" if message.endswith((".", "?", "?)")) else "."
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "nncli"
    return f"{message[:1].lower()}{message[1:]} Try '{command} --help'."


def _report(error: NncliError) -> int:
    """Show `error`, with the traceback of what is being handled if the user wants it."""
    if settings.verbose:
        import traceback

        traceback.print_exc()
    if isinstance(error, ConfigError):
        # Its lines begin with the config's name; those that quote it, and point into it, are indented.
        lines = (line if line.startswith(" ") else fitted(line, sys.stderr) for line in str(error).split("\n"))
        write_lines("\n".join(lines))
    else:
        warn(str(error))
    return error.exit_code


def _flush(code: int) -> int:
    """Write out what is left for stdout; the exit code, which a full disk changes."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        abandon(1)
    except OSError as error:
        abandon(1)
        warn(f"standard output: {error.strerror}")
        return code or EXIT_FAILED
    return code
