"""Every option there is: its default, its limits, what it does. The one place that says so.

The validator, the JSON Schema, the documentation's table and the written-out config of a run are all made from these
classes. To add an option, add a line here, and use it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from nncli.config.kinds import Choice, Integer, Kind, Number, Text
from nncli.config.shapes import ClassWeights, ImageSize, LayerDims

Color = Literal["rgb", "grayscale"]
Resize = Literal["stretch", "pad", "crop"]
ScalingMethod = Literal["zero_one", "standardize"]
OnBadImage = Literal["error", "skip"]
Activation = Literal["relu", "leaky_relu", "tanh", "sigmoid"]
Initialization = Literal["xavier", "he", "zeros", "constant", "normal"]
OptimizerName = Literal["gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "cosine", "one_cycle"]
ClassWeightsWord = Literal["none", "balanced"]
Monitor = Literal["accuracy", "loss"]
Precision = Literal["float32", "float64"]

REQUIRED = object()
"""The default of an option that has none."""

LEARNING_RATES = {
    "gradient_descent": 0.1,
    "momentum": 0.01,
    "nesterov": 0.01,
    "rmsprop": 0.001,
    "adam": 0.001,
    "adamw": 0.001,
}
"""What `learning_rate: auto` stands for."""

BETA2 = {"rmsprop": 0.9}
"""What `beta2: auto` stands for, where it is not 0.999."""


class Only(NamedTuple):
    """An option counts only where another one of its section has one of these values."""

    selector: str
    values: tuple[str, ...]
    hint: str = ""


@dataclass(frozen=True)
class Option:
    """What is known about an option: it is the metadata of a dataclass field."""

    key: str
    default: Any
    kind: Kind
    doc: str
    only: Only | None = None


def option(default: Any, kind: Kind, doc: str, only: Only | None = None) -> Any:
    """A dataclass field that is an option; `default` as it would be written in YAML."""
    metadata = {"default": default, "kind": kind, "doc": doc, "only": only}
    return field(metadata=metadata) if default is REQUIRED else field(default=default, metadata=metadata)


def _choice(words: Any) -> Choice:
    return Choice(get_args(words))


@dataclass(frozen=True)
class DataConfig:
    """Where the images come from and what is made of them."""

    path: Path = option(REQUIRED, Text("the path of a folder"), "folder of class folders, relative to this file")
    image_size: tuple[int, int] = option((64, 64), ImageSize(), "height and width that every image gets, in pixels")
    color: Color = option("rgb", _choice(Color), "three values for each pixel, or one")
    resize: Resize = option("stretch", _choice(Resize), "how an image of other proportions is made to fit")
    scaling: ScalingMethod = option(
        "zero_one", _choice(ScalingMethod), "pixels / 255, or mean 0 and standard deviation 1 for each pixel"
    )
    validation_split: float = option(
        0.15, Number(minimum=0, below=1), "share of the images kept for validation; only without a val/ folder"
    )
    on_bad_image: OnBadImage = option("error", _choice(OnBadImage), "stop at images that cannot be read, or skip them")

    @property
    def n_features(self) -> int:
        """Values of one image, n_0 = height * width * channels."""
        height, width = self.image_size
        return height * width * (3 if self.color == "rgb" else 1)


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network and how it starts."""

    layer_dims: tuple[int | Literal["auto"], ...] = option(
        ("auto", 64, "auto"), LayerDims(), "layer sizes from input to output; auto: what the images and classes need"
    )
    activation: Activation = option("relu", _choice(Activation), "activation of the hidden layers")
    initialization: Initialization = option("xavier", _choice(Initialization), "how the weights start")
    initialization_scale: float = option(
        0.01,
        Number(above=0),
        "constant: the value; normal: the standard deviation",
        Only("initialization", ("constant", "normal")),
    )
    dropout: float = option(0.0, Number(minimum=0, below=1), "share of hidden units switched off in each training step")


