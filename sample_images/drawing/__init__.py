"""What ``draw_samples.py`` draws with: a brush, handwriting, and a table with dishes on it."""
