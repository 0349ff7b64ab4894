"""A trained model: its file, and what it says of images."""
