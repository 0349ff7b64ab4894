"""Shared containers of the five parts: the parameters as one vector, and the memory a batch passes through.

In memory an example is a row and W[l] is stored transposed: that is the orientation in which BLAS is fastest, a batch
is one contiguous copy, and a smaller batch is simply the first rows. What the formulas see are transposed views, so
that Z[l] = W[l] A[l-1] is written as it stands.

Where that memory is, is not decided here: everything lies where the array `like` lies, which may be a GPU. NumPy's
functions then call those of the array's own library (NEP 13, 18 and 35), so that the five parts are written once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import DTypeLike

Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


class Network:
    """The weights and biases of one network as views of memory that belongs to `Parameters`.

    Args:
        layer_dims: (n_0, ..., n_L).
        normalization: Of the hidden layers: none, batch or layer.
        output: Of the last layer: softmax, sigmoid or identity.
        parts: Memory for weights and biases; with normalization also for gains and shifts; with batch normalization
            also for running means and variances. One vector each.

    Attributes:
        layer_dims, normalization, output: As above.
        weights: The memory of all W[l], shape (n_weights,).
        W: W[l] for l = 1..L, shape (n_l, n_{l-1}); W[0] is an empty placeholder.
        b: b[l] for l = 1..L, shape (n_l, 1); b[0] is an empty placeholder.
        gain, shift, variance: Likewise for the hidden layers l = 1..L-1, shape (n_l, 1).
        mean: Likewise, of what goes into the layer, shape (n_{l-1}, 1). In gradients, mean and variance are those of
            the batch.
    """

    def __init__(self, layer_dims: Sequence[int], normalization: str, output: str, parts: Sequence[Array]) -> None:
        self.layer_dims = tuple(layer_dims)
        self.normalization, self.output = normalization, output
        self.weights = parts[0]
        n = self.layer_dims
        dims = (n[1:], n[1:-1], n[1:-1], n[:-2], n[1:-1])
        columns = [_columns(part, each) for part, each in zip(parts[1:], dims, strict=False)]
        self.b, self.gain, self.shift, self.mean, self.variance = columns + [[]] * (5 - len(columns))
        self.W: list[Array] = [self.b[0]]
        start = 0
        for l in range(1, len(n)):
            end = start + n[l - 1] * n[l]
            self.W.append(self.weights[start:end].reshape(n[l - 1], n[l]).T)  # (n_l, n_{l-1})
            start = end

    @property
    def n_layers(self) -> int:
        """L, the number of layers with weights."""
        return len(self.layer_dims) - 1


def _columns(memory: Array, dims: Sequence[int]) -> list[Array]:
    """Views of `memory` one after another, (n, 1) for each n of `dims`; the first entry is a placeholder."""
    columns: list[Array] = [np.empty((0, 0), memory.dtype)]
    start = 0
    for n in dims:
        columns.append(memory[start : start + n].reshape(n, 1))
        start += n
    return columns


class Parameters(Network):
    """All that is learned as one flat vector; gradients have the same form.

    One vector means that an optimizer has no layer loop, that several processes exchange one array, and that a check
    for finite values is one call. All weights come first, then all biases, because L2 and weight decay concern
    weights alone; then what normalization learns; and last what it only measures, which no optimizer moves:

        W[1] ... W[L] | b[1] ... b[L] | gains | shifts | running means | running variances

    An ensemble has the weights of all its members first, then the biases of all, and so on.

    Args:
        layer_dims: (n_0, ..., n_L).
        dtype: Precision.
        flat: Memory to use, shape (size,), in its own precision; zeros by default.
        normalization: Of the hidden layers: none, batch or layer. With none there are no gains and shifts, and only
            batch normalization has running means and variances.
        n_members: Networks in the ensemble.
        output: The activation of the last layer: softmax (one of several classes), sigmoid (one class or not; labels
            that do not exclude each other) or identity (numbers). By default sigmoid for one unit and softmax for more.
        like: An array; new memory is allocated where it lies. By default by NumPy.

    Attributes:
        flat: Every parameter, shape (size,).
        weights: The part of `flat` that holds the weights of all members.
        learned: The part of `flat` that an optimizer moves: all but running means and variances.
        members: The networks. W, b and so on are those of the first.
    """

    def __init__(
        self,
        layer_dims: Sequence[int],
        dtype: DTypeLike = np.float32,
        flat: Array | None = None,
        *,
        normalization: str = "none",
        n_members: int = 1,
        output: str = "",
        like: Array | None = None,
    ) -> None:
        output = output or ("sigmoid" if layer_dims[-1] == 1 else "softmax")
        n, n_hidden = layer_dims, sum(layer_dims[1:-1])
        sizes = [sum(n[l] * n[l - 1] for l in range(1, len(n))), sum(n[1:])]
        sizes += [] if normalization == "none" else [n_hidden, n_hidden]
        sizes += [sum(n[:-2]), n_hidden] if normalization == "batch" else []
        bounds = np.cumsum([0, *sizes]) * n_members
        self.flat: Array = np.zeros(bounds[-1], dtype, like=like) if flat is None else flat
        parts = [
            [self.flat[bound + k * size :][:size] for bound, size in zip(bounds, sizes, strict=False)]
            for k in range(n_members)
        ]
        self.members = [Network(layer_dims, normalization, output, each) for each in parts]
        super().__init__(layer_dims, normalization, output, parts[0])
        self.weights = self.flat[: bounds[1]]
        self.learned: Array = self.flat[: bounds[4 if normalization == "batch" else -1]]

    def like(self, dtype: DTypeLike | None = None, flat: Array | None = None) -> Parameters:
        """Parameters of the same networks: zeros, of another precision if asked for, or those in `flat`, (size,)."""
        dtype = self.flat.dtype if dtype is None else dtype
        kind = {"normalization": self.normalization, "output": self.output}
        return Parameters(self.layer_dims, dtype, flat, n_members=len(self.members), like=self.flat, **kind)


class Workspace:
    """The arrays that a batch passes through, allocated once for up to `max_examples` examples.

    Args:
        layer_dims: (n_0, ..., n_L).
        max_examples: The largest batch, in examples.
        dtype: As the parameters'.
        training: Also allocate what backpropagation needs. Prediction does without.
        dropout: The share of hidden activations to drop in training, 0 <= dropout < 1.
        normalization: As the parameters'.

    Attributes:
        Z, A: Linear outputs and activations, (n_l, m) for l = 1..L.
        H: What layer l hands on to the next, (n_l, m) for l = 0..L: X, then A[l], or A[l] after dropout.
        dZ: Derivatives of the cost with respect to Z[l], (n_l, m) for l = 1..L.
        C: What normalization has centered, (n_l, m) for hidden layers; empty list without it.
        statistics: For hidden layers what was subtracted and by what it was divided; see normalization.py.
        mask: Dropout masks as last drawn, (n_l, m) for hidden layers; empty list without dropout.
        mask_rows: Memory of NumPy's for the masks of a whole batch, (max_examples, n_l): they are drawn there.
        ones: (m, 1), because a sum over the batch is a product with ones.
        column: (1, m), for one number per example.
        n_batch: Examples of the batch, where these are one process's share of it; None where they are all.
        add_up: Replaces a vector of sums over this process's examples by their sums over the batch.
    """

    def __init__(
        self,
        layer_dims: Sequence[int],
        max_examples: int,
        dtype: DTypeLike = np.float32,
        *,
        training: bool = True,
        dropout: float = 0.0,
        normalization: str = "none",
        like: Array | None = None,
    ) -> None:
        self.layer_dims = tuple(layer_dims)
        self.max_examples = max_examples
        self.dropout = dropout if training else 0.0
        self.dtype, self._like = np.dtype(dtype), like
        self._Z = self._rows(self.layer_dims)
        self._A = self._rows(self.layer_dims)
        self._dZ = self._rows(self.layer_dims) if training else []
        hidden = (*self.layer_dims[:-1], 0)
        self._C = [] if normalization == "none" else self._rows(hidden)
        self.statistics: list[tuple[Array, ...]] = [() for _ in hidden]
        self.mask_rows = self._rows(hidden, on_host=True) if self.dropout else []
        self.mask = [np.asarray(rows, like=like).T for rows in self.mask_rows]
        self._dropped = self._rows(hidden) if self.dropout else []
        self._ones = np.zeros((max_examples, 1), dtype, like=like)
        self._ones.fill(1)  # np.ones(like=) hands on an argument `device` that CuPy's does not take
        self._column = np.empty((max_examples, 1), dtype, like=like)
        self._weight_scratch: Array = np.empty(0, dtype)
        self.n_batch: int | None = None
        self.add_up: Callable[[Array], None] = lambda _sums: None
        self.n_examples = 0
        self.set_batch_size(max_examples)

    @classmethod
    def of(cls, parameters: Parameters, max_examples: int, *, training: bool = True, dropout: float = 0.0) -> Workspace:
        """A workspace for the network of `parameters`."""
        dims, flat, kind = parameters.layer_dims, parameters.flat, parameters.normalization
        return cls(dims, max_examples, flat.dtype, training=training, dropout=dropout, normalization=kind, like=flat)

    def _rows(self, dims: Sequence[int], *, on_host: bool = False) -> list[Array]:
        """Memory for layers 1..L, one example per row; layer 0 is the batch itself and needs none."""
        shapes = [(self.max_examples, n if l > 0 else 0) for l, n in enumerate(dims)]
        return [np.zeros(shape, self.dtype, like=None if on_host else self._like) for shape in shapes]

    def set_batch_size(self, m: int) -> None:
        """Make every array m examples wide; fewer than `max_examples` take the first rows of the memory."""
        if m == self.n_examples:
            return
        self.n_examples = m
        self.Z = [rows[:m].T for rows in self._Z]
        self.A = [rows[:m].T for rows in self._A]
        self.dZ = [rows[:m].T for rows in self._dZ]
        self.C = [rows[:m].T for rows in self._C]
        dropped = [rows[:m].T for rows in self._dropped]
        self.H = [*(dropped[:-1] or self.A[:-1]), self.A[-1]]  # H[0] is for the batch itself
        self.ones = self._ones[:m]
        self.column = self._column[:m].T

    def average(self, sums: Array) -> Array:
        """Averages over the batch, (n, 1), from the sums over this process's examples, (n, 1)."""
        sums = sums.copy()
        self.add_up(sums)
        sums /= max(self.n_examples if self.n_batch is None else self.n_batch, 1)
        return sums

    def weight_scratch(self, n_weights: int) -> Array:
        """A vector as long as all weights, allocated at first use: only L2 needs it."""
        if self._weight_scratch.size != n_weights:
            self._weight_scratch = np.empty(n_weights, self.dtype, like=self._like)
        return self._weight_scratch
