"""`nncli completion`: scripts that teach a shell to complete the command line."""

from __future__ import annotations

import click
from click.shell_completion import ShellComplete, get_completion_class

PLACES = {
    "bash": "~/.local/share/bash-completion/completions/nncli",
    "zsh": "a folder of your $fpath, as _nncli",
    "fish": "~/.config/fish/completions/nncli.fish",
}
"""Where each shell looks for completion scripts."""


ZSH_REPAIRS = {
    '    if [ -n "$completions_with_descriptions" ]': "    [[ $words[CURRENT] == --*=* ]] && compset -P 1 '*='\n{}",
    "completions_with_descriptions -U": '{} -i "$IPREFIX"',
    "compadd -U": '{} -i "$IPREFIX"',
}
"""Parts of click's script for zsh, and what they become: of ``--split=v`` only the value is completed, so
only that is to be replaced, and what is before it kept. click 8.5 replaces the whole word, and the option is gone."""


@click.command(short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(list(PLACES)))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script of a shell: bash, zsh or fish.

    \b
    Examples:
      nncli completion bash > ~/.local/share/bash-completion/completions/nncli
      nncli completion zsh > ~/.zfunc/_nncli
      nncli completion fish > ~/.config/fish/completions/nncli.fish
    """
    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"click knows no completion for {shell}", context)
    # The base class' method: bash's own starts a bash to ask for its version.
    script = ShellComplete.source(complete(context.find_root().command, {}, "nncli", "_NNCLI_COMPLETE")).strip()
    if shell == "zsh":
        for part, repaired in ZSH_REPAIRS.items():
            script = script.replace(part, repaired.format(part))
    # The comment goes below the first line, which must stay "#compdef nncli" for zsh.
    first, _, rest = script.partition("\n")
    click.echo(f"{first}\n# Put this script into {PLACES[shell]}\n{rest}")
