"""A neural network in five parts, each a file to read in one sitting.

| part | file | in one line |
|---|---|---|
| 1 | initialization.py | W[l] ~ N(0, 1/n_{l-1}),  b[l] = 0 |
| 2 | forward_propagation.py | Z[l] = W[l] A[l-1] + b[l],  A[l] = g(Z[l]) |
| 3 | loss.py | L = -mean(y log y_hat + (1 - y) log(1 - y_hat)) |
| 4 | backpropagation.py | dZ[L] = (Y_hat - Y) / m,  dW[l] = dZ[l] A[l-1]^T,  dZ[l-1] = W[l]^T dZ[l] * g'(Z[l-1]) |
| 5 | optimization.py | theta = theta - alpha dtheta, and its faster relatives |

Between parts 2 and 4 a hidden layer may be normalized (normalization.py), and several networks may vote (ensemble.py).
Whether part 4 is right, gradient_check.py finds out. docs/guide goes through all of them, a chapter each.

They share two containers (parameters.py): `Parameters`, all weights and biases as views of one flat vector, and
`Workspace`, the arrays that a batch passes through, allocated once.

The names are the formulas' names. m is the number of examples in a batch, l = 1..L the layer, n_l its number of units:

| name | meaning | shape |
|---|---|---|
| `layer_dims` | (n_0, ..., n_L) | |
| `X`, `Y`, `Y_hat` | feature columns, class indices, predicted probabilities | (n_0, m), (m,), (n_L, m) |
| soft `Y` | target probabilities; with one output unit those of class 1 | (n_L, m) |
| `W[l]`, `b[l]` | weights, biases | (n_l, n_{l-1}), (n_l, 1) |
| `Z[l]`, `A[l]` | linear output, activation; A[0] = X | (n_l, m) |
| `dW[l]`, `db[l]`, `dZ[l]` | derivatives of the cost with respect to W[l], b[l], Z[l] | as W, b, Z |

Lists have an unused entry 0 where the formulas have none, so that indices equal the formulas'.

This package knows NumPy and nothing else of the project.
"""
