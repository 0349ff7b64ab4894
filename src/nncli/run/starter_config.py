"""A first config for a folder of images: commented, runnable, and right for what the folder holds.

What is written is what was found and what was chosen from it. What is commented out are the options that people turn
to next, with the values that hold as long as they stay commented out.
"""

from __future__ import annotations

import os
import textwrap
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.config.options import OPTIONS
from nncli.config.recipes import ON_PIXELS, Facts, recipe_defaults
from nncli.config.writing import yaml_value
from nncli.data.image.image_format import ImageFormat
from nncli.data.image.image_sizes import described, sizes_of
from nncli.data.reading import read_source
from nncli.errors import DataError
from nncli.features.settings import PIXELS
from nncli.run.mirror_choice import compare_mirrored
from nncli.run.recipe_choice import choose, choose_recipe, chosen_format, why_padded
from nncli.run.recipe_trial import Watched, unwatched
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nncli.data.looks import Looks
    from nncli.data.source import ImageSource

EFFORT = "quick"
WIDTH = 100
"""Of a line, unless a path makes it longer."""

MOST_NAMED, LONGEST_NAME = 40, 40
"""Classes that are named with their counts, and letters of a name."""

UNEVEN = 3
"""From so many times as many images in the largest class as in the smallest on, class weights are suggested."""

OFFERED = {
    "data.resize": "other proportions are stretched; pad and crop keep proportions",
    "data.validation_split": "share of the images that judge the network and do not train it",
    "data.augmentation": "random changes, anew in every epoch; none: images as they are",
    "data.on_bad_image": "stop at a file that cannot be read; skip: leave it out",
    "network.layer_dims": "features, hidden units, classes; auto counts for itself",
    "network.dropout": "share of hidden units off in each step, against overfitting",
    "training.epochs": "passes over the training images",
    "training.batch_size": "images in one step; with more of them a larger learning_rate",
    "training.learning_rate": "length of a step; the first to try, three times more or less",
    "training.ensemble": "networks that vote; so many times the cost",
    "training.class_weights": "balanced: the rarer the class, the heavier its images",
    "training.seed": "start of random numbers; the same seed gives the same model",
}
"""Options that are commented out, and what is said about them."""


