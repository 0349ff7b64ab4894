"""Numbers next to others': largest differences from libraries that compute the same, `python -m benchmarks.agreement`.

It takes the libraries of the extra `bench` that are installed, and writes the table of docs/agreement.md. Everything is
drawn from fixed seeds and computed in float64.
"""

from __future__ import annotations

import math
from importlib import metadata
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.common import table
from nncli.evaluation.comparison import mcnemar
from nncli.evaluation.confidence import N_BINS, calibration_error, suspects
from nncli.evaluation.intervals import wilson
from nncli.evaluation.metrics import confusion_matrix, loss, per_class
from nncli.model.calibration import fit_temperature, tempered
from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.initialization import initialize
from nncli.network.loss import l2_penalty, mean_loss
from nncli.network.optimization import Adam, GradientDescent, Momentum, RMSprop
from nncli.network.parameters import Parameters, Workspace
from nncli.training.schedules import LearningRate

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENT = Path(__file__).parents[1] / "docs/agreement.md"
BEGIN, END = "<!-- made by python -m benchmarks.agreement -->\n", "<!-- end -->\n"
STEPS = 200

Row = tuple[str, str, str]
"""What was compared, on how much, and the largest difference."""


def of_torch(rounds: int = 20) -> list[Row]:
    """Gradients, optimizers and schedules of PyTorch."""
    import torch

    torch.set_num_threads(1)
    activations, normalizations = ("relu", "leaky_relu", "gelu", "tanh", "sigmoid"), ("none", "batch", "layer")
    cases = list(product(activations, normalizations, (1, 4), (False, True), range(rounds)))
    largest = max(_gradient_difference(torch, *case) for case in cases)
    ours, theirs = _optimizers(), _torch_optimizers(torch)
    rows = [("loss and gradients of random networks", f"{len(cases)} networks", f"{largest:.0e}")]
    rows += [(name, f"{STEPS} steps", _walk_difference(ours[name], theirs[name])) for name in ours]

    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    rows.append(("cosine schedule", f"{STEPS} steps", _schedule_difference("cosine", optimizer, cosine, STEPS)))
    # PyTorch reaches its lowest rate with the last of its steps, nncli would with the one after: one step apart.
    rise = (0.3 * STEPS + 1) / (STEPS + 1)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 0.1, STEPS + 1, pct_start=rise, final_div_factor=1e12, cycle_momentum=False
    )
    rows.append(("one_cycle schedule", f"{STEPS} steps", _schedule_difference("one_cycle", optimizer, cycle, STEPS)))
    return rows


def _gradient_difference(
    torch: Any, activation: str, normalization: str, n_outputs: int, is_weighted: bool, seed: int
) -> float:
    """The largest difference of the cost and of a derivative, of a random network on a random batch, relative to 1."""
    rng = np.random.default_rng(seed)
    dims, m, l2 = (int(rng.integers(2, 9)), *rng.integers(2, 9, rng.integers(1, 4)).tolist(), n_outputs), 7, 0.1
    parameters = Parameters(dims, np.float64, normalization=normalization)
    initialize(parameters, rng)
    parameters.learned += 0.1 * rng.standard_normal(parameters.learned.size)
    X, Y = rng.standard_normal((dims[0], m)), rng.integers(0, max(2, n_outputs), m)
    weights = rng.uniform(0.2, 3, m) if is_weighted else None
    workspace, gradients = Workspace.of(parameters, m), parameters.like()
    forward(parameters, workspace, X, activation)
    cost = mean_loss(workspace, Y, weights) + l2_penalty(parameters, l2)
    backpropagate(parameters, workspace, Y, gradients, activation=activation, l2=l2, example_weights=weights)

    theta = torch.tensor(parameters.flat, requires_grad=True)
    theirs = _torch_cost(torch, theta, parameters, torch.tensor(X.T), torch.tensor(Y), weights, activation)
    n_weights = parameters.weights.size
    theirs = theirs + l2 / 2 * (theta[:n_weights] ** 2).sum()
    theirs.backward()
    n = parameters.learned.size
    return max(abs(cost - theirs.item()), float(np.abs(gradients.flat[:n] - theta.grad.numpy()[:n]).max()))


