"""Where images come from: a folder is scanned, its files are decoded to rows of uint8, rows are scaled and batched."""