@dataclass(frozen=True)
class Starter:
    """Facts of the config.

    Attributes:
        folder: The images.
        paths: Those that would be trained on.
        looks: What some of them look like.
        values: Options that hold where nothing else is written, by key.
        notes: What is worth knowing about the images, a line each.
    """

    folder: ImageSource
    paths: tuple[str, ...]
    looks: Looks
    values: dict[str, Any]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, root: str, on_trying: Watched = unwatched, *, is_kept: bool = False) -> Starter:
        """Look at the folder `root`.

        Args:
            root: The images.
            on_trying: Watches recipes being tried, see `try_recipes`.
            is_kept: Whether what was seen is kept in the cache.

        Raises:
            DataError: It cannot be used, or none of the images looked at can be read.
        """
        folder = read_source(root)
        values = {key: option.default for key, option in OPTIONS.items()}
        training, _ = folder.split(values["data.validation_split"], values["training.seed"])
        paths, looks = training.paths, folder.look_at(training.paths)
        if looks is None:
            raise DataError(f"none of the images looked at can be read, the first is {printable(paths[0])}")
        rule = choose(looks, len(paths))
        values |= chosen_format(looks, len(paths), rule)
        height, width = values["data.image_size"]
        image_format = ImageFormat(height, width, values["data.color"], values["data.resize"])
        recipe, on_pixels, (_, *notes) = choose_recipe(
            folder, training, looks, rule, image_format, on_trying, is_kept=is_kept
        )
        values |= chosen_format(looks, len(paths), recipe)
        values |= {"training.recipe": recipe, "training.effort": EFFORT}
        shape = *values["data.image_size"], 1 if looks.is_gray else 3
        notes += [why_padded(looks, values)] if looks.is_elongated and values["data.resize"] == "pad" else []
        is_mirrored = recipe != "digits" and not on_pixels
        color, mirrored = values["data.color"], None
        if is_mirrored:
            mirrored = compare_mirrored(folder, training, looks, color, is_kept=is_kept)
        keep_class = mirrored is None or mirrored.keeps_class
        notes += [] if keep_class else [f"{mirrored}; none is mirrored"]
        values |= recipe_defaults(recipe, EFFORT, Facts(len(paths), shape, keep_class))
        values |= ON_PIXELS if on_pixels else {}
        return cls(folder, paths, looks, values, (*folder.notes, *notes))

    def text(self, config: Path, schema: str | None = None) -> str:
        """The config.

        Args:
            config: Where it will be; `data.path` is relative to it where that is short.
            schema: Name of a JSON Schema beside it, for editors.

        Raises:
            DataError: The folder's name is not UTF-8, so no file of text can hold it.
        """
        size, looks, values = self.values["data.image_size"], self.looks, self.values
        recipe, large = values["training.recipe"], max(looks.height, looks.width) > max(size)
        pixels = " on pixels" if values["data.features"] == PIXELS else ""
        why_size = "they keep their size" if not large else "more takes longer"
        files = f"height, width; the files are about {looks.height}x{looks.width}; {why_size}"
        color = "grayscale: those looked at have no color" if looks.is_gray else "those looked at have color"
        lines = [
            *([f"# yaml-language-server: $schema={schema}"] if schema else []),
            *self._found(config),
            "data:",
            _line("path", yaml_value(_path_from(config, self.folder.root)), self._what_it_is()),
            _line("image_size", yaml_value(size), files),
            *(
                [_line("resize", "pad", "keeps proportions, which stretching to a square would not")]
                if self._is_padded
                else []
            ),
            _line("color", yaml_value(values["data.color"]), color),
            *self._offered("data"),
            "",
            "network:",
            *self._offered("network"),
            "",
            "training:",
            _line("recipe", "auto", f"chooses the rest by looking at the images: now {recipe}{pixels}"),
            _line("effort", EFFORT, "standard is better, at several times the cost; then thorough"),
            *self._offered("training"),
        ]
        return "\n".join(lines) + "\n"

    @property
    def _is_padded(self) -> bool:
        """Whether the images keep proportions of their own."""
        return bool(self.values["data.resize"] == "pad")

    def _what_it_is(self) -> str:
        """The comment on `data.path`."""
        if Path(self.folder.root).is_dir():
            return "one folder per class; from this file"
        return "where the images and labels are; from this file"

    def _found(self, config: Path) -> Iterator[str]:
        """Findings as comments, and how to use the file."""
        name, classes = printable(config.name), self.folder.classes
        yield f"# A config for the images in {_short(self.folder.root)}, written by `nncli init`."
        yield from (f"#   nncli {command}" for command in (f"check {name}", f"train {name}", "report"))
        yield "#"
        for split, files in self.folder.splits.items():
            counts = Counter(files.labels)
            each = [f"{_short(classes[label])} {counts[label]:,}" for label in range(len(classes))[:MOST_NAMED]]
            more = [f"and {len(classes) - MOST_NAMED} more classes"] if len(classes) > MOST_NAMED else []
            what = "images" if split == "all" else f"images to {split if split == 'train' else f'use as {split}'}"
            yield from _comment(f"{len(files.paths):,} {what} in {len(classes)} classes: {', '.join(each + more)}.")
        sizes = described(sizes_of(self.paths))
        if sizes:
            yield from _comment(f"File sizes: {sizes}.")
        counts = Counter(label for files in self.folder.splits.values() for label in files.labels)
        if max(counts.values()) >= UNEVEN * min(counts.values()):
            yield from _comment("The classes are of very different size: consider training.class_weights: balanced.")
        for note in self.notes:
            yield from _comment(f"Note: {note}.")
        yield from _comment("Options that are commented out show the value that holds; `nncli schema` lists all.")
        yield ""

    def _offered(self, section: str) -> Iterator[str]:
        """The options of a section that are commented out."""
        for key, about in OFFERED.items():
            is_said = {"data.validation_split": "val" in self.folder.splits, "data.resize": self._is_padded}
            if key.startswith(f"{section}.") and not is_said.get(key):
                yield _line(f"# {key.partition('.')[2]}", yaml_value(self.values[key]), about)


def _line(name: str, value: str, about: str) -> str:
    setting = f"  {name}: {value}"
    return f"{setting:<34}  # {about}"


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - len("# "), break_on_hyphens=False)]


def _short(name: str) -> str:
    """A name that fits into a line."""
    name = printable(name)
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 2]}.."


def _path_from(config: Path, root: str) -> Path:
    """The folder as the config names it: relative where it lies beside or below the config, else absolute."""
    folder = Path(root).resolve()
    try:
        str(folder).encode()
    except UnicodeEncodeError:
        raise DataError(f"{printable(root)}: its name is not UTF-8, so a config cannot name it; rename it") from None
    relative = os.path.relpath(folder, config.parent.resolve())
    far = relative.startswith((os.path.join("..", ".."), "~"))  # noqa: PTH118 - a leading ~ would be somebody's home
    return folder if far else Path(relative)
