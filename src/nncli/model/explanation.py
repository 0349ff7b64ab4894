"""Attribution of an answer to places of the image: a map for a class, positive where the image speaks for it.

Of labels a map is for a label, whatever the others are. Of a regression it is for a number: s is this number itself,
and the map positive where the image raises it.

    occlusion    s(image) - s(image with a spot blurred),  s = log(p_k / (1 - p_k))        for every place of the spot
    gradient     sum over the channels of x * d log p_k / dx                               where the network sees pixels
                 s(image) - s(image with a spot blurred),  s = phi * d log p_k / dphi      where it sees features phi

Occlusion asks the whole path from pixels to probabilities, whatever blocks are in it: how much less likely does the
class get if this part cannot be seen? The spot has no edge, and what is in it is blurred and not painted over: a gray
square, the usual way, has edges of its own, which a network that looks for edges takes for something. A pixel gets the
average over all places of the spot, each by how much it hides of the pixel. The odds p / (1 - p) still tell whether a
network is quite sure or very sure, where p is 1.000 either way.

The gradient asks how the answer would change with very small changes; times the input, it adds up to the answer of a
network that were linear. Features have no place in the image, so there the spot finds the place and the gradient weighs
what changed.

Sources: Zeiler and Fergus 2014 (section 4.2); Fong and Vedaldi 2017 (section 4, blurring); Shrikumar et al. 2016
(gradient times input).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageFilter

from nncli.data.pixel_rows import mirrored
from nncli.model.predictor import BATCH_SIZE
from nncli.model.task import Multilabel, Regression
from nncli.network.backpropagation import backpropagate
from nncli.network.forward_propagation import forward
from nncli.network.parameters import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from nncli.model.file import Model
    from nncli.model.predictor import Predictor

    Score = Callable[[NDArray[np.uint8]], NDArray[np.float64]]
    Watched = Callable[[range], Iterable[int]]

METHODS = ("occlusion", "gradient")

SPOTS_ACROSS, STEPS_PER_SPOT = 6, 4
"""How many spots side by side are as long as the image's shorter side, and steps from one to the next."""

N_CLASSES = 2
"""Maps are drawn for so many classes, the most likely ones."""

LEAST = 1e-30
"""Smaller probabilities are no longer told apart."""

LEAST_ALONE = 2.0**-24
"""Likewise of a label's not being there, which nothing but 1 - p tells: p is a float32."""


@dataclass(frozen=True)
class Explanation:
    """Maps of an image.

    Attributes:
        classes: Indices of the most likely classes, the first one first; of a regression of the first numbers.
        probabilities: Theirs; of a regression these numbers.
        maps: One for each of them, (n, height, width); positive where the image speaks for the class.
    """

    classes: list[int]
    probabilities: list[float]
    maps: NDArray[np.float64]


def _unwatched(lots: range) -> range:
    return lots


def explain(predictor: Predictor, pixels: NDArray[np.uint8], method: str, watched: Watched = _unwatched) -> Explanation:
    """Explain what the model says about an image.

    Args:
        predictor: The model.
        pixels: The image as the network sees it, (n_0,).
        method: One of `METHODS`.
        watched: Passes on the numbers of the first spots of every lot, and so sees how far it is.
    """
    probabilities, task = predictor.probabilities(pixels[None])[0], predictor.model.task
    is_regression = isinstance(task, Regression)
    order = np.arange(len(probabilities)) if is_regression else np.argsort(-probabilities, kind="stable")
    classes = order[:N_CLASSES].tolist()
    if method == "gradient":
        maps = _gradient_maps(predictor.model, pixels, classes, watched)
        if predictor.model.test_time_augmentation == "mirror":
            other = mirrored(pixels, predictor.model.image_format.shape)
            signs = task.mirror_signs[classes] if isinstance(task, Regression) else np.ones(len(classes))
            of_other = _gradient_maps(predictor.model, other, classes, watched)[:, :, ::-1]
            maps = (maps + signs[:, None, None] * of_other) / 2
    else:

        def scores(rows: NDArray[np.uint8]) -> NDArray[np.float64]:
            p = predictor.probabilities(rows).astype(np.float64)
            if is_regression:
                return p[:, classes]
            others = np.stack([np.delete(p, k, axis=1).sum(axis=1) for k in classes], axis=1)  # 1 - p may round to 0
            if isinstance(task, Multilabel):  # the others are for themselves
                others = np.maximum(1 - p[:, classes], LEAST_ALONE)
            odds: NDArray[np.float64] = np.log(np.maximum(p[:, classes], LEAST)) - np.log(np.maximum(others, LEAST))
            return odds

        maps = occlusion_maps(pixels, predictor.model.image_format.shape, scores, watched)
    return Explanation(classes, [float(probabilities[k]) for k in classes], maps)


def spot_size(shape: tuple[int, int, int]) -> int:
    """Diameter of the spot at half its strength, in pixels of the network's image."""
    return max(1, round(min(shape[:2]) / SPOTS_ACROSS))


