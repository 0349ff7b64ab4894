"""Small networks for the tests, in the project's containers and as the reference sees them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import draw_dropout_masks, forward
from nncli.network.initialization import initialize
from nncli.network.loss import cross_entropy, l2_penalty
from nncli.network.parameters import Parameters, Workspace
from tests import reference


@dataclass
class Case:
    """A random network with a random batch."""

    layer_dims: tuple[int, ...]
    activation: str = "relu"
    m: int = 5
    l2: float = 0.0
    dropout: float = 0.0
    weighted: bool = False
    normalization: str = "none"
    soft: bool = False
    seed: int = 0
    parameters: Parameters = field(init=False)
    workspace: Workspace = field(init=False)

    def __post_init__(self) -> None:
        """Draw everything from the seed."""
        rng = np.random.default_rng(self.seed)
        self.parameters = Parameters(self.layer_dims, np.float64, normalization=self.normalization)
        initialize(self.parameters, rng)
        self.parameters.flat += 0.1 * rng.standard_normal(self.parameters.flat.size)  # biases too
        self.X = rng.standard_normal((self.layer_dims[0], self.m))
        self.Y: Any = rng.integers(0, max(2, self.layer_dims[-1]), self.m)
        if self.soft:
            self.Y = rng.dirichlet(np.ones(max(2, self.layer_dims[-1])), self.m).T
            self.Y = self.Y[:1] if self.layer_dims[-1] == 1 else self.Y
        self.weights = rng.uniform(0.2, 3, self.m) if self.weighted else None
        self.workspace = Workspace.of(self.parameters, self.m, dropout=self.dropout)
        if self.dropout:
            draw_dropout_masks(self.workspace, rng, self.m)

    def cost(self) -> float:
        """Forward propagation and cost, by the fast code."""
        forward(self.parameters, self.workspace, self.X, self.activation)
        return cross_entropy(self.workspace, self.Y, self.weights) + l2_penalty(self.parameters, self.l2)

    def gradients(self) -> Parameters:
        """Forward propagation and backpropagation, by the fast code, which writes every entry."""
        result = self.parameters.like()
        result.flat[:] = np.nan
        forward(self.parameters, self.workspace, self.X, self.activation)
        backpropagate(
            self.parameters,
            self.workspace,
            self.Y,
            result,
            activation=self.activation,
            l2=self.l2,
            example_weights=self.weights,
        )
        return result

    def reference_arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the reference implementation takes for the same case."""
        masks = [np.array(mask) for mask in self.workspace.mask] or None
        arguments = (self.parameters.W, self.parameters.b, self.X, self.Y, self.activation)
        options = {"masks": masks, "l2": self.l2, "weights": self.weights, "normalization": self.normalization}
        return arguments, {**options, "gain": self.parameters.gain, "shift": self.parameters.shift}

    def reference_cost(self) -> float:
        """The cost by the reference."""
        arguments, options = self.reference_arguments()
        return reference.cost(*arguments, **options)

    def reference_gradients(self) -> Parameters:
        """The gradients by the reference, in the project's container."""
        arguments, options = self.reference_arguments()
        dW, db, dgain, dshift = reference.gradients(*arguments, **options)
        result = self.parameters.like()
        for l in range(1, result.n_layers + 1):
            result.W[l][...], result.b[l][...] = dW[l], db[l]
        for l in range(1, len(result.gain)):
            result.gain[l][...], result.shift[l][...] = dgain[l], dshift[l]
        return result

    def distance_to_kink(self) -> float:
        """The smallest |Z| of a hidden unit: relu has no derivative at 0, so differences must not step over it."""
        forward(self.parameters, self.workspace, self.X, self.activation)
        hidden = self.workspace.Z[1:-1]
        return min((float(np.abs(Z).min()) for Z in hidden), default=1.0)

    def smallest_deviation(self) -> float:
        """The smallest standard deviation that a normalization divides by: near 0 its slope changes too fast."""
        forward(self.parameters, self.workspace, self.X, self.activation)
        inverse = [statistics[-1].max() for statistics in self.workspace.statistics if statistics]
        return 1 / float(max(inverse, default=1.0))
