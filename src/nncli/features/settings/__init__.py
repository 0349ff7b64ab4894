"""Settings of the blocks of a feature column, and its length. No image and no NumPy here.

    pixels            the values themselves
    patches           how strongly small learned patterns answer in each part of the image
    deep_patches      what these patterns form together
    hog               which way the edges run in each part of the image
    color_histogram   how much there is of each color
    pca               the image in as few numbers as its likeness to the others allows
    backbone          the answers of an ONNX network of your own

The config reads these settings, the model file keeps them, `nncli.features` computes with them.
"""

from nncli.features.settings.block import Block, Shape
from nncli.features.settings.column import MOST_FEATURES, PIXELS, Features, features_from_list, misfit, n_features
from nncli.features.settings.registry import KINDS, class_name, located, part_of, settings_class

__all__ = [
    "KINDS",
    "MOST_FEATURES",
    "PIXELS",
    "Block",
    "Features",
    "Shape",
    "class_name",
    "features_from_list",
    "located",
    "misfit",
    "n_features",
    "part_of",
    "settings_class",
]
