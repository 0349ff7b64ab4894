"""``nncli evaluate`` on images that trained the model: they are told, and do not count."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from nncli.model.file import read_model, write_model
from nncli.model.known_images import TRAINING
from nncli.model.predictor import Predictor
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.fixture(autouse=True)
def _run(nncli: Runner) -> None:
    """A model, of whose 40 images 34 trained it and 6 validated it."""
    write_class_folders(Path("photos"))
    write_config(Path("c.yaml"), "photos")
    assert 0 == nncli("train", "c.yaml", "-o", "run", "-q").code


def listed_in(table: str) -> set[Path]:
    """The images of a table of predictions."""
    return {Path(line.split(",")[0]).absolute() for line in Path(table).read_text().splitlines()[1:]}


def validated() -> set[Path]:
    """The images that validated the run."""
    return listed_in("run/predictions.csv")


def test_the_headline_is_that_of_the_other_images(nncli: Runner) -> None:
    """In words, and in JSON; the validation images stay, for they trained nothing."""
    result = nncli("evaluate", "-m", "run", "photos")
    assert result.out.startswith("34 of 40 images trained this model; on the other 6: ")
    report = json.loads(nncli("evaluate", "-m", "run", "photos", "-f", "json").out)
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert (metrics["accuracy"], metrics["interval"], 6) == (report["accuracy"], report["interval"], report["images"])
    assert {
        "training": 34,
        "near_copies_of_training": 0,
        "validation": 6,
        "training_is_included": False,
    } == report["known"]


def test_training_images_count_where_they_are_asked_for(nncli: Runner) -> None:
    """And it is said what that is worth."""
    result = nncli("evaluate", "-m", "run", "photos", "--include-training")
    assert result.out.startswith("34 of 40 images trained this model and count: on others expect less")
    assert "of 40 images" in result.out


def test_images_that_do_not_count_are_not_answered() -> None:
    """Their features would be computed in vain; the others get the answers that they get anyway."""
    model = read_model(Path("run/model.npz"))
    sources = [(str(path), str(path)) for path in sorted(Path("photos").rglob("*.png"))]
    everything = list(Predictor(model, tells_known=True).predict(sources))
    some = list(Predictor(model, tells_known=True, answers_seen=False).predict(sources))
    assert [each.known for each in everything] == [each.known for each in some]
    for whole, part in zip(everything, some, strict=True):
        assert pytest.approx(0 * whole.probabilities if whole.known == TRAINING else whole.probabilities) == (
            part.probabilities
        )


def test_lists_are_of_the_other_images(nncli: Runner) -> None:
    """A training image is no use in a list of predictions, wrong images or doubtful labels."""
    nncli("evaluate", "-m", "run", "photos", "--predictions", "p.csv")
    assert validated() == listed_in("p.csv")


def test_a_gate_without_new_images_fails_with_the_reason(nncli: Runner) -> None:
    """Nothing was measured; a script that asks must not go on."""
    for path in validated():
        Path(path).unlink()
    result = nncli("evaluate", "-m", "run", "photos", "--fail-under", "0.1")
    assert 4 == result.code
    reason = "--fail-under 0.1 cannot be met: 34 of 34 images trained this model: they cannot tell how good it is"
    assert reason in result.err
    assert nncli("evaluate", "-m", "run", "photos", "--fail-under", "0.1", "--include-training").code in (0, 4)
    report = json.loads(nncli("evaluate", "-m", "run", "photos", "-f", "json", "--coverage").out)
    assert (None, 0, []) == (report["accuracy"], report["images"], report["coverage"])
    for form in ("table", "csv"):
        assert 0 == nncli("evaluate", "-m", "run", "photos", "-f", form, "--coverage", "--mislabeled", "m.csv").code


def test_a_training_image_in_another_format_elsewhere_is_known(nncli: Runner) -> None:
    """Its pixels are what counts: a copy under another name, saved as BMP."""
    trained = {path.absolute() for path in Path("photos/dark").iterdir()} - validated()
    Path("new/dark").mkdir(parents=True)
    with Image.open(min(trained)) as image:
        image.save("new/dark/renamed.bmp")
    shutil.copy(max(Path("photos/bright").iterdir()), "new/dark/other.png")
    report = json.loads(nncli("evaluate", "-m", "run", "new", "-f", "json").out)
    assert 1 <= report["known"]["training"]


def test_a_model_from_before_says_that_it_cannot_tell(nncli: Runner) -> None:
    """All images count, as they always did."""
    model = read_model(Path("run/model.npz"))
    about = (model.parameters, model.activation, model.classes, model.image_format, model.scaling, model.training)
    write_model(Path("old.npz"), type(model)(*about))
    result = nncli("evaluate", "-m", "old.npz", "photos", "-f", "json")
    assert "this model does not tell which images trained it" in result.err
    report = json.loads(result.out)
    assert (40, None) == (report["images"], report["known"])


def test_a_model_without_validation_images_knows_its_training_images(nncli: Runner) -> None:
    """All of them trained it."""
    nncli("train", "c.yaml", "-o", "all", "-q", "--set", "data.validation_split=0")
    assert 4 == nncli("evaluate", "-m", "all", "photos", "--fail-under", "0").code
