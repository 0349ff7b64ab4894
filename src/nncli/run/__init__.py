"""From a config and a folder of images to a run directory with a trained model."""
