"""Pictures of docs/guide, from real runs of the project's own code; extra `report`.

``python -m tests.guide_pictures [NAME ...]`` draws them again, each light and dark, into docs/images/guide.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from nncli.config import load_config, parse_override
from nncli.errors import TrainingError
from nncli.model.calibration import tempered
from nncli.network.backpropagation import DERIVATIVES, backpropagate
from nncli.network.forward_propagation import ACTIVATIONS, forward
from nncli.network.initialization import initialize
from nncli.network.loss import binary_cross_entropy
from nncli.network.optimization import Adam, GradientDescent, Momentum, Optimizer
from nncli.network.parameters import Parameters, Workspace
from nncli.run.hooks import Hooks
from nncli.run.loading import load
from nncli.run.pipeline import train
from nncli.run.plan import plan_experiment
from nncli.run.trainer import make_trainer
from tests.lessons import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from matplotlib.axes import Axes

    from nncli.training.dataset import Dataset
    from nncli.training.state import EpochResult

LESSONS = ROOT / "configs" / "lessons"
FOLDER = ROOT / "docs" / "images" / "guide"
LOOKS = {
    "light": {"ink": "#3b3b3b", "line": "#c8c8c8", "colors": ["#0969da", "#cf222e", "#1a7f37", "#9a6700", "#8250df"]},
    "dark": {"ink": "#d0d0d0", "line": "#484848", "colors": ["#58a6ff", "#ff7b72", "#3fb950", "#d29922", "#bc8cff"]},
}
"""Colors that can be told apart on white, and on the dark pages of code hosts."""


def activations(axes: list[Axes]) -> None:
    """Every activation, and its slope below."""
    z = np.linspace(-4, 4, 401)[None]
    for name in ACTIVATIONS:
        A, slope = np.empty_like(z), z.copy()
        ACTIVATIONS[name](z, A)
        axes[0].plot(z[0], A[0], label=name)
        DERIVATIVES[name](slope, A)
        axes[1].plot(z[0], slope[0])
    axes[0].set(title="g(z)", xlabel="z", ylim=(-1.2, 3))
    axes[1].set(title="its slope, g'(z)", xlabel="z", ylim=(-0.2, 1.2))
    axes[0].legend()


def loss(axes: list[Axes]) -> None:
    """What a probability costs, and what a sum z costs before the sigmoid."""
    p = np.linspace(0.01, 1, 200)
    axes[0].plot(p, -np.log(p))
    for share, name in ((1 / 2, "log 2: a coin flip"), (1 / 10, "log 10: a guess among ten")):
        axes[0].plot([share], [-np.log(share)], "o", label=name)
    axes[0].set(title="-log p", xlabel="p, given to the right class", ylim=(0, 4.7))
    axes[0].legend()
    z = np.linspace(-6, 6, 200)
    for y in (1, 0):
        axes[1].plot(z, binary_cross_entropy(z, np.full(z.shape, y)), label=f"y = {y}")
    axes[1].set(title="the same from z, y_hat = sigmoid(z)", xlabel="z", ylim=(0, 6.2))
    axes[1].legend()


def descent(axes: list[Axes]) -> None:
    """Three optimizers in the valley 1/2 (x^2 + 60 y^2), 40 steps from the same start."""
    start, curvature = np.array([-9.0, 2.0]), np.array([1.0, 60.0])
    methods: dict[str, tuple[Callable[[Any], Optimizer], float]] = {
        "gradient_descent, 0.03": (lambda _theta: GradientDescent(), 0.03),
        "momentum, 0.02": (lambda theta: Momentum(theta, momentum=0.8), 0.02),
        "adam, 0.5": (Adam, 0.5),
    }
    x, y = np.meshgrid(np.linspace(-10, 4, 60), np.linspace(-3, 3, 60))
    height = 0.5 * (x**2 + 60 * y**2)
    axes[0].contour(x, y, height, levels=np.geomspace(0.5, 110, 6), colors="0.5", linewidths=0.6)
    for name, (make, alpha) in methods.items():
        theta = start.copy()
        optimizer, path = make(theta), [start.copy()]
        for _ in range(40):
            optimizer.step(theta, curvature * theta, alpha)
            path.append(theta.copy())
        points = np.array(path)
        axes[0].plot(points[:, 0], points[:, 1], ".-", markersize=3, linewidth=1, label=name)
        axes[1].semilogy(0.5 * (curvature * points**2).sum(axis=1), label=name)
    axes[0].set(title="40 steps in a narrow valley", xlabel="theta_1", ylabel="theta_2")
    axes[1].set(title="height after each step", xlabel="step")
    axes[1].legend()


def starts(axes: list[Axes]) -> None:
    """The size of signal and derivative in each layer at the start, eight hidden layers of relu on the digits."""
    config = load_config(ROOT / "configs/lessons/init_he.yaml", [parse_override("training.precision=float64")])
    trainer = make_trainer(load(plan_experiment(config)))
    X, Y = next(iter(trainer.training_set.in_order(lambda _m: slice(None))))
    methods = {"he": 0.0, "xavier": 0.0, "normal": 0.02}
    for name, scale in methods.items():
        parameters = Parameters(trainer.parameters.layer_dims, np.float64)
        initialize(parameters, np.random.default_rng(0), name, scale)
        workspace, gradients = Workspace.of(parameters, X.shape[1]), parameters.like()
        forward(parameters, workspace, X)
        signal = [float(np.sqrt(np.mean(Z**2))) for Z in workspace.Z[1:-1]]
        backpropagate(parameters, workspace, Y, gradients)
        derivative = [float(np.sqrt(np.mean(dZ**2))) for dZ in workspace.dZ[1:-1]]
        layers = range(1, len(signal) + 1)
        label = f"normal, {scale}" if scale else name
        axes[0].semilogy(layers, signal, "o-", label=label)
        axes[1].semilogy(layers, derivative, "o-", label=label)
    axes[0].set(title="Z[l] at the start, root of the mean square", xlabel="layer l")
    axes[1].set(title="dZ[l] at the start, root of the mean square", xlabel="layer l")
    axes[0].legend()


class Epochs(Hooks):
    """Collects what the epochs bring."""

    def __init__(self) -> None:
        self.results: list[EpochResult] = []

    def on_epoch(self, result: EpochResult) -> None:
        """Keep it."""
        self.results.append(result)


def learning_rate(axes: list[Axes]) -> None:
    """Loss and validation accuracy of configs/lessons/learning_rate.yaml with three lengths of the step."""
    for alpha in ("3e-4", "0.05", "0.15"):
        overrides = [parse_override(f"training.learning_rate={alpha}")]
        plan, epochs = plan_experiment(load_config(ROOT / "configs/lessons/learning_rate.yaml", overrides)), Epochs()
        with contextlib.suppress(TrainingError):
            train(load(plan), epochs)
        numbers = [result.epoch for result in epochs.results]
        axes[0].semilogy(numbers, [result.loss for result in epochs.results], "o-", label=alpha)
        axes[1].plot(numbers, [result.val_accuracy or 0 for result in epochs.results], "o-", label=alpha)
    axes[0].set(title="training loss", xlabel="epoch")
    axes[1].set(title="validation accuracy", xlabel="epoch", ylim=(0, 1.02))
    axes[0].legend(title="learning rate")


def images(data_set: Dataset | None) -> tuple[Any, Any]:
    """All columns and labels of a data set, (n_0, m) and (m,)."""
    assert data_set is not None
    batches = [(X.copy(), Y.copy()) for X, Y in data_set.in_order(lambda _m: slice(None))]
    return np.concatenate([X for X, _ in batches], axis=1), np.concatenate([Y for _, Y in batches])


def ensemble(axes: list[Axes]) -> None:
    """Ten networks of configs/lessons/regularization.yaml: the loss of more and more votes, and of temperatures."""
    overrides = [parse_override("training.ensemble=10"), parse_override("training.monitor=last")]
    trainer = train(load(plan_experiment(load_config(LESSONS / "regularization.yaml", overrides)))).trainer
    X, Y = images(trainer.validation_set)
    members = trainer.parameters.members
    workspace = Workspace(members[0].layer_dims, X.shape[1], X.dtype, training=False)
    answers = np.array([forward(network, workspace, X).copy() for network in members])
    right = answers[:, Y, np.arange(Y.size)]
    votes = np.cumsum(right, axis=0) / np.arange(1, len(members) + 1)[:, None]
    axes[0].plot(range(1, 11), -np.log(right).mean(axis=1), "o", label="each network alone")
    axes[0].plot(range(1, 11), -np.log(votes).mean(axis=1), "o-", label="the first k together")
    axes[0].set(title="loss on 800 other images", xlabel="k")
    axes[0].legend()
    temperatures = np.geomspace(0.5, 4, 36)
    for name, Y_hat in (("one network", answers[0]), ("ten together", answers.mean(axis=0))):
        losses = [-np.log(tempered(Y_hat, T)[Y, np.arange(Y.size)]).mean() for T in temperatures]
        (line,) = axes[1].plot(temperatures, losses, label=name)
        best = int(np.argmin(losses))
        axes[1].plot(temperatures[best], losses[best], "o", color=line.get_color())
    axes[1].set(title="the same at other temperatures", xlabel="T")
    axes[1].legend()


def span(axes: list[Axes]) -> None:
    """Plain steps on thirty digits: how far the first weights move inside and outside of the span of the images."""
    config = load_config(LESSONS / "overfit_one_batch.yaml", [parse_override("training.precision=float64")])
    trainer = make_trainer(load(plan_experiment(config)))
    (X, Y), (X_new, Y_new) = images(trainer.training_set), images(trainer.validation_set)
    V = np.linalg.svd(X, full_matrices=False)[0]
    optimizer, steps = GradientDescent(), range(0, 201, 10)
    for scale in (0, 1, 3):
        parameters = Parameters(trainer.parameters.layer_dims, np.float64)
        initialize(parameters, np.random.default_rng(0), "he")
        workspace, gradients = Workspace.of(parameters, Y_new.size), parameters.like()
        W = parameters.W[1]
        inside = W @ V @ V.T
        W[...] = inside + scale * (W - inside)
        start, moved, accuracy = W.copy(), [], []
        for step in range(201):
            if step in steps:
                change = W - start
                moved.append([np.linalg.norm(change @ V), np.linalg.norm(change - change @ V @ V.T)])
                accuracy.append(float((forward(parameters, workspace, X_new).argmax(axis=0) == Y_new).mean()))
            forward(parameters, workspace, X)
            backpropagate(parameters, workspace, Y, gradients)
            optimizer.step(parameters.flat, gradients.flat, 0.05)
        if scale == 1:
            axes[0].semilogy(steps, np.maximum(moved, 1e-17), "o-", label=["inside the span", "outside"])
        axes[1].plot(steps, accuracy, "o-", label=f"outside times {scale}")
    axes[0].set(title="how far W[1] has moved", xlabel="step")
    axes[0].legend()
    axes[1].set(title="accuracy on 970 other images", xlabel="step", ylim=(0, 1))
    axes[1].legend()


@functools.cache
def dishes(patches: bool, seed: int) -> list[EpochResult]:
    """The epochs of configs/noodles.yaml, on pixels or on patches."""
    settings = [f"training.seed={seed}"]
    if patches:
        settings += ["data.features=[patches]", "data.scaling=standardize"]
    epochs = Epochs()
    train(
        load(plan_experiment(load_config(ROOT / "configs/noodles.yaml", list(map(parse_override, settings))))), epochs
    )
    return epochs.results


def noodles(axes: list[Axes]) -> None:
    """Loss on pixels, and how many of 36 dishes are told right on pixels and on patches, five splits."""
    numbers = [result.epoch for result in dishes(patches=False, seed=0)]
    axes[0].plot(numbers, [result.loss for result in dishes(patches=False, seed=0)], label="training")
    axes[0].plot(numbers, [result.val_loss for result in dishes(patches=False, seed=0)], label="validation")
    axes[0].set(title="loss on pixels", xlabel="epoch", ylim=(0, 1))
    axes[0].legend()
    for patches, name in ((False, "pixels"), (True, "patches")):
        best = [max(result.val_accuracy or 0 for result in dishes(patches=patches, seed=seed)) for seed in range(5)]
        axes[1].plot(range(5), best, "o", label=name)
    axes[1].set(title="validation accuracy, best epoch", xlabel="seed", ylim=(0.5, 1.02), xticks=range(5))
    axes[1].legend()


@functools.cache
def with_patterns(count: int, pattern_epochs: int) -> float:
    """Validation accuracy of a linear classifier on the answers of `count` patterns, the mean of three seeds."""
    found = []
    for seed in range(3):
        settings = [
            f"data.features=[deep_patches: {{count: 16, deep_count: {count}, grid: 2}}]",
            *("data.scaling=standardize", "network.layer_dims=[auto, auto]"),
            *(f"training.pattern_epochs={pattern_epochs}", f"training.seed={seed}"),
        ]
        epochs = Epochs()
        train(
            load(plan_experiment(load_config(ROOT / "configs/digits.yaml", list(map(parse_override, settings))))),
            epochs,
        )
        found.append(epochs.results[-1].val_accuracy or 0)
    return float(np.mean(found))


def patterns(axes: list[Axes]) -> None:
    """Patterns with labels and without: how many there are, and for how long they were trained."""
    counts = 2, 4, 8, 16, 32
    for epochs, name in ((0, "without labels"), (10, "trained for 10 epochs")):
        axes[0].plot(counts, [with_patterns(count, epochs) for count in counts], "o-", label=name)
    axes[0].set(title="validation accuracy", xlabel="patterns", xscale="log", xticks=counts, ylim=(0.4, 1.02))
    axes[0].set_xticks(counts, [str(count) for count in counts])
    axes[0].minorticks_off()
    axes[0].legend()
    lengths = 0, 1, 2, 5, 10, 20
    axes[1].plot(lengths, [with_patterns(4, epochs) for epochs in lengths], "o-")
    axes[1].set(title="validation accuracy with 4 patterns", xlabel="epochs of training the patterns", ylim=(0.4, 1.02))


PICTURES: dict[str, Callable[[list[Axes]], None]] = {
    "activations": activations,
    "loss": loss,
    "descent": descent,
    "starts": starts,
    "learning-rate": learning_rate,
    "ensemble": ensemble,
    "span": span,
    "noodles": noodles,
    "patterns": patterns,
}


def draw(name: str, look: str, path: Path) -> None:
    """Draw a picture in one of the looks as SVG."""
    ink, line, colors = (LOOKS[look][key] for key in ("ink", "line", "colors"))
    style = {
        "svg.fonttype": "none", "svg.hashsalt": "nncli", "font.size": 9, "axes.titlesize": 10,
        "figure.facecolor": "none", "axes.facecolor": "none", "legend.frameon": False, "savefig.facecolor": "none",
        "text.color": ink, "axes.labelcolor": ink, "xtick.color": ink, "ytick.color": ink, "axes.edgecolor": line,
        "grid.color": line, "grid.linewidth": 0.5, "axes.grid": True, "axes.spines.top": False,
        "axes.spines.right": False, "axes.prop_cycle": mpl.cycler(color=colors), "lines.linewidth": 1.5,
        "lines.markersize": 4,
    }  # fmt: skip
    with mpl.rc_context(style):
        figure = Figure(figsize=(8, 3.1), layout="constrained")
        FigureCanvasSVG(figure)
        PICTURES[name](list(figure.subplots(1, 2)))
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for picture in sys.argv[1:] or PICTURES:
        for each in LOOKS:
            draw(picture, each, FOLDER / f"{picture}-{each}.svg")
