"""From an image to its feature column: what the network gets to see.

A network of fully connected layers compares an image with stored templates, entry by entry. That works where everything
is in its place, as in digits, and fails on photos, where the same thing can be anywhere. The chapters here make columns
of what matters more than the place: which patterns, edges and colors there are, and roughly where.

    column.py            several blocks, one below the other
    patches.py           learned patches: where do small patterns answer?       dictionary.py   how they are learned
    shared_patches.py    patches that several blocks need are cut once          tiles.py        in the cache
    hog.py               histograms of oriented gradients: which way do edges run?
    color_histogram.py   how much is there of each color?
    pca.py               principal components: how does the image differ from the average?

Whatever is learned here is learned from the training images alone, is stored in the model file, and is computed for one
image by the same operations, whatever other images come with it.
"""
