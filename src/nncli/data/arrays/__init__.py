"""Data sets that come as arrays: npz, npy, HDF5, idx, .mat, the files of CIFAR, STL-10 and NORB, rows of text."""
