"""What the feature column of an image can be made of, and how long it gets. No image and no NumPy here.

    pixels            the values themselves
    patches           how strongly small learned patterns answer in each part of the image
    deep_patches      what these patterns form together
    hog               which way the edges run in each part of the image
    color_histogram   how much there is of each color
    pca               the image in as few numbers as its likeness to the others allows

The config reads these settings, the model file keeps them, `nncli.features` computes with them.
"""

from nncli.features.settings.block import Block, Range, Setting, Shape, settings_of
from nncli.features.settings.column import (
    BLOCKS,
    MOST_FEATURES,
    PIXELS,
    Features,
    features_from_list,
    misfit,
    n_features,
)
from nncli.features.settings.learned_patches import DeepPatches, Patches
from nncli.features.settings.other_blocks import ColorHistogram, Hog, Pca, Pixels

__all__ = [
    "BLOCKS",
    "MOST_FEATURES",
    "PIXELS",
    "Block",
    "ColorHistogram",
    "DeepPatches",
    "Features",
    "Hog",
    "Patches",
    "Pca",
    "Pixels",
    "Range",
    "Setting",
    "Shape",
    "features_from_list",
    "misfit",
    "n_features",
    "settings_of",
]
