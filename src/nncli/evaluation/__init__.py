"""How good a model is on labeled images."""
