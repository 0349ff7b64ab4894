"""``nncli gradcheck``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nncli.network import gradient_check
from tests.cli.tiny import write_image
from tests.network.test_gradient_check import broken

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.tiny import Runner

CONFIG = """
data: {path: photos, image_size: [4, 4], color: grayscale, validation_split: 0}
network: {layer_dims: [auto, 5, 5, auto], activation: tanh, dropout: 0.2}
training: {epochs: 1, l2: 0.1, label_smoothing: 0.1, class_weights: balanced, ensemble: 2}
"""


@pytest.fixture
def config(place: Path) -> str:
    """A config of nine images of three classes."""
    for k, name in enumerate("abc"):
        for i in range(3):
            write_image(place / "photos" / name / f"{i}.png", 20 + 60 * k + 10 * i)
    (place / "c.yaml").write_text(CONFIG)
    return "c.yaml"


def test_it_prints_derivatives_side_by_side(nncli: Runner, config: str) -> None:
    """The chosen layer's alone, and a line that says that they agree."""
    result = nncli("gradcheck", config, "--layer", "2")
    assert (0, "next: nncli train c.yaml\n") == (result.code, result.err)
    lines = [line.split() for line in result.out.splitlines()]
    assert ["derivative", "entry", "analytic", "numeric"] == lines[0]
    assert {"dW[2]", "db[2]"} == {line[0] for line in lines[1:12] if line and line[0].startswith("d")} - {"derivative"}
    assert float(lines[1][2]) == pytest.approx(float(lines[1][3]), rel=1e-5)
    assert result.out.splitlines()[-1].startswith("right: the relative difference is largest in layer 2, ")


def test_it_fails_loudly_and_names_the_layer(nncli: Runner, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 1, one line on stderr, and the wrong vectors marked: layer 1 is wrong twice, and so right again."""
    monkeypatch.setattr(gradient_check, "our_backpropagate", broken("dA *= Z[l - 1]", "dA *= -Z[l - 1]"))
    result = nncli("gradcheck", config)
    assert 1 == result.code
    assert result.err.startswith("nncli: backpropagation is wrong: the relative difference is largest in layer ")
    assert result.err.endswith("; the last wrong layer is 2: look there first\n")
    assert ["dW[2]", "db[2]"] == [line.split()[0] for line in result.out.splitlines() if "WRONG" in line]


def test_a_layer_that_is_not_there(nncli: Runner, config: str) -> None:
    """Is refused with the layers that are."""
    message = "nncli: --layer 4: the network has 3 layers, counted from 1\n"
    assert (2, "", message) == tuple(vars(nncli("gradcheck", config, "--layer", "4")).values())
