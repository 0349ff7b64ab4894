"""Settings of a backbone: somebody's ONNX network, whose answers are features.

What is `auto` is taken from the file when the config is read, so that the config of a run and the model file say it
all, and a model whose backbone has changed says so.
"""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any

from nncli.features.settings.block import Block, Shape
from nncli.option import Choice, Integer, Number, Numbers, Text

AUTO: Any = "auto"
ANY = "any"
SIDES = Numbers(Integer(1, 8192), 2, (AUTO, ANY))
LEVELS = Numbers(Number(minimum=-1000, maximum=1000), 3, (AUTO,))
DEVIATIONS = Numbers(Number(above=0, maximum=1000), 3, (AUTO,))


@dataclass(frozen=True)
class Backbone(Block):
    """The answers of an ONNX network of your own, computed on the CPU (extra onnx)."""

    names_file = True

    model: Annotated[str, Text("the path of an ONNX file"), "ONNX file, relative to the config"]
    output: Annotated[str, Text(), "name of the value that is the feature column; auto: the only output"] = AUTO
    input: Annotated[str, Text(), "name of the input that takes the images; auto: the only input"] = AUTO
    layout: Annotated[str, Choice((AUTO, "nchw", "nhwc")), "channels before height and width, or last"] = AUTO
    size: Annotated[tuple[int, ...], SIDES, "height and width that it takes; any: those of the images"] = AUTO
    channels: Annotated[int, Integer(1, 3, words=(AUTO,)), "channels that it takes"] = AUTO
    order: Annotated[str, Choice(("rgb", "bgr")), "order of the color channels that it takes"] = "rgb"
    mean: Annotated[tuple[float, ...], LEVELS, "subtracted from values 0..1; auto: as the file's metadata say"] = AUTO
    deviation: Annotated[tuple[float, ...], DEVIATIONS, "divides after that; auto: as the file's metadata say"] = AUTO
    entries: Annotated[int, Integer(1, 1_000_000, words=(AUTO,)), "length of the feature column"] = AUTO
    sha256: Annotated[str, Text(), "digest of the file; auto: of the file as it is"] = AUTO

    def __post_init__(self) -> None:
        """Lists, as JSON has them, become tuples."""
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, list):
                object.__setattr__(self, field.name, tuple(value))
        super().__post_init__()

    def n_features(self, shape: Shape) -> int:  # noqa: ARG002 - whatever the size
        """As many as the network answers; 1 before the file has been read."""
        return self.entries if self.entries != AUTO else 1

    def misfit(self, shape: Shape) -> str | None:
        """Images are as the network takes them."""
        if self.size not in (AUTO, ANY) and shape[:2] != (self.size[0], self.size[-1]):
            height, width = self.size[0], self.size[-1]
            return f"the backbone takes {height}x{width} images: set data.image_size: [{height}, {width}]"
        if self.channels not in (AUTO, shape[2]):
            return f"the backbone takes {self.channels} channels: set data.color: {color_of(self.channels)}"
        return None

    def wanted_format(self) -> dict[str, Any]:
        """Options of the images, by key, that suit the network."""
        size = {} if self.size in (AUTO, ANY) else {"data.image_size": (self.size[0], self.size[-1])}
        return size | ({} if self.channels == AUTO else {"data.color": color_of(self.channels)})

    def __str__(self) -> str:
        return f"backbone ({Path(self.model).name}, output {self.output}, {self.entries} entries)"


def color_of(channels: int) -> str:
    """Word of `data.color` for so many channels."""
    return "grayscale" if channels == 1 else "rgb"
