"""nncli from Python, with the words of the command line: ``from nncli import load, train`` (docs/python.md).

classifier.py   load a model, ask it about images
images.py       images as callers have them, labels.py their labels
training.py     train what a config says
estimator.py    both with scikit-learn's interface, for images in memory; scikit_learn.py has its names
"""
