"""nncli: train a neural network on image folders, from the command line, from scratch in NumPy."""

__version__ = "0.1.0"