@dataclass(frozen=True)
class TrainingConfig:
    """How the parameters are learned."""

    epochs: int = option(30, Integer(1), "passes over the training images")
    batch_size: int | Literal["full"] = option(64, Integer(1, words=("full",)), "images in one step; full: all of them")
    optimizer: OptimizerName = option("adam", _choice(OptimizerName), "how a gradient becomes a step")
    learning_rate: float = option(
        "auto",
        Number(above=0, words=("auto",)),
        "length of a step; auto: 0.1 gradient_descent, 0.01 momentum and nesterov, 0.001 others",
    )
    momentum: float = option(
        0.9, Number(minimum=0, below=1), "decay of the velocity", Only("optimizer", ("momentum", "nesterov"))
    )
    beta1: float = option(
        0.9, Number(minimum=0, below=1), "decay of the mean gradient", Only("optimizer", ("adam", "adamw"))
    )
    beta2: float = option(
        "auto",
        Number(minimum=0, below=1, words=("auto",)),
        "decay of the mean square; auto: 0.9 rmsprop, 0.999 others",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    )
    epsilon: float = option(
        1e-8,
        Number(above=0),
        "keeps the division by the root mean square finite",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    )
    weight_decay: float = option(
        0.01,
        Number(minimum=0),
        "decoupled decay of the weights",
        Only("optimizer", ("adamw",), hint="training.l2 is the penalty for the others"),
    )
    l2: float = option(0.0, Number(minimum=0), "penalty l2/2 * sum(W^2) in the loss")
    schedule: ScheduleName = option("constant", _choice(ScheduleName), "how the learning rate changes over the epochs")
    step_epochs: int = option(10, Integer(1), "epochs between two steps", Only("schedule", ("step",)))
    step_factor: float = option(
        0.1, Number(above=0, maximum=1), "what the learning rate is multiplied by", Only("schedule", ("step",))
    )
    warmup_epochs: int = option(
        0,
        Integer(0),
        "epochs in which the learning rate rises from 0; fewer than epochs",
        Only("schedule", ("constant", "step", "cosine"), hint="one_cycle has a warm-up of its own"),
    )
    gradient_clip_norm: float | None = option(
        None, Number(above=0, words=(None,)), "longest gradient; a longer one is shortened to it"
    )
    class_weights: ClassWeightsWord | Mapping[str, float] = option(
        "none",
        ClassWeights(get_args(ClassWeightsWord)),
        "weight of each class in the loss; balanced: rare ones count more",
    )
    patience: int | None = option(
        None, Integer(1, words=(None,)), "stop after this many epochs without a better validation; null: never"
    )
    monitor: Monitor = option("accuracy", _choice(Monitor), "what makes one epoch better than another, on validation")
    seed: int = option(0, Integer(0, 2**32 - 1), "start of the random numbers")
    precision: Precision = option("float32", _choice(Precision), "type of the numbers")

    def __post_init__(self) -> None:
        """Replace `auto` by the number that it stands for."""
        written: dict[str, Any] = {"learning_rate": self.learning_rate, "beta2": self.beta2}
        automatic = {"learning_rate": LEARNING_RATES[self.optimizer], "beta2": BETA2.get(self.optimizer, 0.999)}
        for name in written:
            if written[name] == "auto":
                object.__setattr__(self, name, automatic[name])  # the way into a frozen dataclass


@dataclass(frozen=True)
class TrainConfig:
    """Everything a training run can be told."""

    data: DataConfig
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        """Replace the `auto` of the input layer, which the image size decides; that of the output waits for the data."""
        if self.network.layer_dims[0] == "auto":
            dims = (self.data.n_features, *self.network.layer_dims[1:])
            object.__setattr__(self, "network", replace(self.network, layer_dims=dims))


SECTIONS: dict[str, type] = {"data": DataConfig, "network": NetworkConfig, "training": TrainingConfig}

OPTIONS = {
    f"{section}.{each.name}": Option(f"{section}.{each.name}", **each.metadata)
    for section, cls in SECTIONS.items()
    for each in fields(cls)
}
"""Every option by its key, "training.epochs", in the order of the documentation."""
