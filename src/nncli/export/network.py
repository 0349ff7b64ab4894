"""From feature columns to probabilities in ONNX: scaling, layers, votes, temperature.

An example is a row here: A[l] = g(A[l-1] W[l]^T + b[l]^T). Everything is float32, in which one runtime is as fast as
another. A single output z is P(second class) = sigmoid(z); the graph has softmax(0, z), which is 1 - p and p, both of
them exact: a temperature makes much of a small one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.model.calibration import SMALLEST
from nncli.network.forward_propagation import GELU_CUBE, GELU_SLOPE, LEAK
from nncli.network.normalization import EPSILON

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from nncli.export.graph import Graph
    from nncli.model.file import Model

    Array = NDArray[Any]
    from nncli.network.parameters import Network

f32 = np.float32


def probabilities(graph: Graph, features: str, model: Model) -> str:
    """Append the network; the name of the probabilities, (m, n_classes), before any temperature.

    Of labels those of each label, (m, K); of a regression its standardized numbers, (m, K).

    Args:
        graph: Grows.
        features: Name of the feature columns, as rows, (m, n_0) float32.
        model: Whose scaling, projection and parameters.
    """
    with graph.part("scaling"):
        scaled = graph.add("Mul", features, model.scaling.scale)
        if model.scaling.offset.any():
            scaled = graph.add("Add", scaled, model.scaling.offset)
    if model.projection:
        with graph.part("projection"):
            matrix = model.projection.matrix.astype(f32)
            scaled = graph.add("Add", graph.add("MatMul", scaled, matrix), model.projection.shift)
    votes, tells_classes = [], model.task.name == "classification"
    for number, network in enumerate(model.parameters.members, 1):
        with graph.part(f"network_{number}"):
            votes.append(_member(graph, scaled, network, model.activation, tells_classes=tells_classes))
    with graph.part("vote"):
        return graph.mean(votes)


def tempered(graph: Graph, values: str, temperature: float) -> str:
    """Probabilities at another temperature; see nncli.model.calibration."""
    if temperature == 1:
        return values
    with graph.part("temperature"):
        logits = graph.add("Log", graph.at_least(values, SMALLEST))
        return graph.add("Softmax", graph.add("Div", logits, temperature), axis=1)


def _member(graph: Graph, A: str, network: Network, activation: str, *, tells_classes: bool) -> str:
    L = network.n_layers
    for l in range(1, L):
        with graph.part(f"layer_{l}"):
            Z = _linear(graph, A, network.W[l], network.b[l])
            if network.normalization == "layer":
                Z = _normalized(graph, Z, network.gain[l], network.shift[l])
            A = ACTIVATIONS[activation](graph, Z)
    with graph.part(f"layer_{L}"):
        W, b = network.W[L], network.b[L]
        if not tells_classes:
            Z = _linear(graph, A, W, b)
            return Z if network.output == "identity" else graph.add("Sigmoid", Z)
        if len(W) == 1:
            W, b = np.insert(W, 0, 0, axis=0), np.insert(b, 0, 0, axis=0)
        return graph.add("Softmax", _linear(graph, A, W, b), axis=1)


def _linear(graph: Graph, A: str, W: Array, b: Array) -> str:
    """A W^T + b^T."""
    return graph.add("Gemm", A, W.astype(f32), b.ravel().astype(f32), transB=1)


def _normalized(graph: Graph, Z: str, gain: Array, shift: Array) -> str:
    """(Z - mean) / sqrt(variance + EPSILON) * gain + shift; ONNX's own LayerNormalization came with opset 17."""
    centered = graph.add("Sub", Z, graph.add("ReduceMean", Z, axes=[1], keepdims=1))
    variance = graph.add("ReduceMean", graph.add("Mul", centered, centered), axes=[1], keepdims=1)
    deviation = graph.add("Sqrt", graph.add("Add", variance, EPSILON))
    scaled = graph.add("Mul", graph.add("Div", centered, deviation), gain.ravel().astype(f32))
    return graph.add("Add", scaled, shift.ravel().astype(f32))


def _operation(name: str, **attributes: Any) -> Callable[[Graph, str], str]:
    return lambda graph, Z: graph.add(name, Z, **attributes)


def _gelu(graph: Graph, Z: str) -> str:
    """Z/2 (1 + tanh(GELU_SLOPE (Z + GELU_CUBE Z^3))); opset 11 has no operation for it."""
    cube = graph.add("Mul", graph.add("Mul", graph.add("Mul", Z, Z), Z), GELU_CUBE)
    inner = graph.add("Tanh", graph.add("Mul", graph.add("Add", Z, cube), GELU_SLOPE))
    return graph.add("Mul", graph.add("Mul", Z, 0.5), graph.add("Add", inner, 1))


ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "relu": _operation("Relu"),
    "leaky_relu": _operation("LeakyRelu", alpha=LEAK),
    "gelu": _gelu,
    "tanh": _operation("Tanh"),
    "sigmoid": _operation("Sigmoid"),
}
"""Every activation function of the hidden layers."""
