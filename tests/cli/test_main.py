"""The program as a whole: finding commands, global options, and what becomes of errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest

from nncli import __version__
from nncli.cli import main as program
from nncli.cli.commands import COMMANDS
from nncli.cli.messages import say, settings
from nncli.cli.options import global_options
from nncli.errors import ConfigError, DataError, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli.tiny import Runner


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make the command `schema` raise something."""

    def fail_with(error: BaseException) -> None:
        @click.command()
        def command() -> None:
            raise error

        monkeypatch.setattr(program, "load_command", lambda _name: global_options(command))

    return fail_with


def test_bare_program_prints_its_help(nncli: Runner) -> None:
    """As git does; that is no error."""
    result = nncli()
    assert 0 == result.code
    assert result.out.startswith("Usage: nncli")
    assert "" == result.err


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_command(nncli: Runner, flag: str) -> None:
    """Each with one line."""
    result = nncli(flag)
    assert 0 == result.code
    for name in COMMANDS:
        assert re.search(rf"^  {name} +\w.*\.$", result.out, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_opens_with_a_sentence_and_examples(nncli: Runner, name: str) -> None:
    """Then the options."""
    help_ = nncli(name, "--help").out
    assert re.match(rf"Usage: nncli {name} .*\n\n  [A-Z][^.]*\.\n", help_)
    assert help_.index("Example") < help_.index(f"    nncli {name}") < help_.index("Options:")


@pytest.mark.parametrize("flag", ["-V", "--version"])
def test_version(nncli: Runner, flag: str) -> None:
    """Name and version, nothing else."""
    assert (0, f"nncli {__version__}\n", "") == tuple(vars(nncli(flag)).values())


def test_the_environment_does_not_ask_for_the_version(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """NNCLI_VERSION is a name that container images like to set."""
    monkeypatch.setenv("NNCLI_VERSION", "1")
    assert nncli("schema").out.startswith("{")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("val", "evaluate"),
        ("test", "evaluate"),
        ("eval", "evaluate"),
        ("fit", "train"),
        ("new", "init"),
        ("search", "tune"),
        ("why", "explain"),
        ("classify", "predict"),
        ("infer", "predict"),
        ("validate", "check"),
        ("trian", "train"),
        ("predcit", "predict"),
    ],
)
def test_a_neighbors_word_gets_a_hint(nncli: Runner, word: str, meant: str) -> None:
    """Other tools' words and slips of the finger."""
    assert (2, "", f"nncli: no command '{word}'. Did you mean '{meant}'?\n") == tuple(vars(nncli(word)).values())


def test_an_unknown_word_gets_the_way_to_the_help(nncli: Runner) -> None:
    """Nothing is suggested that is not close."""
    assert (2, "nncli: no command 'xyzzy'. Try 'nncli --help'.\n") == (nncli("xyzzy").code, nncli("xyzzy").err)


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["--nope"], "no such option '--nope'."),
        (["predict", "--topk", "3", "x"], "no such option '--topk'. Did you mean '--top-k'?"),
        (["completion"], "missing argument"),
        (["schema", "extra"], "got unexpected extra argument (extra)."),
        (["predict", "-k", "0", "x"], "invalid value for '-k'"),
    ],
)
def test_a_usage_error_is_one_line(nncli: Runner, args: list[str], line: str) -> None:
    """With the way to the help; exit code 2."""
    result = nncli(*args)
    assert 2 == result.code
    assert 1 == result.err.count("\n")
    marks = str.maketrans("", "", "':.")  # versions of click set them differently
    assert result.err.translate(marks).startswith("nncli " + line.translate(marks))
    assert result.err.endswith(f" Try 'nncli{'' if args == ['--nope'] else ' ' + args[0]} --help'.\n")
    assert "" == result.out


def test_an_unknown_word_cannot_fake_a_line(nncli: Runner) -> None:
    """Nor can the words of a usage error, or of a bug."""
    assert "nncli: no command 'a\\x0ab'. Try 'nncli --help'.\n" == nncli("a\nb").err
    assert 1 == nncli("--a\nb").err.count("\n")


def test_an_error_has_its_line_and_its_code(nncli: Runner, failing: Callable[[BaseException], None]) -> None:
    """Every line with the program's name in front."""
    failing(DataError("photos: empty\nand dark"))
    assert (1, "", "nncli: photos: empty\nnncli: and dark\n") == tuple(vars(nncli("schema")).values())


