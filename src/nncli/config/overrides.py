"""Values from the command line that replace those of the file: `--set training.epochs=5`, `--epochs 5`."""

from __future__ import annotations

from dataclasses import dataclass

from nncli.config.nodes import Node, Scalar
from nncli.config.places import Place, Problem, Source
from nncli.config.yaml12 import parse
from nncli.errors import UsageError
from nncli.text import printable


@dataclass(frozen=True)
class Override:
    """A value from the command line.

    Args:
        key: the option, "training.epochs".
        value_text: its value, YAML as in the file; a list or a mapping in one line, `[auto, 32, auto]`.
        origin: what messages call it, "--set training.epochs=5" or "--epochs 5".
        is_literal: the text itself is the value, whatever YAML would make of it; for `--data DIR`.
    """

    key: str
    value_text: str
    origin: str
    is_literal: bool = False

    @property
    def place(self) -> Place:
        """Where messages say that it was written."""
        return Place(Source(self.origin))

    def read(self, problems: list[Problem]) -> Node:
        """The value as a tree; what is wrong with it is appended to `problems`."""
        if self.is_literal:
            return Scalar(self.place, self.value_text, self.value_text, is_quoted=True)
        node = parse(self.value_text, self.place.source, problems)
        rest = self.value_text[node.place.column - 1 + node.place.width :]
        if rest.lstrip().startswith("#"):
            problems.append(Problem(self.place, "' #' starts a comment here; put the value in quotes"))
        return node


def parse_override(text: str) -> Override:
    """Take `key=value` apart.

    Args:
        text: what follows `--set`.

    Raises:
        UsageError: if there is no key or no "=".
    """
    key, equals, value = text.partition("=")
    if not (equals and key.strip()):
        raise UsageError(f"--set {printable(text)}: expected key=value, such as --set training.epochs=5")
    return Override(key.strip(), value.strip(), f"--set {text}")
