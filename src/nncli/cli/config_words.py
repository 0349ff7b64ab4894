"""The option ``--set``, and words of a config for a shell to complete: its keys and the values that are words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def settings_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--set``, whose texts a command gets as `settings`."""
    text = "Set a key of the config. Repeatable."
    about: dict[str, Any] = {"multiple": True, "metavar": "KEY=VALUE", "shell_complete": complete_setting}
    return click.option("--set", "settings", help=text, **about)(function)


def complete_setting(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """``training.lea`` to ``training.learning_rate=``, ``training.optimizer=ad`` to one of its words."""
    from nncli.config.options import OPTIONS

    key, equals, value = incomplete.partition("=")
    if not equals:
        return [f"{name}=" for name in OPTIONS if name.startswith(incomplete)]
    return [f"{key}={word}" for word in words_of(key) if word.startswith(value)]


def complete_optimizer(_context: click.Context, _option: click.Parameter, incomplete: str) -> list[str]:
    """The optimizers that begin so."""
    return [word for word in words_of("training.optimizer") if word.startswith(incomplete)]


def words_of(key: str) -> list[str]:
    """The words that a key of the config may have; none for a key that there is not."""
    from nncli.config.options import OPTIONS

    option = OPTIONS.get(key)
    return [word for word in getattr(option and option.kind, "words", ()) if word is not None]