def test_config_problems_are_printed_as_they_are(nncli: Runner, failing: Callable[[BaseException], None]) -> None:
    """They begin with a place that editors can jump to."""
    failing(ConfigError(["c.yaml:1:1: no", "c.yaml:2:1: nor this"]))
    assert (2, "", "c.yaml:1:1: no\nc.yaml:2:1: nor this\n") == tuple(vars(nncli("schema")).values())


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "nncli: interrupted\n"),
        (Interrupted(15), 143, ""),
        (MemoryError(), 1, "nncli: out of memory; smaller images, batches or layers need less\n"),
        (OSError(28, "No space left on device"), 1, "nncli: standard output: No space left on device\n"),
        (
            OSError(12, "Cannot allocate memory"),
            1,
            "nncli: out of memory; smaller images, batches or layers need less\n",
        ),
        (
            ImportError("libx.so: failed to map segment from shared object"),
            1,
            "nncli: out of memory; smaller images, batches or layers need less\n",
        ),
        (PermissionError(13, "Permission denied", "a.txt"), 1, "nncli: a.txt: Permission denied\n"),
        (
            ZeroDivisionError("a\n/ 0"),
            1,
            "internal error: ZeroDivisionError: a\\x0a/ 0; run with -v for the traceback\n",
        ),
    ],
)
def test_no_error_shows_a_traceback(
    nncli: Runner,
    failing: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
    *,
    error: BaseException,
    code: int,
    line: str,
) -> None:
    """One line and an exit code for everything that can happen."""
    monkeypatch.setattr(program, "abandon", lambda _descriptor: None)  # this process needs its stdout
    failing(error)
    result = nncli("schema")
    assert code == result.code
    assert result.err.endswith(line)
    assert result.err.count("\n") <= 1


@pytest.mark.parametrize("args", [["-v", "schema"], ["schema", "-v"], ["schema", "--verbose"]])
def test_verbose_shows_the_traceback(nncli: Runner, failing: Callable[[BaseException], None], args: list[str]) -> None:
    """Before or after the command's name."""
    failing(DataError("photos: empty"))
    result = nncli(*args)
    assert "\nTraceback (most recent call last)" in result.err
    assert result.err.endswith("nncli: photos: empty\n")


def test_verbose_does_not_advise_verbose(nncli: Runner, failing: Callable[[BaseException], None]) -> None:
    """The traceback is there already."""
    failing(ZeroDivisionError("a / 0"))
    assert nncli("-v", "schema").err.endswith("nncli: internal error: ZeroDivisionError: a / 0\n")


@pytest.mark.parametrize("args", [["-q", "schema"], ["schema", "-q"], ["-q", "schema", "--quiet"]])
def test_quiet_is_taken_before_and_after_the_command(nncli: Runner, args: list[str]) -> None:
    """And what one says is not undone by the other's default."""
    nncli(*args)
    assert settings.quiet
    nncli("schema")
    assert not settings.quiet


def test_quiet_can_come_from_the_environment(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Like every option."""
    monkeypatch.setenv("NNCLI_QUIET", "1")
    nncli("schema")
    assert settings.quiet


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_has_a_variable_named_after_it(name: str) -> None:
    """--top-k of predict is NNCLI_PREDICT_TOP_K."""
    for option in program.load_command(name).params:
        if isinstance(option, click.Option):
            flag = next(flag for flag in option.opts if flag.startswith("--"))
            assert f"nncli_{name}{flag[1:]}".upper().replace("-", "_") == option.envvar


def colors_of(monkeypatch: pytest.MonkeyPatch, nncli: Runner, *args: str) -> bool | None:
    """What click is told about colors."""
    seen: list[bool | None] = []

    @click.command()
    @click.pass_context
    def command(context: click.Context) -> None:
        seen.append(context.color)
        say("")

    monkeypatch.setattr(program, "load_command", lambda _name: global_options(command))
    assert 0 == nncli(*args).code
    return seen[0]


def test_colors_are_left_to_click(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which uses them on a terminal only."""
    assert colors_of(monkeypatch, nncli, "schema") is None


@pytest.mark.parametrize("args", [["--no-color", "schema"], ["schema", "--no-color"]])
def test_no_color(nncli: Runner, monkeypatch: pytest.MonkeyPatch, args: list[str]) -> None:
    """Before or after the command's name."""
    assert colors_of(monkeypatch, nncli, *args) is False


def test_no_color_in_the_environment(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """See no-color.org; click does not look at it."""
    monkeypatch.setenv("NO_COLOR", "1")
    assert colors_of(monkeypatch, nncli, "schema") is False
