"""Data sets that come as arrays: npz and npy, idx, CIFAR's and STL-10's binary files, Matlab's .mat."""
