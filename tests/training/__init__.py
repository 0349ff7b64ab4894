"""Tests of the training loop and what steers it."""
