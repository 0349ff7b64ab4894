"""``nncli compare``: models on the same images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.evaluation.comparison import Comparison
from tests.cli.tiny import write_image, write_three, write_tiny_model
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

N_BLACK, N_WHITE = 12, 20


@pytest.fixture(autouse=True)
def _files() -> None:
    """three.npz tells coal (black) from snow (white); coal.npz, with classes in another order, always says coal."""
    write_three(Path("three.npz"))
    write_tiny_model(Path("coal.npz"), ("snow", "fog", "coal"), [0, 0, 0], [0, 0, 9])
    for number in range(N_BLACK):
        write_image(Path(f"d/coal/{number}.png"), number)
    for number in range(N_WHITE):
        write_image(Path(f"d/snow/{number}.png"), 255 - number)


def test_a_better_model_is_told(nncli: Runner) -> None:
    """With both accuracies, the difference, its interval and the exact test; the order of classes does not matter."""
    result = nncli("compare", "coal.npz", "three.npz", "d", "-f", "json")
    assert 1 == result.err.count("evaluating d: 32 images")
    report = json.loads(result.out)
    assert [N_BLACK / 32, 1.0] == [each["accuracy"] for each in report["models"]]
    (found,) = report["comparisons"]
    expected = Comparison(both=N_BLACK, first=0, second=N_WHITE, neither=0, same_answer=N_BLACK)
    assert (expected.difference, "better") == (found["difference"], found["verdict"])
    assert 2 * 0.5**N_WHITE == pytest.approx(found["p_value"])
    assert list(expected.interval()) == found["interval"]
    assert (N_BLACK, 0, N_WHITE, 0, N_BLACK) == tuple(
        found[key] for key in ("both_right", "first_alone_right", "second_alone_right", "both_wrong", "same_answer")
    )


def test_the_sentence(nncli: Runner) -> None:
    """Better, worse, or nothing that these images can show."""
    lines = nncli("compare", "coal.npz", "three.npz", "d").out.splitlines()
    assert "three.npz  1.0000 (0.8928 to 1.0000)  32" == lines[2]
    assert lines[-1].startswith("three.npz is better than coal.npz by 62.5 points (")
    assert "three.npz is better" not in nncli("compare", "three.npz", "three.npz", "d").out
    assert (
        "no difference that these images can show: +0.0 points" in nncli("compare", "three.npz", "three.npz", "d").out
    )
    assert "coal.npz is worse than three.npz by 62.5 points" in nncli("compare", "three.npz", "coal.npz", "d").out


@pytest.mark.parametrize(
    ("models", "gate", "code"),
    [
        (("coal.npz", "three.npz"), "better", 0),
        (("three.npz", "three.npz"), "better", 4),
        (("three.npz", "three.npz"), "not-worse", 0),
        (("three.npz", "coal.npz"), "not-worse", 4),
        (("coal.npz", "three.npz", "coal.npz"), "better", 4),
    ],
)
def test_a_gate(nncli: Runner, models: tuple[str, ...], gate: str, code: int) -> None:
    """Every further model is compared with the first."""
    assert code == nncli("compare", *models, "d", "--gate", gate).code


def test_tables(nncli: Runner) -> None:
    """The comparisons, and the images that are answered differently."""
    lines = nncli(
        "compare", "coal.npz", "three.npz", "coal.npz", "d", "-f", "csv", "--differences", "x.csv"
    ).out.splitlines()
    assert "first,second,difference,low,high,p_value,verdict" == lines[0]
    assert lines[1].startswith("coal.npz,three.npz,0.625000,")
    assert lines[2].endswith(",1.000000,no difference")
    rows = Path("x.csv").read_text().splitlines()
    assert ["path,actual,coal.npz,three.npz,coal.npz", "d/snow/0.png,snow,coal,snow,coal"] == rows[:2]
    assert 1 + N_WHITE == len(rows)


def test_images_that_trained_one_of_the_models_are_left_out(nncli: Runner) -> None:
    """A model that remembers its images would look better than it is."""
    write_class_folders(Path("photos"))
    write_config(Path("c.yaml"), "photos")
    for name, epochs in (("one", "1"), ("two", "2")):
        assert 0 == nncli("train", "c.yaml", "-o", name, "-q", "--epochs", epochs).code
    report = json.loads(nncli("compare", "one", "two", "photos", "-f", "json").out)
    assert 6 == report["images"]
    assert 40 == json.loads(nncli("compare", "one", "two", "photos", "-f", "json", "--include-training").out)["images"]
    nncli("train", "c.yaml", "-o", "all", "-q", "--set", "data.validation_split=0")
    result = nncli("compare", "one", "all", "photos")
    assert 1 == result.code
    assert "photos: none of its images is new to all of the models" in result.err


def test_one_model_is_no_comparison(nncli: Runner) -> None:
    """It is said what is missing."""
    assert 2 == nncli("compare", "three.npz", "d").code
