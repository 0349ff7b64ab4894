"""A config file: read it, check it, and remember where everything was written.

What only the images can tell (a class that does not exist, a layer of the wrong size) comes out later;
`ConfigFile.error` makes those messages look like all the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.config.nodes import Entry, Mapping, Node, Scalar, Sequence
from nncli.config.options import OPTIONS, SECTIONS, TrainConfig
from nncli.config.places import Place, Problem, Source
from nncli.config.reading import read_text
from nncli.config.recipes import known_before
from nncli.config.shapes import CHOSEN
from nncli.config.validation import apply_overrides, check_together, read_values, written_options
from nncli.config.writing import to_yaml
from nncli.config.yaml12 import LINE_BREAK, parse
from nncli.errors import ConfigError
from nncli.features.settings import located

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from collections.abc import Sequence as Many

    from nncli.config.overrides import Override

MOST_SHOWN = 50
"""Problems that are told; whoever has more of them has the wrong file."""


@dataclass(frozen=True)
class ConfigFile:
    """A valid config and the places of its values.

    Args:
        path: the file, as the user gave it.
        config: what it says.
        written: what it and the command line say explicitly, by key.
        values: every option by its key, with the word auto where something else decides.
    """

    path: Path
    config: TrainConfig
    written: dict[str, Entry] = field(repr=False, compare=False)
    values: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def was_set(self, key: str) -> bool:
        """Whether "section.name" is written in the file or on the command line, default or not."""
        return key in self.written

    @property
    def depends_on_images(self) -> bool:
        """Whether a part of it is decided when the images are seen."""
        return self.config.training.recipe != "plain" or self.values["network.layer_dims"] == CHOSEN

    def with_defaults(self, defaults: dict[str, Any]) -> ConfigFile:
        """The same file with other defaults, by key, for what it does not say."""
        return self.with_values({key: value for key, value in defaults.items() if key not in self.written})

    def with_values(self, values: dict[str, Any]) -> ConfigFile:
        """The same file with other values, by key, whatever it says."""
        values = self.values | values
        return replace(self, config=_config(values), values=values)

    def checked(self) -> ConfigFile:
        """Itself, if its values go together: to be asked again when defaults have come from elsewhere.

        Raises:
            ConfigError: They do not.
        """
        problems: list[Problem] = []
        check_together(self.values, self.written, problems)
        if problems:
            raise _error(problems)
        return self

    def error(self, key: str, message: str) -> ConfigError:
        """The error to raise for a value that is wrong for a reason found elsewhere.

        Args:
            key: "network.layer_dims", an item of it, "network.layer_dims[0]", or a key of a mapping,
                "training.class_weights.cat".
            message: one sentence, which names the key.
        """
        return ConfigError([self._place(key).describe(message)])

    def resolved_yaml(self, unused: Collection[str] = ()) -> str:
        """The whole config, defaults written out and `data.path` absolute; loads to the same `TrainConfig`.

        Args:
            unused: keys to leave out, because the data make them meaningless.
        """
        return to_yaml(self.config, unused)

    def _place(self, key: str) -> Place:
        for option, entry in self.written.items():
            node = entry.node
            if key == option:
                return node.place
            if isinstance(node, Sequence) and key.startswith(f"{option}["):
                places = {f"{option}[{i}]": item.place for i, item in enumerate(node.items)}
                return places.get(key, node.place)
            if isinstance(node, Mapping) and key.startswith(f"{option}."):
                places = {f"{option}.{name}": each.key_place for name, each in node.entries.items()}
                return places.get(key, node.place)
        return Place(Source(str(self.path)))


def load_config(path: Path, overrides: Many[Override] = ()) -> ConfigFile:
    """Read and check a config file.

    Args:
        path: the file; its relative `data.path` starts from the folder that the file is in.
        overrides: values from the command line; their relative `data.path` starts from the working directory.

    Raises:
        ConfigError: with everything that is wrong, in the order of the file, the command line last.
    """
    return parse_config(read_text(path), path, overrides)


def parse_config(text: str, path: Path, overrides: Many[Override] = ()) -> ConfigFile:
    """Check the text of a config file; see `load_config`."""
    source = Source(str(path), tuple(LINE_BREAK.split(text)))
    problems: list[Problem] = []
    tree = parse(text, source, problems)
    if isinstance(tree, Scalar) and tree.value is None:
        raise _error([Problem(Place(source), "the file is empty; it needs at least a section data: with a path:")])
    written = written_options(tree, problems)
    apply_overrides(written, overrides, problems)
    values = read_values(written, Place(source), problems)

    def folder_of(node: Node) -> Path:
        """Folder that relative paths in a value start from."""
        return path.parent if node.place.source is source else Path()

    if "data.features" in written and "data.features" in values:
        node = written["data.features"].node
        try:
            values["data.features"] = tuple(located(block, folder_of(node)) for block in values["data.features"])
        except ValueError as error:
            raise _error([*problems, Problem(node.place, f"data.features: {error}")]) from error
    check_together(known_before(values, written), written, problems)
    if "data.path" in values:
        node = written["data.path"].node
        folder = folder_of(node)
        try:
            values["data.path"] = _absolute(folder, values["data.path"])
        except (OSError, RuntimeError, ValueError) as error:
            problems.append(Problem(node.place, f"data.path cannot be used: {error}"))
    if problems:
        raise _error(problems)
    return ConfigFile(path, _config(values), written, values)


def _absolute(folder: Path, written: str) -> Path:
    """The path that is meant, without links, whether or not it exists."""
    resolved = (folder / Path(written).expanduser()).resolve()
    try:
        str(resolved).encode()
    except UnicodeEncodeError:  # it could not be written to the config.yaml of the run
        raise ValueError("its name is not UTF-8") from None
    return resolved


def _config(values: dict[str, Any]) -> TrainConfig:
    parts = {
        section: cls(**{key.partition(".")[2]: values[key] for key in OPTIONS if key.startswith(f"{section}.")})
        for section, cls in SECTIONS.items()
    }
    return TrainConfig(**parts)


def _error(problems: Iterable[Problem]) -> ConfigError:
    """The problems in the order of the file, those of the command line last."""
    ordered = sorted(
        problems, key=lambda problem: (not problem.place.source.lines, problem.place.line, problem.place.column)
    )
    lines = [problem.place.describe(problem.message) for problem in ordered[:MOST_SHOWN]]
    if len(ordered) > MOST_SHOWN:
        lines.append(f"... and {len(ordered) - MOST_SHOWN} more")
    return ConfigError(lines)
