"""``nncli completion``: the scripts, and what they ask the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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


def test_keys_and_words_of_a_config_are_completed(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `--set` and `--optimizer` take."""
    assert ["training.learning_rate="] == complete(nncli, monkeypatch, "nncli train --set training.lea")
    assert ["training.optimizer=adam", "training.optimizer=adamw"] == complete(
        nncli, monkeypatch, "nncli check --set training.optimizer=ad"
    )
    assert ["momentum"] == complete(nncli, monkeypatch, "nncli train --optimizer mo")
    assert [] == complete(nncli, monkeypatch, "nncli train --set nothing=")


ZPTY = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1='' PS2='' ; stty -echo; bindkey -e; autoload -Uz compinit; compinit -u -D; source $1"
zpty -w shell 'show() { print -r -- "<$BUFFER>"; BUFFER= }; zle -N show; bindkey "^X" show; print rea""dy'
while zpty -r shell line && [[ $line != *ready* ]]; do :; done
zpty -w -n shell "nncli evaluate --split=v"$'\t'
sleep $2
zpty -w -n shell $'\x18'
while zpty -r shell line; do [[ $line == *'<nncli'*'>'* ]] && { print -r -- ${${line#*<}%%>*}; break; }; done
zpty -d shell
"""


@pytest.mark.skipif(shutil.which("zsh") is None, reason="needs zsh")
def test_zsh_keeps_the_option_before_a_value(nncli: Runner, tmp_path: Path) -> None:
    """click's own script deletes ``--split=`` when it inserts ``val``."""
    program = tmp_path / "bin" / "nncli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m nncli "$@"\n')
    program.chmod(0o755)
    script = tmp_path / "_nncli"
    script.write_text(nncli("completion", "zsh").out)
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", "TERM": "xterm"}
    for wait in (1, 10):  # for a busy machine
        command = ["zsh", "-fc", ZPTY, "zsh", str(script), str(wait)]
        result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
        if "--split=val" in result.stdout:
            break
    assert "nncli evaluate --split=val" == result.stdout.strip()
