"""What the five parts share: the parameters as one vector, and the memory a batch passes through.

In memory an example is a row and W[l] is stored transposed: that is the orientation in which BLAS is fastest, a batch
is one contiguous copy, and a smaller batch is simply the first rows. What the formulas see are transposed views, so
that Z[l] = W[l] A[l-1] is written as it stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import DTypeLike

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


class Parameters:
    """All weights and biases of a network as views of one flat vector; gradients have the same form.

    One vector means that an optimizer has no layer loop, that several processes exchange one array, and that a check
    for finite values is one call. All weights come first, then all biases, because L2 and weight decay concern
    weights alone.

    Args:
        layer_dims: (n_0, ..., n_L).
        dtype: Precision.
        flat: Memory to use, shape (size,), in its own precision; zeros by default.

    Attributes:
        layer_dims: (n_0, ..., n_L).
        flat: Every parameter, shape (size,).
        weights: The part of `flat` that holds all W[l], shape (n_weights,).
        W: W[l] for l = 1..L, shape (n_l, n_{l-1}); W[0] is an empty placeholder.
        b: b[l] for l = 1..L, shape (n_l, 1); b[0] is an empty placeholder.
    """

    def __init__(self, layer_dims: Sequence[int], dtype: DTypeLike = np.float32, flat: Array | None = None) -> None:
        self.layer_dims = tuple(layer_dims)
        n = self.layer_dims
        n_weights = sum(n[l] * n[l - 1] for l in range(1, len(n)))
        self.flat: Array = np.zeros(n_weights + sum(n[1:]), dtype) if flat is None else flat
        dtype = self.flat.dtype
        self.weights: Array = self.flat[:n_weights]

        placeholder: Array = np.empty((0, 0), dtype)
        self.W: list[Array] = [placeholder]
        self.b: list[Array] = [placeholder]
        start_W, start_b = 0, n_weights
        for l in range(1, len(n)):
            end_W, end_b = start_W + n[l - 1] * n[l], start_b + n[l]
            self.W.append(self.flat[start_W:end_W].reshape(n[l - 1], n[l]).T)  # (n_l, n_{l-1})
            self.b.append(self.flat[start_b:end_b].reshape(n[l], 1))
            start_W, start_b = end_W, end_b

    @property
    def n_layers(self) -> int:
        """L, the number of layers with weights."""
        return len(self.layer_dims) - 1

    def like(self, dtype: DTypeLike | None = None) -> Parameters:
        """Zero parameters of the same layer sizes, for gradients; of another precision if asked for."""
        return Parameters(self.layer_dims, self.flat.dtype if dtype is None else dtype)


class Workspace:
    """The arrays that a batch passes through, allocated once for up to `max_examples` examples.

    Args:
        layer_dims: (n_0, ..., n_L).
        max_examples: The largest batch, in examples.
        dtype: As the parameters'.
        training: Also allocate what backpropagation needs. Prediction does without.
        dropout: The share of hidden activations to drop in training, 0 <= dropout < 1.

    Attributes:
        Z, A: Linear outputs and activations, (n_l, m) for l = 1..L.
        H: What layer l hands on to the next, (n_l, m) for l = 0..L: X, then A[l], or A[l] after dropout.
        dZ: Derivatives of the cost with respect to Z[l], (n_l, m) for l = 1..L.
        mask: Dropout masks as last drawn, (n_l, m) for hidden layers; empty list without dropout.
        mask_rows: Memory for the masks of a whole batch, (max_examples, n_l).
        ones: (m, 1), because a sum over the batch is a product with ones.
        column: (1, m), for one number per example.
    """

    def __init__(
        self,
        layer_dims: Sequence[int],
        max_examples: int,
        dtype: DTypeLike = np.float32,
        *,
        training: bool = True,
        dropout: float = 0.0,
    ) -> None:
        self.layer_dims = tuple(layer_dims)
        self.max_examples = max_examples
        self.dropout = dropout if training else 0.0
        self.dtype = np.dtype(dtype)
        self._Z = self._rows(self.layer_dims)
        self._A = self._rows(self.layer_dims)
        self._dZ = self._rows(self.layer_dims) if training else []
        hidden = (*self.layer_dims[:-1], 0)
        self.mask_rows = self._rows(hidden) if self.dropout else []
        self.mask = [rows.T for rows in self.mask_rows]
        self._dropped = self._rows(hidden) if self.dropout else []
        self._ones = np.ones((max_examples, 1), dtype)
        self._column = np.empty((max_examples, 1), dtype)
        self._weight_scratch: Array = np.empty(0, dtype)
        self.n_examples = 0
        self.set_batch_size(max_examples)

    def _rows(self, dims: Sequence[int]) -> list[Array]:
        """Memory for layers 1..L, one example per row; layer 0 is the batch itself and needs none."""
        return [np.zeros((self.max_examples, n if l > 0 else 0), self.dtype) for l, n in enumerate(dims)]

    def set_batch_size(self, m: int) -> None:
        """Make every array m examples wide; fewer than `max_examples` take the first rows of the memory."""
        if m == self.n_examples:
            return
        self.n_examples = m
        self.Z = [rows[:m].T for rows in self._Z]
        self.A = [rows[:m].T for rows in self._A]
        self.dZ = [rows[:m].T for rows in self._dZ]
        dropped = [rows[:m].T for rows in self._dropped]
        self.H = [*(dropped[:-1] or self.A[:-1]), self.A[-1]]  # H[0] is for the batch itself
        self.ones = self._ones[:m]
        self.column = self._column[:m].T

    def weight_scratch(self, n_weights: int) -> Array:
        """A vector as long as all weights, allocated at first use: only L2 needs it."""
        if self._weight_scratch.size != n_weights:
            self._weight_scratch = np.empty(n_weights, self.dtype)
        return self._weight_scratch
