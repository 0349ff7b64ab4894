"""Between parts 2 and 4: normalization of the hidden layers.

Each layer learns from the outputs of the one before, which change with every step. Normalization holds their mean at 0
and their variance at 1, and lets the network choose others where it needs them (gain gamma and shift beta, learned):

    mean = average of Z        variance = average of (Z - mean)^2
    X    = (Z - mean) / sqrt(variance + eps)               normalized: mean 0, variance 1
    Z'   = gamma X + beta                                  what the activation sees

Batch normalization averages each unit over the examples of a batch; layer normalization averages each example over the
units of its layer. Backward, with dZ' = dL/dZ', and "average" the same average as above, because every Z also moves the
mean and the variance that all others of its group are normalized by:

    dgamma = sum of dZ' X over the batch        dbeta = sum of dZ' over the batch        dX = gamma dZ'
    dZ     = (dX - average of dX - X average of (dX X)) / sqrt(variance + eps)

Layer normalization treats every example for itself, so prediction does the same as training. Batch normalization needs
a batch; prediction takes running averages instead, and then it is nothing but another affine map, which `fold` works
into W[l] and b[l] once and for all: a folded network is a plain one.

Running averages lag behind the steps. Pixels are all positive, so the mean of Z = W A moves far whenever W moves, and
no derivative holds it back, because normalization takes it away: where it was ten steps ago may be quite wrong. But the
mean of W A is W times the mean of A. So the average is taken of the inputs A, which drift slowly, and W is the present
one. (Without this a network on pixels from 0 to 1, trained with a constant learning rate, validates badly.)

In layers with batch normalization b[l] is not used: whatever it adds, the mean takes away again.

Sources: Ioffe and Szegedy 2015 (algorithms 1 and 2); Ba et al. 2016 (section 3.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.network.parameters import Parameters

if TYPE_CHECKING:
    from nncli.network.parameters import Array, Network, Workspace

EPSILON = 1e-5
"""Keeps the division finite where all of a group are equal."""

RUNNING_RATE = 0.1
"""Weight of a batch in the running averages."""


def normalize_batch(parameters: Network, workspace: Workspace, l: int) -> None:
    """Replace Z[l] = W[l] A[l-1] by Z', unit by unit; C[l] keeps Z - mean."""
    Z, C, ones, average = workspace.Z[l], workspace.C[l], workspace.ones, workspace.average
    mean = average(Z @ ones)  # (n_l, 1)
    np.subtract(Z, mean, out=C)
    np.multiply(C, C, out=Z)
    variance = average(Z @ ones)
    inverse = 1 / np.sqrt(variance + EPSILON)
    np.multiply(C, parameters.gain[l] * inverse, out=Z)  # gamma X in one pass
    Z += parameters.shift[l]
    workspace.statistics[l] = variance, inverse


def denormalize_batch(parameters: Network, workspace: Workspace, gradients: Network, l: int, share: float) -> None:
    """Replace dZ' in dZ[l] by dZ; gradients get dgamma, dbeta, and this batch's statistics for the running ones.

    Args:
        parameters: As in `forward`.
        workspace: dZ[l], and what `normalize_batch` left. Z[l] and C[l] are used up.
        gradients: Receive dgamma[l], dbeta[l], mean[l] and variance[l].
        l: The layer.
        share: This process's share of the batch: statistics are added up over the processes, as gradients are.
    """
    dZ, Z, C, ones, average = workspace.dZ[l], workspace.Z[l], workspace.C[l], workspace.ones, workspace.average
    m = workspace.n_batch or max(workspace.n_examples, 1)
    variance, inverse = workspace.statistics[l]
    dgain, dshift = gradients.gain[l], gradients.shift[l]
    np.matmul(dZ, ones, out=dshift)
    np.multiply(dZ, C, out=Z)
    np.matmul(Z, ones, out=dgain)
    dgain *= inverse  # X = C * inverse
    C *= average(dgain * inverse)  # X average of (dZ' X)
    dZ -= C
    dZ -= average(dshift)
    dZ *= parameters.gain[l] * inverse
    gradients.b[l][...] = 0
    np.matmul(workspace.H[l - 1], ones, out=gradients.mean[l])
    gradients.mean[l] *= share / max(workspace.n_examples, 1)
    gradients.variance[l][...] = share * m / max(m - 1, 1) * variance  # unbiased, as in algorithm 2


def normalize_layer(parameters: Network, workspace: Workspace, l: int) -> None:
    """Replace Z[l] = W[l] A[l-1] by Z', example by example; C[l] keeps X."""
    Z, C = workspace.Z[l], workspace.C[l]
    Z += parameters.b[l]
    np.subtract(Z, Z.mean(axis=0, keepdims=True), out=C)
    variance = np.einsum("ij,ij->j", C, C)[None] / Z.shape[0]  # (1, m)
    inverse = 1 / np.sqrt(variance + EPSILON)
    C *= inverse
    np.multiply(C, parameters.gain[l], out=Z)
    Z += parameters.shift[l]
    workspace.statistics[l] = (inverse,)


def denormalize_layer(parameters: Network, workspace: Workspace, gradients: Network, l: int, _share: float) -> None:
    """Replace dZ' in dZ[l] by dZ; gradients get dgamma and dbeta. Z[l] and C[l] are used up."""
    dZ, Z, C = workspace.dZ[l], workspace.Z[l], workspace.C[l]
    (inverse,) = workspace.statistics[l]
    np.matmul(dZ, workspace.ones, out=gradients.shift[l])
    np.multiply(dZ, C, out=Z)
    np.matmul(Z, workspace.ones, out=gradients.gain[l])
    dZ *= parameters.gain[l]  # dX
    mean = dZ.mean(axis=0, keepdims=True)
    C *= np.einsum("ij,ij->j", dZ, C) / dZ.shape[0]
    dZ -= C
    dZ -= mean
    dZ *= inverse


NORMALIZATIONS = {"batch": normalize_batch, "layer": normalize_layer}
NORMALIZATION_DERIVATIVES = {"batch": denormalize_batch, "layer": denormalize_layer}


def move_running_statistics(running: Array, batch: Array, step: int, size: float = 1.0) -> None:
    """running += rate (batch - running), in place.

    The rate is 1/t in the first steps, which makes the average that of all batches so far and not of where it started.

    Args:
        running: Means and variances, or a part of them, (n,).
        batch: Those of the batch, (n,); used up.
        step: t, counted from 1.
        size: Of the batch, as a share of a full one: the last batch of an epoch may be of one example.
    """
    batch -= running
    batch *= size * max(RUNNING_RATE, 1 / step)
    running += batch


def fold(parameters: Parameters) -> Parameters:
    """The network for prediction: with batch normalization a plain one that does the same, else `parameters` itself.

    gamma (W A - W mean) / sqrt(variance + eps) + beta  =  (s W) A + (beta - s W mean)   with s = gamma / sqrt(...)
    """
    if parameters.normalization != "batch":
        return parameters
    n_members = len(parameters.members)
    flat, output = parameters.flat, parameters.output
    plain = Parameters(parameters.layer_dims, flat.dtype, n_members=n_members, output=output, like=flat)
    for network, folded in zip(parameters.members, plain.members, strict=True):
        for l in range(1, network.n_layers + 1):
            folded.W[l][...], folded.b[l][...] = network.W[l], network.b[l]
        for l in range(1, network.n_layers):
            scale = network.gain[l] / np.sqrt(network.variance[l] + EPSILON)  # (n_l, 1)
            folded.W[l][...] *= scale
            folded.b[l][...] = network.shift[l] - folded.W[l] @ network.mean[l]
    return plain
