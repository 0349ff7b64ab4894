"""Beside part 4: are the derivatives right? Backpropagation against the slope of the cost itself.

    numeric                (J(theta + h e_i) - J(theta - h e_i)) / 2h        e_i: 1 in entry i, else 0
    relative difference    ||analytic - numeric|| / (||analytic|| + ||numeric||)

The numeric derivative needs forward propagation and the loss alone: a mistake in backpropagation cannot hide in it. Its
error shrinks with h^2, until rounding takes over; in float64 h = 1e-5 leaves about ten digits. It costs two forward
propagations for each entry, so that of each vector only some are tried: half where the analytic derivative is largest,
half at random, because a forgotten derivative is 0.

relu has no derivative at 0. Where a step of h takes a unit across, the slope says nothing, and the entry is left out.

The derivatives of layer l are made of those of layer l + 1: a mistake shows in its own layer and in those before it. So
the layer to look into is the last one that is wrong, the first that backpropagation comes to.

Source: Goodfellow et al. 2016 (section 11.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.network.backpropagation import backpropagate as our_backpropagate
from nncli.network.forward_propagation import draw_dropout_masks, forward
from nncli.network.loss import l2_penalty, mean_loss
from nncli.network.parameters import Parameters, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.network.parameters import Array

STEP = 1e-5
"""h."""

TOLERANCE = 1e-5
"""Relative difference of right derivatives, at most."""

SMALLEST = 1e-3
"""The least that a difference is compared with: numeric derivatives are rounded to about 1e-10."""

NOISE = 0.01
"""Added to every parameter: with biases of 0 and gains of 1 a mistake in them might not show."""

HAS_KINK = ("relu", "leaky_relu")


@dataclass(frozen=True)
class Checked:
    """One vector of a layer, such as W[2].

    Attributes:
        name: W, b, gain or shift.
        layer: l.
        entries: Row and column of each entry that was tried, (n, 2).
        analytic: Their derivatives by backpropagation, (n,).
        numeric: The slopes of the cost, (n,).
        n_at_kinks: Entries left out because the step crossed a kink.
    """

    name: str
    layer: int
    entries: NDArray[np.intp]
    analytic: Array
    numeric: Array
    n_at_kinks: int

    @property
    def difference(self) -> float:
        """The relative difference of the whole vector; infinite if a derivative is not finite."""
        scale = float(np.linalg.norm(self.analytic) + np.linalg.norm(self.numeric))
        difference = float(np.linalg.norm(self.analytic - self.numeric)) / max(scale, SMALLEST)
        return difference if np.isfinite(difference) else float("inf")

    @property
    def is_right(self) -> bool:
        """Whether both derivatives agree."""
        return self.difference <= TOLERANCE


def worst(checked: list[Checked]) -> Checked:
    """The vector with the largest relative difference; of equal ones that of the last layer."""
    return max(checked, key=lambda each: (float(f"{each.difference:.3g}"), each.layer))


def origin(checked: list[Checked]) -> int | None:
    """The last layer with a wrong derivative, where the mistake is; None if all are right."""
    return max((each.layer for each in checked if not each.is_right), default=None)


class _Cost:
    """The cost as a function of the parameters, which are moved in place."""

    def __init__(
        self,
        parameters: Parameters,
        X: Array,
        Y: NDArray[Any],
        activation: str,
        l2: float,
        dropout: float,
        example_weights: NDArray[Any] | None,
        loss: str,
        rng: np.random.Generator,
    ) -> None:
        self.parameters, self.X, self.Y, self.activation, self.l2 = parameters, X, Y, activation, l2
        self.example_weights, self.loss = example_weights, loss
        self.workspace = Workspace.of(parameters, X.shape[1], dropout=dropout)
        if dropout:
            draw_dropout_masks(self.workspace, rng, X.shape[1])  # once: every cost is of the same thinned network

    def __call__(self) -> float:
        """J(theta)."""
        forward(self.parameters, self.workspace, self.X, self.activation)
        loss = mean_loss(self.workspace, self.Y, self.example_weights, loss=self.loss)
        return loss + l2_penalty(self.parameters, self.l2)

    def gradients(self, backpropagate: Callable[..., None]) -> Parameters:
        """All derivatives by `backpropagate`; an entry that it does not write is not a number."""
        result = self.parameters.like()
        result.flat[:] = np.nan
        self()
        backpropagate(
            self.parameters,
            self.workspace,
            self.Y,
            result,
            activation=self.activation,
            l2=self.l2,
            example_weights=self.example_weights,
            loss=self.loss,
        )
        return result

    def slope(self, column: Array, entry: tuple[int, ...]) -> float:
        """The numeric derivative with respect to one entry; not a number where a unit crosses a kink."""
        kept = column[entry]
        column[entry] = kept + STEP
        above, awake_above = self(), self._awake()
        column[entry] = kept - STEP
        below, awake_below = self(), self._awake()
        column[entry] = kept
        return (above - below) / (2 * STEP) if awake_above == awake_below else float("nan")

    def _awake(self) -> bytes:
        """Which hidden units are on which side of the kink, if there is one."""
        hidden = self.workspace.Z[1:-1] if self.activation in HAS_KINK else []
        return b"".join((Z > 0).tobytes() for Z in hidden)


def check_gradients(
    parameters: Parameters,
    X: Array,
    Y: NDArray[Any],
    *,
    activation: str = "relu",
    l2: float = 0.0,
    dropout: float = 0.0,
    example_weights: NDArray[Any] | None = None,
    loss: str = "cross_entropy",
    n_entries: int = 20,
    layer: int | None = None,
    seed: int = 0,
    backpropagate: Callable[..., None] | None = None,
) -> list[Checked]:
    """Compare derivatives by backpropagation with slopes of the cost.

    Args:
        parameters: In float64, of one network; moved a little at random first, otherwise left as they are.
        X: Feature columns, (n_0, m).
        Y: Class indices, (m,), or target probabilities, (n_L, m); of a regression (n_L, m).
        activation: As in `forward`.
        l2: As in `backpropagate`.
        dropout: The share of hidden activations to drop; the mask is drawn once.
        example_weights: As in `mean_loss`.
        loss: As in `mean_loss`.
        n_entries: Entries to try of each vector.
        layer: The layer to check; all by default.
        seed: Of everything that is random here.
        backpropagate: What to check; by default the project's own.

    Returns:
        One `Checked` for each vector, layer by layer.
    """
    rng = np.random.default_rng(seed)
    parameters.learned[:] += NOISE * rng.standard_normal(parameters.learned.size)
    cost = _Cost(parameters, X, Y, activation, l2, dropout, example_weights, loss, rng)
    gradients, checked = cost.gradients(backpropagate or our_backpropagate), []
    vectors = {name: (getattr(parameters, name), getattr(gradients, name)) for name in ("W", "b", "gain", "shift")}
    for l in range(1, parameters.n_layers + 1) if layer is None else (layer,):
        for name, (columns, derivatives) in vectors.items():
            if l < len(columns):
                checked.append(_check(cost, name, l, columns[l], derivatives[l], n_entries, rng))
    return checked


def _check(
    cost: _Cost, name: str, l: int, column: Array, derivative: Array, n_entries: int, rng: np.random.Generator
) -> Checked:
    """One vector of layer l: `column` holds its values, `derivative` what backpropagation says."""
    chosen = np.argsort(-np.abs(derivative), axis=None)[: n_entries // 2]
    others = np.setdiff1d(np.arange(column.size), chosen)
    chosen = np.concatenate([chosen, rng.permutation(others)[: n_entries - len(chosen)]])
    entries = np.stack(np.unravel_index(chosen, column.shape), axis=1)
    numeric = np.array([cost.slope(column, tuple(entry)) for entry in entries.tolist()])
    keep = ~np.isnan(numeric)
    analytic = derivative[entries[:, 0], entries[:, 1]]
    return Checked(name, l, entries[keep], analytic[keep], numeric[keep], int(np.sum(~keep)))