def _torch_cost(torch: Any, theta: Any, parameters: Any, A: Any, Y: Any, weights: Any, activation: str) -> Any:
    """The mean loss, by PyTorch's functions on views of one vector."""
    functional, dims, start = torch.nn.functional, parameters.layer_dims, 0
    gelu = lambda Z: functional.gelu(Z, approximate="tanh")  # noqa: E731
    g = {"gelu": gelu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "relu": functional.relu}
    g["leaky_relu"] = functional.leaky_relu
    parts: dict[str, list[Any]] = {name: [] for name in ("W", "b", "gain", "shift")}
    layers = range(1, len(dims))
    shapes = {"W": [(dims[l - 1], dims[l]) for l in layers], "b": [(n,) for n in dims[1:]]}
    if parameters.normalization != "none":
        shapes["gain"] = shapes["shift"] = [(n,) for n in dims[1:-1]]
    for name, list_ in shapes.items():
        for shape in list_:
            parts[name].append(theta[start : start + math.prod(shape)].reshape(shape))
            start += math.prod(shape)
    for k in range(len(dims) - 2):
        Z = A @ parts["W"][k] + parts["b"][k]
        if parameters.normalization == "batch":
            Z = functional.batch_norm(Z, None, None, parts["gain"][k], parts["shift"][k], training=True)
        elif parameters.normalization == "layer":
            Z = functional.layer_norm(Z, Z.shape[1:], parts["gain"][k], parts["shift"][k])
        A = g[activation](Z)
    Z = A @ parts["W"][-1] + parts["b"][-1]
    if dims[-1] == 1:
        losses = functional.binary_cross_entropy_with_logits(Z[:, 0], Y.double(), reduction="none")
    else:
        losses = functional.cross_entropy(Z, Y, reduction="none")
    return (losses if weights is None else losses * torch.tensor(weights)).mean()


def _optimizers() -> dict[str, Callable[[Any], Any]]:
    return {
        "gradient_descent": lambda _: GradientDescent(),
        "momentum": Momentum,
        "nesterov": lambda theta: Momentum(theta, nesterov=True),
        "rmsprop": RMSprop,
        "adam": Adam,
        "adamw": lambda theta: Adam(theta, theta.size, weight_decay=0.1),
    }


def _torch_optimizers(torch: Any) -> dict[str, Callable[[Any], Any]]:
    """A function from start values to a function that takes a gradient and gives the values after a step."""

    def stepper(name: str, **settings: Any) -> Callable[[Any], Any]:
        def start(theta: Any) -> Callable[[Any], Any]:
            values = torch.nn.Parameter(torch.tensor(theta))
            optimizer = getattr(torch.optim, name)([values], lr=0.01, **settings)

            def step(gradient: Any) -> Any:
                values.grad = torch.tensor(gradient)
                optimizer.step()
                return values.detach().numpy()

            return step

        return start

    return {
        "gradient_descent": stepper("SGD"),
        "momentum": stepper("SGD", momentum=0.9),
        "nesterov": stepper("SGD", momentum=0.9, nesterov=True),
        "rmsprop": stepper("RMSprop", alpha=0.9),
        "adam": stepper("Adam"),
        "adamw": stepper("AdamW", weight_decay=0.1),
    }


def _walk_difference(ours: Callable[[Any], Any], theirs: Callable[[Any], Any]) -> str:
    rng = np.random.default_rng(0)
    theta = rng.standard_normal(50)
    optimizer, step, largest = ours(theta), theirs(theta.copy()), 0.0
    for _ in range(STEPS):
        gradient = rng.standard_normal(50)
        after = np.array(step(gradient.copy()))
        optimizer.step(theta, gradient, 0.01)
        largest = max(largest, float(np.abs(theta - after).max()))
    return f"{largest:.0e}"


def _schedule_difference(name: str, optimizer: Any, scheduler: Any, n: int) -> str:
    schedule, largest = LearningRate(0.1, name, 1, n), 0.0
    for step in range(n):
        largest = max(largest, abs(schedule.at(step) - optimizer.param_groups[0]["lr"]))
        optimizer.step()
        scheduler.step()
    return f"{largest:.0e}"


def of_optax() -> list[Row]:
    """Its optimizers."""
    import jax
    import optax

    jax.config.update("jax_enable_x64", True)
    makers = {
        "gradient_descent": optax.sgd(0.01),
        "momentum": optax.sgd(0.01, 0.9),
        "nesterov": optax.sgd(0.01, 0.9, nesterov=True),
        "rmsprop": optax.rmsprop(0.01, 0.9, eps=1e-8, eps_in_sqrt=False),
        "adam": optax.adam(0.01),
        "adamw": optax.adamw(0.01, weight_decay=0.1),
    }

    def stepper(made: Any) -> Callable[[Any], Any]:
        def start(theta: Any) -> Callable[[Any], Any]:
            state = [made.init(theta), jax.numpy.asarray(theta)]

            def step(gradient: Any) -> Any:
                updates, state[0] = made.update(jax.numpy.asarray(gradient), state[0], state[1])
                state[1] = optax.apply_updates(state[1], updates)
                return state[1]

            return step

        return start

    ours = _optimizers()
    return [(name, f"{STEPS} steps", _walk_difference(ours[name], stepper(made))) for name, made in makers.items()]


