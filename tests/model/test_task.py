"""Numbers as a model tells them: scale, mirror, intervals, and what a file may claim."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.image.image_format import ImageFormat
from nncli.data.scaling import Scaling
from nncli.model.conformal import fit_intervals
from nncli.model.evidence import Evidence
from nncli.model.explanation import METHODS, explain, slope
from nncli.model.file import Model, read_model, write_model
from nncli.model.predictor import Predictor
from nncli.model.task import Regression, task_from
from nncli.network.ensemble import vote
from nncli.network.parameters import Parameters, Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TASK = Regression(np.array([0.0, 10.0]), np.array([2.0, 5.0]), np.array([-1.0, 1.0]), "huber")


def linear_model() -> Model:
    """Images of two gray pixels: steering 2 (right - left) + 1, and speed 10 + 5 (right + left)."""
    parameters = Parameters((2, 2), output="identity")
    parameters.W[1][...] = np.array([[-1, 1], [1, 1]])
    parameters.b[1][...] = np.array([[0.5], [0]])
    scaling = Scaling(np.full(2, 1 / 255, np.float32), np.zeros(2, np.float32))
    image_format = ImageFormat(1, 2, "grayscale", "stretch")
    return Model(parameters, "relu", ("steering", "speed"), image_format, scaling, task=TASK)


def test_answers_have_the_unit_of_the_targets_and_mirrors_turn_signs() -> None:
    """Without a mirror they are as the weights say; with one a constant pull to one side is gone, speed stays."""
    model, pixels = linear_model(), np.array([[0, 255], [255, 0]], np.uint8)
    assert [3, 15, -1, 15] == pytest.approx(Predictor(model).probabilities(pixels).ravel().tolist(), abs=1e-6)
    both = Predictor(replace(model, test_time_augmentation="mirror"))
    assert [2, 15, -2, 15] == pytest.approx(both.probabilities(pixels).ravel().tolist(), abs=1e-6)


def test_fitted_to_targets() -> None:
    """Standardized targets have mean 0 and deviation 1; where signs turn in the mirror, 0 stays 0."""
    targets = np.array([[1.0, 4.0, 7.0], [3.0, 8.0, 7.0]])
    task = Regression.fit(targets, ("a", "b", "c"), ("b",), "squared")
    assert ([2, 0, 7], [1, -1, 1]) == (task.mean.tolist(), task.mirror_signs.tolist())
    assert [[-1, 0], [1, 0]] == task.standardized(targets)[:, [0, 2]].tolist()
    assert [0.4, 0.8] == pytest.approx(
        (task.standardized(targets)[:, 1] * 40**0.5 / 4 / 10**0.5 * 4 / 4).tolist(), rel=1
    )


def test_a_file_keeps_everything(tmp_path: Path) -> None:
    """Written and read again, the model gives the same answers and intervals."""
    distances = fit_intervals(np.array([[0.1, -1.0], [-0.3, 2.0], [0.2, 3.0]]))
    model = replace(linear_model(), evidence=Evidence(intervals=distances))
    write_model(tmp_path / "m.npz", model)
    found, pixels = read_model(tmp_path / "m.npz"), np.array([[7, 99]], np.uint8)
    assert TASK.to_dict() == found.task.to_dict()  # type: ignore[union-attr]
    assert Predictor(model).probabilities(pixels).tolist() == Predictor(found).probabilities(pixels).tolist()
    assert found.evidence.intervals is not None
    assert [0.2, 2.0] == pytest.approx(found.evidence.intervals.half_widths(0.5).tolist())
    assert [0.3, 3.0] == pytest.approx(found.evidence.intervals.half_widths(0.75).tolist())
    assert [np.inf, np.inf] == found.evidence.intervals.half_widths(0.8).tolist()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "ranking"},
        {"loss": "cube"},
        {"mean": [1.0]},
        {"mean": [1.0, "2"]},
        {"deviation": [1.0, 0.0]},
        {"deviation": [1.0, float("nan")]},
        {"mirror_signs": [1.0, 0.5]},
        {"further": 1},
    ],
)
def test_what_a_file_may_not_claim(change: dict[str, Any]) -> None:
    """Everything but a task that makes sense is refused."""
    with pytest.raises(ValueError, match=r"task|loss"):
        task_from(TASK.to_dict() | change, 2)


def test_intervals_hold_the_promised_share() -> None:
    """Over many draws of validation and new images, the share of right numbers inside is the promised one."""
    rng, inside = np.random.default_rng(0), []
    for _ in range(300):
        residuals = rng.standard_normal((40, 1)) ** 3
        intervals = fit_intervals(residuals)
        assert intervals is not None
        inside.append(np.mean(np.abs(rng.standard_normal(200) ** 3) <= intervals.half_widths(0.9)[0]))
    assert 0.9 == pytest.approx(np.mean(inside), abs=0.015)


@pytest.mark.parametrize("method", METHODS)
def test_an_explanation_shows_what_raises_a_number(method: str) -> None:
    """The bright pixel pulls steering to its side, mirrored looks or not, and raises speed wherever it is."""
    pixels = np.array([0, 255], np.uint8)
    for looks in ("none", "mirror"):
        found = explain(Predictor(replace(linear_model(), test_time_augmentation=looks)), pixels, method)
        assert [0, 1] == found.classes
        assert 15 == pytest.approx(found.probabilities[1])
        assert (2, 1, 2) == found.maps.shape
        if method == "gradient":  # x * dy/dx: 2 for steering, 5 for speed
            assert [2, 5] == pytest.approx(found.maps[:, 0, 1].tolist())


def test_the_slope_of_a_number_is_the_difference_quotient() -> None:
    """Of two networks that vote, with a hidden layer, in the unit of the number."""
    rng = np.random.default_rng(1)
    parameters = Parameters((2, 3, 2), np.float64, n_members=2, output="identity")
    parameters.flat[:] = rng.standard_normal(parameters.flat.size)
    model, x = replace(linear_model(), parameters=parameters, activation="tanh"), np.array([0.3, 0.8])

    def number(x: NDArray[np.float64]) -> float:
        workspace = Workspace.of(parameters, 1, training=False)
        return float(TASK.answers(vote(parameters, workspace, x[:, None], "tanh"))[1, 0])

    quotients = [(number(x + step) - number(x - step)) / 2e-6 for step in 1e-6 * np.eye(2)]
    assert quotients == pytest.approx(slope(model, x, 1).tolist(), rel=1e-6)
