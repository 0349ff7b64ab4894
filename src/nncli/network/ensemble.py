"""Several networks that vote: an ensemble.

    Y_hat = average of the members' Y_hat

Networks that start from different weights end with different ones, and where they err, they err differently: on average
the votes of the others are right. The members are trained beside each other on the same batches, each as if it were
alone; everything costs as many times as much as there are members.

Sources: Hansen and Salamon 1990; Lakshminarayanan et al. 2017 (section 2.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nncli.network.forward_propagation import forward

if TYPE_CHECKING:
    from nncli.network.parameters import Array, Parameters, Workspace


def vote(parameters: Parameters, workspace: Workspace, X: Array, activation: str = "relu") -> Array:
    """Propagate a batch through every member and average their Y_hat: probabilities, or the numbers of a regression.

    Args:
        parameters: The members; one is an ensemble too.
        workspace: Used by one after another. At the end it holds, as after `forward`, what the loss looks at: in Z[L]
            the average's logarithm, for sigmoid outputs log(y_hat / (1 - y_hat)), for identity the average itself.
        X: Feature columns, (n_0, m).
        activation: As in `forward`.

    Returns:
        Y_hat, (n_L, m), a view of the workspace.
    """
    first, *others = parameters.members
    Y_hat = forward(first, workspace, X, activation)
    if not others:
        return Y_hat
    total = Y_hat.copy()
    for network in others:
        total += forward(network, workspace, X, activation)
    np.multiply(total, 1 / len(parameters.members), out=Y_hat)
    if first.output == "identity":
        np.copyto(workspace.Z[-1], Y_hat)
        return Y_hat
    limits = np.finfo(Y_hat.dtype)
    np.clip(Y_hat, limits.tiny, 1 - limits.epsneg, out=total)  # 0 has no logarithm
    np.log(total, out=workspace.Z[-1])
    if first.output == "sigmoid":
        workspace.Z[-1][...] -= np.log1p(-total)
    return Y_hat