def _answers(seed: int, n_classes: int = 4, m: int = 500) -> tuple[Any, Any]:
    """Labels (m,) and probabilities (m, n_classes) that are right more often than not."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, n_classes, m)
    logits = rng.standard_normal((m, n_classes)) + 2 * np.eye(n_classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities


def of_sklearn() -> list[Row]:
    """Its measures of answers."""
    from sklearn import metrics

    counts, shares, losses = 0, 0.0, 0.0
    for seed in range(20):
        labels, probabilities = _answers(seed)
        predicted = probabilities.argmax(axis=1)
        confusion = confusion_matrix(labels, predicted, 4)
        counts += int(np.abs(confusion - metrics.confusion_matrix(labels, predicted)).sum())
        theirs = np.array(metrics.precision_recall_fscore_support(labels, predicted)[:3])
        ours = per_class(confusion, list("abcd")).values()
        mine = np.array([[each["precision"], each["recall"], each["f1"]] for each in ours]).T
        shares = max(shares, float(np.abs(mine - theirs).max()))
        losses = max(losses, abs(loss(labels, probabilities) - metrics.log_loss(labels, probabilities)))
    return [
        ("confusion matrix", "20 sets", str(counts)),
        ("precision, recall, F1", "20 sets", f"{shares:.0e}"),
        ("cross-entropy", "20 sets", f"{losses:.0e}"),
    ]


def of_netcal() -> list[Row]:
    """Its expected calibration error."""
    from netcal.metrics import ECE

    largest = 0.0
    for seed in range(20):
        labels, probabilities = _answers(seed, 2)
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
        theirs = ECE(N_BINS).measure(confidence, right.astype(int))
        largest = max(largest, abs(calibration_error(confidence, right) - theirs))
    return [("expected calibration error", "20 sets", f"{largest:.0e}")]


def of_scipy() -> list[Row]:
    """Its intervals, tests and minimum of a function."""
    from scipy import optimize, stats

    interval = test = temperature = 0.0
    for n, right in ((1, 0), (7, 7), (68, 49), (1000, 3), (10_000, 9_345)):
        theirs = stats.binomtest(right, n).proportion_ci(method="wilson")
        interval = max(interval, *np.abs(np.array(wilson(right, n)) - (theirs.low, theirs.high)))
        test = max(test, abs(mcnemar(right, n - right) - stats.binomtest(right, n).pvalue))
    for seed in range(20):
        labels, probabilities = _answers(seed)

        def cost(log_t: float, labels: Any = labels, p: Any = probabilities) -> float:
            return float(-np.log(tempered(p.T, math.exp(log_t))[labels, np.arange(len(labels))]).mean())

        best = math.exp(optimize.minimize_scalar(cost, bounds=(-1.5, 1.5), options={"xatol": 1e-9}).x)
        temperature = max(temperature, abs(fit_temperature(probabilities, labels) - best))
    return [
        ("Wilson interval", "5 shares", f"{interval:.0e}"),
        ("McNemar's exact test", "5 pairs", f"{test:.0e}"),
        ("temperature, to four digits", "20 sets", f"{temperature:.0e}"),
    ]


def of_cleanlab() -> list[Row]:
    """Its sets of likely wrong labels, as confident learning counts them."""
    from cleanlab.filter import find_label_issues

    n_sets, same = 60, 0
    for seed in range(n_sets):
        labels, probabilities = _answers(seed)
        wrong = np.random.default_rng(seed).random(len(labels)) < 0.1
        labels = np.where(wrong, (labels + 1) % 4, labels)
        theirs = find_label_issues(
            labels, probabilities, return_indices_ranked_by="self_confidence", filter_by="low_self_confidence", n_jobs=1
        )
        same += {each.row for each in suspects(labels, probabilities)} == set(theirs.tolist())
    return [("likely wrong labels", f"{n_sets} sets", f"{n_sets - same} sets differ")]


LIBRARIES = {
    "torch": of_torch,
    "optax": of_optax,
    "scikit-learn": of_sklearn,
    "netcal": of_netcal,
    "scipy": of_scipy,
    "cleanlab": of_cleanlab,
}


def rows() -> list[list[str]]:
    """The lines of the table, of the libraries that are installed."""
    found = []
    for name, compared in LIBRARIES.items():
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        found += [[f"{name} {version}", *row] for row in compared()]
    return found


def main() -> None:
    """Print the table, and write it into the document."""
    made = table(["library", "number", "tried on", "largest difference"], rows()) + "\n"
    print(made, end="")
    before, mark, rest = DOCUMENT.read_text().partition(BEGIN)
    DOCUMENT.write_text(f"{before}{mark}{made}{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
