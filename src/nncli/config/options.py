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
from nncli.config.shapes import (
    Background,
    ClassWeights,
    Columns,
    Crop,
    ImageSize,
    LayerDims,
    MirrorTargets,
    SideCameras,
    Splits,
    TextOrNull,
    ValueRange,
)
from nncli.features.settings import PIXELS, Features, n_features
from nncli.features.settings.looks import seen_shape
from nncli.option import Choice, Integer, Number, Only, Text, options_of

Color = Literal["rgb", "grayscale"]
Resize = Literal["stretch", "pad", "crop"]
ScalingName = Literal["zero_one", "standardize"]
AugmentationName = Literal["none", "digits", "photos", "mirror", "garments"]
ColorProfile = Literal["srgb", "ignore"]
OnBadImage = Literal["error", "skip"]
Cache = Literal["on", "off"]
Placement = Literal["shared", "shards"]
Task = Literal["classification", "multilabel", "regression"]
Loss = Literal["squared", "absolute", "huber"]
Transpose = Literal["off", "on"]
Watching = Literal["off", "on"]
Looks = Literal["whole", "parts", "parts_in_training", "shifts", "shifts_in_training"]
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
Backend = Literal["numpy", "cupy"]

AUTO: Any = "auto"
"""Stands for a number that the dataclass puts in its place."""

SHARE = Number(minimum=0, below=1)
POSITIVE = Number(above=0)

OF_CLASSES = Only("data.task", ("classification",))

MIXED = ("mixup", "cutmix", "cutout")

LEARNING_RATES = {"gradient_descent": 0.1, "momentum": 0.01, "nesterov": 0.01, "rmsprop": 0.001}
"""Values that `learning_rate: auto` stands for, where not 0.001."""

BETA2 = {"rmsprop": 0.9}
"""Values that `beta2: auto` stands for, where not 0.999."""


