"""``nncli completion``: the scripts, and what they ask the program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_says_where_it_belongs(nncli: Runner, shell: str) -> None:
    """In a comment below its first line, which is the one that zsh looks at."""
    result = nncli("completion", shell)
    assert (0, "") == (result.code, result.err)
    assert "_NNCLI_COMPLETE" in result.out
    assert "# Put this script into " in result.out.splitlines()[1]
    assert ("zsh" == shell) == result.out.startswith("#compdef nncli\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_is_one_that_its_shell_can_read(nncli: Runner, shell: str) -> None:
    """Where the shell is installed."""
    if not shutil.which(shell):
        pytest.skip(f"no {shell} here")
    Path("script").write_text(nncli("completion", shell).out)
    subprocess.run([shell, "-n", "script"], check=True)


def test_another_shell_is_a_usage_error(nncli: Runner) -> None:
    """With the shells there are."""
    result = nncli("completion", "powershell")
    assert 2 == result.code
    assert "bash" in result.err


def complete(nncli: Runner, monkeypatch: pytest.MonkeyPatch, words: str) -> list[str]:
    """What bash is offered for the last word."""
    monkeypatch.setenv("_NNCLI_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    result = nncli()
    assert (0, "") == (result.code, result.err)
    return [line.partition(",")[2] for line in result.out.split()]


def test_commands_are_completed(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their beginning."""
    assert ["predict"] == complete(nncli, monkeypatch, "nncli pre")


def test_options_and_their_values_are_completed(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Global ones too."""
    assert ["--threshold"] == complete(nncli, monkeypatch, "nncli predict --thr")
    assert ["--quiet"] == complete(nncli, monkeypatch, "nncli predict --qui")
    assert ["json"] == complete(nncli, monkeypatch, "nncli predict --format js")
