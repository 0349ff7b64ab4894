"""Findings that make a training's figures worth less than they look, on pixels and a network that it has anyway.

of the images       copies of training images among the validation images; many images that are one and the same picture
of the network      a hidden layer in which no unit is ever active; a loss that is the one of guessing

The answers to the validation images are judged where they are counted (evaluation/baseline.py).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from nncli.data.fingerprints import fingerprints_of_chunks
from nncli.evaluation.baseline import Finding
from nncli.machine.backend import on_host
from nncli.model.calibration import is_at_limit
from nncli.model.known_images import COPY, TRAINING
from nncli.network.forward_propagation import forward
from nncli.network.parameters import Workspace

if TYPE_CHECKING:
    from nncli.model.file import Model
    from nncli.run.dataset import Experiment
    from nncli.training.dataset import Dataset

MOST_ALIKE = 0.5
"""Share of the training images that may be the same picture."""

FEWEST_ALIKE = 4

AS_GUESSING = 0.001
"""A loss that differs from the one of guessing by this share of it is the same."""

N_LOOKED_AT = 64
"""Examples that a network is tried on at most."""


def image_findings(experiment: Experiment) -> list[Finding]:
    """Faults of the images of a training; see the module."""
    return [*_same_picture(experiment), *_copies(experiment)]


def _same_picture(experiment: Experiment) -> list[Finding]:
    found, images = experiment.known.training, experiment.training
    if not found.size and not images.shard:  # of images too small to be known by their pixels
        found = fingerprints_of_chunks(images.chunks())
    counts = np.unique(found, return_counts=True)[1]
    n, most = images.n_images, int(counts.max(initial=0))
    if most < max(FEWEST_ALIKE, MOST_ALIKE * n):
        return []
    text = (
        f"{most:,} of {n:,} training images have become the same picture: look at it with nncli check --preview; 16 "
        "bits may have been divided to nothing, or something white lie on transparency, which becomes white"
    )
    return [Finding("same_picture", text)]


def _copies(experiment: Experiment) -> list[Finding]:
    n = len(experiment.validation.labels)
    shape = experiment.plan.image_format.shape
    kinds = [experiment.known.which(chunk, shape) for chunk in experiment.validation.chunks()] if n else []
    equal, near = (sum(int((kind == which).sum()) for kind in kinds) for which in (TRAINING, COPY))
    if not equal + near:
        return []
    how = " and ".join(
        text
        for count, text in ((equal, f"{equal} with equal pixels"), (near, f"{near} saved again, resized or cropped"))
        if count
    )
    text = f"{equal + near:,} of {n:,} validation images are copies of training images, {how}: the accuracy is too good"
    return [Finding("copies_across_splits", f"{text}; data.groups: near-copies keeps copies together")]


def network_findings(model: Model, examples: Dataset) -> list[Finding]:
    """Faults of a network, tried on some of the examples that it has seen anyway; see the module."""
    step = -(-examples.n_examples // min(N_LOOKED_AT, examples.batch_size))
    X = on_host(next(examples.in_order(lambda _n: slice(None, None, step)))[0])
    workspace = Workspace.of(model.parameters, X.shape[1], training=False)
    inactive = []
    for member in model.parameters.members:
        with np.errstate(all="ignore"):
            forward(member, workspace, X, model.activation)
        inactive.append([l for l in range(1, len(model.layer_dims) - 1) if not workspace.A[l].any()])
    if not all(inactive) or not inactive:
        return []
    layer = inactive[0][0]
    text = (
        f"none of the {model.layer_dims[layer]} units of hidden layer {layer} is ever active: nothing gets through the "
        "network; try a lower training.learning_rate, network.activation: leaky_relu, or another network.initialization"
    )
    return [Finding("no_active_unit", text)]


def loss_findings(loss: float, n_classes: int) -> list[Finding]:
    """That the loss is that of giving every class the same probability, ln K, if it is."""
    guessing = math.log(n_classes)
    if abs(loss - guessing) > AS_GUESSING * guessing:
        return []
    text = f"the loss {loss:.4f} is that of guessing, ln {n_classes} = {guessing:.4f}: the network has learned nothing"
    return [Finding("loss_of_guessing", text)]


def threshold_findings(split: str) -> list[Finding]:
    """That there were no images to choose the thresholds of labels by, if the figures are not of ``validation``."""
    if split == "validation":
        return []
    text = "no validation images: every label's threshold is 0.5; set data.validation_split to have them chosen"
    return [Finding("thresholds_not_chosen", text)]


def temperature_findings(temperature: float) -> list[Finding]:
    """That the temperature would have gone further, if it did."""
    if not is_at_limit(temperature):
        return []
    text = f"the temperature of the probabilities met its limit, {temperature:g}: do not rely on them"
    return [Finding("temperature_at_limit", f"{text}; validate on more images, or set training.calibration: none")]