def occlusion_maps(
    pixels: NDArray[np.uint8], shape: tuple[int, int, int], score: Score, watched: Watched = _unwatched
) -> NDArray[np.float64]:
    """How much each score falls when a part of the image cannot be seen.

    Args:
        pixels: The image, (n_0,).
        shape: Height, width and channels.
        score: From images, (m, n_0), to scores, (m, n).
        watched: As of `explain`.

    Returns:
        The fall of each score, (n, height, width).
    """
    image, size = pixels.reshape(shape), spot_size(shape)
    blurred = _blurred(image, size)
    down, across = (_spots(length, size) for length in shape[:2])
    masks = np.stack([a[:, None] * b for a in down for b in across])  # (n_places, height, width)
    whole = score(pixels[None])[0]
    total = np.zeros((len(whole), *shape[:2]))
    for start in watched(range(0, len(masks), BATCH_SIZE)):
        some = masks[start : start + BATCH_SIZE]
        hidden = np.rint(image + some[..., None] * (blurred - image)).astype(np.uint8)
        falls = whole - score(hidden.reshape(len(some), -1))  # (m, n)
        total += np.einsum("mk,mij->kij", falls, some)
    maps: NDArray[np.float64] = total / masks.sum(axis=0)
    return maps


def _spots(length: int, size: int) -> NDArray[np.float64]:
    """Bell curves all along a side, also half beyond its ends, (n, length)."""
    centers = np.arange(0, length + size / 2, max(1, size // STEPS_PER_SPOT))
    sigma = size / 2.355  # of a bell that is `size` wide at half its height
    spots: NDArray[np.float64] = np.exp(-((np.arange(length) + 0.5 - centers[:, None]) ** 2) / (2 * sigma**2))
    return spots


def _blurred(image: NDArray[np.uint8], size: int) -> NDArray[np.float64]:
    """The image, (height, width, channels), without details smaller than a spot."""
    gray = image.shape[2] == 1
    picture = Image.fromarray(image[:, :, 0] if gray else image).filter(ImageFilter.GaussianBlur(size / 2))
    return np.asarray(picture, np.float64).reshape(image.shape)


def _gradient_maps(
    model: Model, pixels: NDArray[np.uint8], classes: list[int], watched: Watched
) -> NDArray[np.float64]:
    """By the gradient, (n, height, width); see above."""
    shape, x = model.image_format.shape, _network_input(model, pixels[None])
    slopes = np.stack([slope(model, x[0], k) for k in classes])  # (n, n_0)
    if model.preprocessing.is_pixels:
        maps: NDArray[np.float64] = (slopes * x).reshape(-1, *shape).sum(axis=3)
        return maps
    return occlusion_maps(pixels, shape, lambda rows: _network_input(model, rows) @ slopes.T, watched)


def slope(model: Model, x: NDArray[np.float64], k: int) -> NDArray[np.float64]:
    """The derivative d log p_k / dx, (n_0,), by backpropagation through to the input; of a regression d y_k / dx.

    Several networks vote with their average p, so that of each counts by its share: d log p = sum of dp_i / sum of p_i.
    The temperature, which makes every answer more or less sure, is left out. Of a number, the target one below what the
    network says makes dZ[L] of the squared error the unit vector, from which dy_k / dx comes out.

    Args:
        model: Whose network.
        x: Network input, (n_0,).
        k: The class.
    """
    parameters = model.parameters.like(np.float64)
    parameters.flat[:] = model.parameters.flat
    gradients, workspace = parameters.like(), Workspace.of(parameters, 1)
    total, weight = np.zeros_like(x), 0.0
    for network, gradient in zip(parameters.members, gradients.members, strict=True):
        Y_hat = forward(network, workspace, x[:, None], model.activation)
        if isinstance(model.task, Regression):
            below = Y_hat - np.eye(len(Y_hat))[:, [k]]
            backpropagate(network, workspace, below, gradient, activation=model.activation, loss="squared")
            total += model.task.deviation[k] * (network.W[1].T @ workspace.dZ[1])[:, 0]
            weight += 1
            continue
        p, Y = float(Y_hat[k, 0] if len(Y_hat) > 1 else (1 - Y_hat, Y_hat)[k][0, 0]), np.array([k])
        if isinstance(model.task, Multilabel):  # of the other labels, what is told is right: dZ[L] is 0
            p, Y = float(Y_hat[k, 0]), np.where(np.arange(len(Y_hat))[:, None] == k, 1, Y_hat)
        p = max(p, LEAST)
        backpropagate(network, workspace, Y, gradient, activation=model.activation)
        dX: NDArray[Any] = network.W[1].T @ workspace.dZ[1]  # (n_0, 1): of the loss -log p_k
        total -= p * dX[:, 0]
        weight += p
    return total / weight


def _network_input(model: Model, pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """From images, (m, values of an image), to what the network sees, (m, n_0)."""
    rows = np.empty((len(pixels), model.layer_dims[0]))
    model.preprocessing.apply(pixels, rows)
    return rows