@dataclass(frozen=True)
class DataConfig:
    """Where the images come from and what is made of them."""

    path: Annotated[
        Path,
        Text("the path of a folder or file"),
        "folder of class folders, table, arrays or archive (docs/data.md), relative to this file",
    ]
    task: Annotated[
        Task,
        Choice(get_args(Task)),
        "what images are to be told: their class, any number of labels at once (docs/multilabel.md), or numbers from "
        "columns of a table (docs/regression.md)",
    ] = "classification"
    splits: Annotated[
        str | Mapping[str, tuple[str, ...]],
        Splits(("auto", "none")),
        "which folders are which split, where their names do not say so; none: every folder is a class",
    ] = AUTO
    columns: Annotated[
        str | Mapping[str, Any],
        Columns(("auto",)),
        "which columns of a table hold the path, label, split and group, where their names do not say so; separator: "
        "what stands between several labels in a cell",
    ] = AUTO
    label_from: Annotated[
        str | None,
        TextOrNull("a regular expression with a group called label"),
        "what names of images begin with, where they and no folders name the class",
    ] = None
    order: Annotated[
        str | None,
        TextOrNull("the name of a column"),
        "column of a table that says when; the last images are for validation",
    ] = None
    side_cameras: Annotated[
        Mapping[str, float] | None,
        SideCameras(),
        "columns with further pictures to train on, and what is added to the first target for each, as in driving logs",
        Only("task", ("regression",)),
    ] = None
    mirror_targets: Annotated[
        str | tuple[str, ...],
        MirrorTargets(("keep", "negate")),
        "what a mirror does to targets: nothing, or it turns the sign of all or of the listed ones",
        Only("task", ("regression",)),
    ] = "keep"
    transpose: Annotated[
        Transpose, Choice(get_args(Transpose)), "exchange rows and columns of arrays, which EMNIST needs"
    ] = "off"
    crop: Annotated[
        Mapping[str, float] | None,
        Crop(),
        "what is cut off every image before resizing, at top, bottom, left and right: shares below 1, else pixels",
    ] = None
    image_size: Annotated[tuple[int, int], ImageSize(), "height and width in pixels that every image gets"] = (64, 64)
    color: Annotated[Color, Choice(get_args(Color)), "color mode: three channels or one"] = "rgb"
    resize: Annotated[Resize, Choice(get_args(Resize)), "how images of another aspect ratio are resized"] = "stretch"
    features: Annotated[
        Features, FeatureList(), "feature blocks computed from an image and concatenated (docs/features.md)"
    ] = PIXELS
    scaling: Annotated[
        ScalingName,
        Choice(("auto", *get_args(ScalingName))),
        "pixels / 255, or mean 0 and standard deviation 1 for each entry of the feature column; "
        "auto: zero_one for pixels alone, standardize for other features",
    ] = AUTO
    augmentation: Annotated[
        AugmentationName, Choice(get_args(AugmentationName)), "random augmentation preset for the training images"
    ] = "none"
    augmentation_strength: Annotated[
        float,
        Number(minimum=0, maximum=3),
        "factor for the magnitude of every augmentation",
        Only("augmentation", ("digits", "photos", "garments"), hint="mirror has no amount"),
    ] = 1.0
    looks: Annotated[
        Looks,
        Choice(get_args(Looks)),
        "parts: look at the whole image, made smaller, and at five parts of it; shifts: at the image as it is, and "
        "moved four times; each epoch takes one look at an image, and in prediction all of them vote; "
        "parts_in_training, shifts_in_training: only the first look votes (docs/features.md)",
    ] = "whole"
    test_time_augmentation: Annotated[
        TestTimeAugmentation,
        Choice(get_args(TestTimeAugmentation)),
        "mirror: average the probabilities of the image and its mirror image, at twice the cost",
    ] = "none"
    validation_split: Annotated[
        float, SHARE, "fraction of the images held out for validation; only without a val/ folder"
    ] = 0.15
    groups: Annotated[
        str,
        Text("none, folder, near-copies or a regular expression"),
        "images that stay on one side of the split: of folders with the same name within class folders, showing the "
        "same, or with the same match in the file's name (docs/numbers.md)",
    ] = "none"
    on_bad_image: Annotated[
        OnBadImage, Choice(get_args(OnBadImage)), "stop at images that cannot be read, or skip them"
    ] = "error"
    max_bad_share: Annotated[
        float,
        Number(minimum=0, maximum=1),
        "largest fraction of the images that may be skipped; training refuses to start beyond it",
        Only("on_bad_image", ("skip",)),
    ] = 0.5
    range: Annotated[
        tuple[float, float] | Literal["auto", "full"],
        ValueRange(),
        "values that become black and white, for images of more than 8 bits; full: all that the file can hold; auto: "
        "what the training images use (docs/images.md)",
    ] = AUTO
    background: Annotated[
        str,
        Background(),
        "what shows through transparent pixels; auto: white or black, whichever keeps more contrast in training",
    ] = "white"
    color_profile: Annotated[
        ColorProfile,
        Choice(get_args(ColorProfile)),
        "convert colors by the profile of their file, or not",
    ] = "srgb"
    max_pixels: Annotated[
        int,
        Integer(1, 170_000_000),
        "largest height times width of an image; larger ones count as bad, in prediction too",
    ] = 110_000_000
    cache: Annotated[
        Cache, Choice(get_args(Cache)), "keep decoded images and features on disk, so that the next run starts at once"
    ] = "on"
    placement: Annotated[
        Placement,
        Choice(get_args(Placement)),
        "of the training images where several processes train under MPI: shared: every machine has all of them; "
        "shards: every process has a part of its own, and no machine has all (docs/scaling.md)",
    ] = "shared"

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
        return n_features(self.features, seen_shape(self.shape, self.looks))


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network and how it starts."""

    layer_dims: Annotated[
        tuple[int | Literal["auto"], ...],
        LayerDims(),
        "layer sizes from input to output; auto: chosen from the images and the classes",
    ] = ("auto", 64, "auto")
    activation: Annotated[Activation, Choice(get_args(Activation)), "activation function of the hidden layers"] = "relu"
    normalization: Annotated[
        Normalization,
        Choice(get_args(Normalization)),
        "normalize hidden layers before the activation: batch or layer normalization",
    ] = "none"
    initialization: Annotated[Initialization, Choice(get_args(Initialization)), "initialization of the weights"] = (
        "xavier"
    )
    initialization_scale: Annotated[
        float,
        POSITIVE,
        "value (constant) or standard deviation (normal) of the initial weights",
        Only("initialization", ("constant", "normal")),
    ] = 0.01
    project: Annotated[
        int | Literal["none", "auto"],
        Integer(1, 8192, words=("none", "auto")),
        "train on this many principal directions of the training images' feature columns, which is faster and smaller "
        "where there are many features; auto: as many as there are, up to 512 (docs/features.md)",
    ] = "none"
    dropout: Annotated[float, SHARE, "probability of dropping a hidden unit in a training step"] = 0.0


@dataclass(frozen=True)
class TrainingConfig:
    """How the parameters are learned."""

    recipe: Annotated[
        Recipe,
        Choice(get_args(Recipe)),
        "preset for every option that the config leaves out; auto: chosen from a sample of the images; "
        "plain: the options' own defaults (docs/recipes.md)",
    ] = "plain"
    effort: Annotated[
        Effort,
        Choice(get_args(Effort)),
        "training budget of the recipe: about 1, 10 or 30 minutes for 50,000 small images on two cores",
        Only("recipe", ("auto", "digits", "garments", "photos")),
    ] = "quick"
    epochs: Annotated[int, Integer(1), "passes over the training images"] = 30
    batch_size: Annotated[
        int | Literal["full"], Integer(1, words=("full",)), "images per training step; full: the whole training set"
    ] = 64
    optimizer: Annotated[OptimizerName, Choice(get_args(OptimizerName)), "optimization algorithm"] = "adam"
    learning_rate: Annotated[
        float,
        Number(above=0, words=("auto",)),
        "step size; auto: 0.1 for gradient_descent, 0.01 for momentum and nesterov, 0.001 for the others",
    ] = AUTO
    momentum: Annotated[
        float, SHARE, "momentum coefficient: decay of the velocity", Only("optimizer", ("momentum", "nesterov"))
    ] = 0.9
    beta1: Annotated[
        float, SHARE, "decay rate of the first moment (mean gradient)", Only("optimizer", ("adam", "adamw"))
    ] = 0.9
    beta2: Annotated[
        float,
        Number(minimum=0, below=1, words=("auto",)),
        "decay rate of the second moment (mean squared gradient); auto: 0.9 for rmsprop, 0.999 for the others",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    ] = AUTO
    epsilon: Annotated[
        float,
        POSITIVE,
        "added to the root mean square before the division",
        Only("optimizer", ("rmsprop", "adam", "adamw")),
    ] = 1e-8
    weight_decay: Annotated[
        float,
        Number(minimum=0),
        "decoupled weight decay",
        Only("optimizer", ("adamw",), hint="use training.l2, the penalty in the loss"),
    ] = 0.01
    l2: Annotated[float, Number(minimum=0), "strength of L2 regularization: adds l2/2 * sum(W^2) to the loss"] = 0.0
    schedule: Annotated[ScheduleName, Choice(get_args(ScheduleName)), "learning rate schedule"] = "constant"
    step_epochs: Annotated[
        int, Integer(1), "epochs between two drops of the learning rate", Only("schedule", ("step",))
    ] = 10
    step_factor: Annotated[
        float, Number(above=0, maximum=1), "factor of each drop of the learning rate", Only("schedule", ("step",))
    ] = 0.1
    warmup_epochs: Annotated[
        int,
        Integer(0),
        "epochs of linear warm-up of the learning rate from 0; fewer than epochs",
        Only("schedule", ("constant", "step", "cosine"), hint="one_cycle has a warm-up of its own"),
    ] = 0
    gradient_clip_norm: Annotated[
        float | None,
        Number(above=0, words=(None,)),
        "clip the gradient to this global L2 norm; null: no clipping",
    ] = None
    ensemble: Annotated[
        int, Integer(1, 64), "number of networks whose probabilities are averaged; multiplies the cost"
    ] = 1
    loss: Annotated[
        Loss,
        Choice(get_args(Loss)),
        "of a regression: squared error, absolute error, or huber, which is squared up to one standard deviation",
        Only("data.task", ("regression",)),
    ] = "squared"
    label_smoothing: Annotated[
        float, SHARE, "fraction of the target probability spread evenly over all classes", OF_CLASSES
    ] = 0.0
    mixing: Annotated[
        MixingName, Choice(get_args(MixingName)), "mixup, cutmix or cutout of the training images", OF_CLASSES
    ] = "none"
    mixing_probability: Annotated[
        float, Number(above=0, maximum=1), "fraction of the batches that are mixed", Only("mixing", MIXED)
    ] = 0.5
    mixing_alpha: Annotated[
        float,
        POSITIVE,
        "the mixing ratio is drawn from Beta(alpha, alpha); 1 is uniform",
        Only("mixing", ("mixup", "cutmix")),
    ] = 1.0
    pattern_epochs: Annotated[
        int,
        Integer(0),
        "passes over the training images in which the patterns of deep_patches are trained by backpropagation before "
        "the network; 0: they are learned without labels alone (docs/features.md)",
        OF_CLASSES,
    ] = 0
    class_weights: Annotated[
        ClassWeightsName | Mapping[str, float],
        ClassWeights(get_args(ClassWeightsName)),
        "weight of each class in the loss; balanced: inversely proportional to its frequency",
        OF_CLASSES,
    ] = "none"
    patience: Annotated[
        int | None,
        Integer(1, words=(None,)),
        "early stopping: epochs without improvement of monitor; null: never stop early",
        Only("monitor", ("accuracy", "loss")),
    ] = None
    calibration: Annotated[
        Calibration,
        Choice(get_args(Calibration)),
        "temperature: fit a softmax temperature on the validation set",
        OF_CLASSES,
    ] = "none"
    monitor: Annotated[
        Monitor,
        Choice(get_args(Monitor)),
        "which epoch to keep: best validation accuracy, lowest validation loss, or the last; accuracy is of classes, "
        "multilabel and regression have the lowest loss instead",
    ] = "accuracy"
    seed: Annotated[int, Integer(0, 2**32 - 1), "seed of the random number generator"] = 0
    precision: Annotated[Precision, Choice(get_args(Precision)), "floating-point type of the computation"] = "float32"
    processes: Annotated[
        int | Literal["auto"],
        Integer(1, 64, words=(AUTO,)),
        "processes among which each batch is divided; auto: one per core, or fewer where that is faster at the moment",
    ] = AUTO
    backend: Annotated[
        Backend, Choice(get_args(Backend)), "where the network lies: numpy, or cupy on a GPU (docs/scaling.md)"
    ] = "numpy"
    watch: Annotated[
        Watching, Choice(get_args(Watching)), "record what the layers are like while they learn (docs/watching.md)"
    ] = "off"

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
        if self.data.task != "classification" and self.training.monitor == "accuracy":  # which is of classes
            object.__setattr__(self, "training", replace(self.training, monitor="loss"))


SECTIONS: dict[str, type] = {"data": DataConfig, "network": NetworkConfig, "training": TrainingConfig}

OPTIONS = {option.key: option for section, cls in SECTIONS.items() for option in options_of(cls, f"{section}.")}
"""Every option by its key, "training.epochs", in the order of the documentation."""
