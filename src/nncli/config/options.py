"""Every option there is: its default, its limits, what it does. The one place that says so.

The validator, the JSON Schema, the documentation's table and the written-out config of a run are all made from these
classes. To add an option, add a line here, and use it.
"""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from nncli.config.features import FeatureList
from nncli.config.shapes import ClassWeights, ImageSize, LayerDims
from nncli.features.settings import PIXELS, Features, n_features
from nncli.option import Choice, Integer, Number, Only, Text, options_of

Color = Literal["rgb", "grayscale"]
Resize = Literal["stretch", "pad", "crop"]
ScalingName = Literal["zero_one", "standardize"]
AugmentationName = Literal["none", "digits", "photos", "mirror", "garments"]
OnBadImage = Literal["error", "skip"]
Cache = Literal["on", "off"]
TestTimeAugmentation = Literal["none", "mirror"]
Activation = Literal["relu", "leaky_relu", "gelu", "tanh", "sigmoid"]
Normalization = Literal["none", "batch", "layer"]
Initialization = Literal["xavier", "he", "zeros", "constant", "normal"]
Recipe = Literal["plain", "auto", "digits", "garments", "photos"]
Effort = Literal["quick", "standard", "thorough"]
Calibration = Literal["none", "temperature"]
OptimizerName = Literal["gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
ScheduleName = Literal["constant", "step", "cosine", "one_cycle"]
MixingName = Literal["none", "mixup", "cutmix", "cutout"]
ClassWeightsName = Literal["none", "balanced"]
Monitor = Literal["accuracy", "loss", "last"]
Precision = Literal["float32", "float64"]

AUTO: Any = "auto"
"""Stands for a number that the dataclass puts in its place."""

SHARE = Number(minimum=0, below=1)
POSITIVE = Number(above=0)

MIXED = ("mixup", "cutmix", "cutout")

LEARNING_RATES = {"gradient_descent": 0.1, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.001}
"""What `learning_rate: auto` stands for, where it is not 0.001."""

BETA2 = {"rmsprop": 0.9}
"""What `beta2: auto` stands for, where it is not 0.999."""


@dataclass(frozen=True)
class DataConfig:
    """Where the images come from and what is made of them."""

    path: Annotated[Path, Text("the path of a folder"), "folder of class folders, relative to this file"]
    image_size: Annotated[tuple[int, int], ImageSize(), "height and width in pixels that every image gets"] = (64, 64)
    color: Annotated[Color, Choice(get_args(Color)), "three values for each pixel, or one"] = "rgb"
    resize: Annotated[Resize, Choice(get_args(Resize)), "how images of other proportions are made to fit"] = "stretch"
    features: Annotated[
        Features, FeatureList(), "what of an image the network sees, one block below the other (docs/features.md)"
    ] = PIXELS
    scaling: Annotated[
        ScalingName,
        Choice(("auto", *get_args(ScalingName))),
        "pixels / 255, or mean 0 and standard deviation 1 for each entry of the feature column; "
        "auto: zero_one for pixels alone, standardize for other features",
    ] = AUTO
    augmentation: Annotated[
        AugmentationName, Choice(get_args(AugmentationName)), "random changes of the training images, for their kind"
    ] = "none"
    augmentation_strength: Annotated[
        float,
        Number(minimum=0, maximum=3),
        "what the amounts of all changes are multiplied by",
        Only("augmentation", ("digits", "photos", "garments"), hint="mirror has no amount"),
    ] = 1.0
    test_time_augmentation: Annotated[
        TestTimeAugmentation,
        Choice(get_args(TestTimeAugmentation)),
        "mirror: predictions are the average for the image and its mirror image, which takes twice the time",
    ] = "none"
    validation_split: Annotated[float, SHARE, "share of the images for validation; only without a val/ folder"] = 0.15
    on_bad_image: Annotated[
        OnBadImage, Choice(get_args(OnBadImage)), "stop at images that cannot be read, or skip them"
    ] = "error"
    max_bad_share: Annotated[
        float,
        Number(minimum=0, maximum=1),
        "largest share of the images that may be skipped; more of them, and training refuses",
        Only("on_bad_image", ("skip",)),
    ] = 0.5
    max_pixels: Annotated[
        int, Integer(1, 170_000_000), "larger images, height times width, count as bad, in prediction too"
    ] = 110_000_000
    cache: Annotated[Cache, Choice(get_args(Cache)), "keep decoded images, so that the next run starts at once"] = "on"

    def __post_init__(self) -> None:
        """Replace `auto` by what it stands for."""
        if self.scaling == AUTO:
            object.__setattr__(self, "scaling", "zero_one" if self.features == PIXELS else "standardize")

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of an image."""
        return *self.image_size, 3 if self.color == "rgb" else 1

    @property
    def n_features(self) -> int:
        """Length of the feature column, n_0; of pixels alone height * width * channels."""
        return n_features(self.features, self.shape)


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network and how it starts."""

    layer_dims: Annotated[
        tuple[int | Literal["auto"], ...],
        LayerDims(),
        "layer sizes from input to output; auto: what the images and the classes need",
    ] = ("auto", 64, "auto")
    activation: Annotated[Activation, Choice(get_args(Activation)), "activation of the hidden layers"] = "relu"
    normalization: Annotated[
        Normalization,
        Choice(get_args(Normalization)),
        "of the hidden layers, before the activation: over the batch, or over the layer",
    ] = "none"
    initialization: Annotated[Initialization, Choice(get_args(Initialization)), "how the weights start"] = "xavier"
    initialization_scale: Annotated[
        float,
        POSITIVE,
        "constant: the value; normal: the standard deviation",
        Only("initialization", ("constant", "normal")),
    ] = 0.01
    dropout: Annotated[float, SHARE, "share of the hidden units switched off in each training step"] = 0.0


@dataclass(frozen=True)
class TrainingConfig:
    """How the parameters are learned."""

    recipe: Annotated[
        Recipe,
        Choice(get_args(Recipe)),
        "defaults for everything that is not written, suited to a kind of picture; auto: chosen by looking at some; "
        "plain: every ingredient off (docs/recipes.md)",
    ] = "plain"
    effort: Annotated[
        Effort,
        Choice(get_args(Effort)),
        "how long training may take: about a minute, ten, or thirty for 50,000 small images on two cores",
        Only("recipe", ("auto", "digits", "garments", "photos")),
    ] = "quick"
    epochs: Annotated[int, Integer(1), "passes over the training images"] = 30
    batch_size: Annotated[
        int | Literal["full"], Integer(1, words=("full",)), "images in one step; full: all of them"
    ] = 64
    optimizer: Annotated[OptimizerName, Choice(get_args(OptimizerName)), "how a gradient becomes a step"] = "adam"
    learning_rate: Annotated[
        float,
        Number(above=0, words=("auto",)),
        "length of a step; auto: 0.1 for gradient_descent, 0.01 for momentum and nesterov, 0.001 for the others",
    ] = AUTO
    momentum: Annotated[float, SHARE, "decay of the velocity", Only("optimizer", ("momentum", "nesterov"))] = 0.9
    beta1: Annotated[float, SHARE, "decay of the mean gradient", Only("optimizer", ("adam", "adamw"))] = 0.9
    beta2: Annotated[
        float,
        Number(minimum=0, below=1, words=("auto",)),
        "decay of the mean square; auto: 0.9 for rmsprop, 0.999 for the others",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    ] = AUTO
    epsilon: Annotated[
        float,
        POSITIVE,
        "keeps the division by the root mean square finite",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    ] = 1e-8
    weight_decay: Annotated[
        float,
        Number(minimum=0),
        "decay of the weights beside the gradient",
        Only("optimizer", ("adamw",), hint="use training.l2, the penalty in the loss"),
    ] = 0.01
    l2: Annotated[float, Number(minimum=0), "penalty l2/2 * sum(W^2) in the loss"] = 0.0
    schedule: Annotated[
        ScheduleName, Choice(get_args(ScheduleName)), "how the learning rate changes over the epochs"
    ] = "constant"
    step_epochs: Annotated[int, Integer(1), "epochs between two steps", Only("schedule", ("step",))] = 10
    step_factor: Annotated[
        float, Number(above=0, maximum=1), "what a step multiplies the learning rate by", Only("schedule", ("step",))
    ] = 0.1
    warmup_epochs: Annotated[
        int,
        Integer(0),
        "epochs in which the learning rate rises from 0; fewer than epochs",
        Only("schedule", ("constant", "step", "cosine"), hint="one_cycle has a warm-up of its own"),
    ] = 0
    gradient_clip_norm: Annotated[
        float | None,
        Number(above=0, words=(None,)),
        "longest gradient; a longer one is shortened to it; null: no limit",
    ] = None
    ensemble: Annotated[
        int, Integer(1, 64), "networks that are trained beside each other and vote; so many times the cost"
    ] = 1
    label_smoothing: Annotated[float, SHARE, "share of each label that is given to all classes alike"] = 0.0
    mixing: Annotated[
        MixingName, Choice(get_args(MixingName)), "training images are mixed with each other, or lose pixels (cutout)"
    ] = "none"
    mixing_probability: Annotated[
        float, Number(above=0, maximum=1), "share of the batches that are mixed", Only("mixing", MIXED)
    ] = 0.5
    mixing_alpha: Annotated[
        float,
        POSITIVE,
        "1: any share of the other image is as likely; smaller: rather little or almost all",
        Only("mixing", ("mixup", "cutmix")),
    ] = 1.0
    class_weights: Annotated[
        ClassWeightsName | Mapping[str, float],
        ClassWeights(get_args(ClassWeightsName)),
        "weight of each class in the loss; balanced: the rarer, the heavier",
    ] = "none"
    patience: Annotated[
        int | None,
        Integer(1, words=(None,)),
        "stop after so many epochs without a better one; null: never",
        Only("monitor", ("accuracy", "loss")),
    ] = None
    calibration: Annotated[
        Calibration,
        Choice(get_args(Calibration)),
        "temperature: probabilities are made neither too sure nor too timid, on validation",
    ] = "none"
    monitor: Annotated[
        Monitor, Choice(get_args(Monitor)), "what makes an epoch the best, on validation, or which one is kept: last"
    ] = "accuracy"
    seed: Annotated[int, Integer(0, 2**32 - 1), "start of the random numbers"] = 0
    precision: Annotated[Precision, Choice(get_args(Precision)), "type of the numbers"] = "float32"
    processes: Annotated[
        int | Literal["auto"],
        Integer(1, 64, words=(AUTO,)),
        "processes that share each batch; auto: one for each core where that is faster",
    ] = AUTO

    def __post_init__(self) -> None:
        """Replace `auto` by the number that it stands for."""
        if self.learning_rate == AUTO:
            object.__setattr__(self, "learning_rate", LEARNING_RATES.get(self.optimizer, 0.001))
        if self.beta2 == AUTO:
            object.__setattr__(self, "beta2", BETA2.get(self.optimizer, 0.999))


@dataclass(frozen=True)
class TrainConfig:
    """Everything a training run can be told."""

    data: DataConfig
    network: NetworkConfig = field(default_factory=NetworkConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        """Replace the `auto` of the input layer, which the image size decides; the output layer waits for the data."""
        if self.network.layer_dims[0] == "auto":
            dims = (self.data.n_features, *self.network.layer_dims[1:])
            object.__setattr__(self, "network", replace(self.network, layer_dims=dims))


SECTIONS: dict[str, type] = {"data": DataConfig, "network": NetworkConfig, "training": TrainingConfig}

OPTIONS = {option.key: option for section, cls in SECTIONS.items() for option in options_of(cls, f"{section}.")}
"""Every option by its key, "training.epochs", in the order of the documentation."""
