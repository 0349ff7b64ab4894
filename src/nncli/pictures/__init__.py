"""Pictures that explain: weights, samples, mistakes, the confusion matrix. Drawn with NumPy and Pillow alone."""
