"""The options of the section `data`: where the images come from, and what the network sees of them."""

# No `from __future__ import annotations` here: the annotations are read at run time, as the description of each option.

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, get_args

from nncli.config.features import FeatureList
from nncli.config.kinds import Choice, Integer, Number, Text
from nncli.config.option import AUTO, SHARE, Only
from nncli.config.shapes import ImageSize
from nncli.features.settings import PIXELS, Features, n_features

Color = Literal["rgb", "grayscale"]
Resize = Literal["stretch", "pad", "crop"]
ScalingName = Literal["zero_one", "standardize"]
AugmentationName = Literal["none", "digits", "photos", "mirror", "garments"]
OnBadImage = Literal["error", "skip"]
Cache = Literal["on", "off"]
TestTimeAugmentation = Literal["none", "mirror"]


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
