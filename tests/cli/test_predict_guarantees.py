"""``nncli predict --confidence`` and ``--strange``: answers that say how far they can be trusted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from tests.cli.tiny import write_three
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.fixture(autouse=True)
def _run(nncli: Runner) -> None:
    """A model that tells dark from bright, with 30 validation images, and two pictures of something else."""
    write_class_folders(Path("photos"), {"bright": 60, "dark": 60}, size=(8, 8))
    settings = {
        "data": {"image_size": "[8, 8]", "validation_split": 0.25},
        "training": {"monitor": "last", "epochs": 5},
    }
    write_config(Path("c.yaml"), "photos", **settings)
    assert 0 == nncli("train", "c.yaml", "-o", "run", "-q").code
    Path("odd").mkdir()
    stripes = np.zeros((8, 8), np.uint8)
    stripes[::2] = 255
    for name, picture in (("across", stripes), ("down", stripes.T)):
        Image.fromarray(np.ascontiguousarray(picture)).save(f"odd/{name}.png")


def test_a_set_of_labels_is_added(nncli: Runner) -> None:
    """In a column, and as a list in JSON; the promise is said."""
    result = nncli("predict", "-m", "run", "--confidence", "0.9", "-f", "csv", "photos/dark/0.png")
    assert "labels hold the right one with probability 0.9 for images like the validation images\n" == result.err
    header, row = result.out.splitlines()
    assert "path,label,probability,labels" == header
    assert row.startswith("photos/dark/0.png,dark,")
    assert row.endswith(",dark")
    record = json.loads(nncli("predict", "-m", "run", "--confidence", "0.9", "-f", "ndjson", "photos/dark/0.png").out)
    assert ["dark"] == record["labels"]


def test_more_confidence_means_more_labels(nncli: Runner) -> None:
    """Thirty images cannot promise 99 %: all labels are in the set."""
    result = nncli("predict", "-m", "run", "--confidence", "0.99", "-f", "ndjson", "photos/dark/0.png")
    assert {"dark", "bright"} == set(json.loads(result.out)["labels"])


def test_strange_images_are_unknown(nncli: Runner) -> None:
    """Stripes are neither dark nor bright; the images of its own kind stay known."""
    lines = nncli("predict", "-m", "run", "--strange", "0.05", "odd").out.splitlines()
    assert ["unknown", "unknown"] == [line.split("\t")[1] for line in lines]
    known = nncli("predict", "-m", "run", "--strange", "0.05", "photos", "-f", "label").out.split()
    assert known.count("unknown") <= 0.15 * len(known)
    assert (
        "odd" in nncli("predict", "-m", "run", "--strange", "0.05", "--unknown-label", "odd", "odd", "-f", "label").out
    )


def test_json_has_strangeness_always(nncli: Runner) -> None:
    """Where the model can tell it."""
    records = [json.loads(line) for line in nncli("predict", "-m", "run", "-f", "ndjson", "odd").out.splitlines()]
    assert all(record["strangeness"] > 0.95 for record in records)
    write_three(Path("old.npz"))
    assert "strangeness" not in nncli("predict", "-m", "old.npz", "-f", "ndjson", "odd").out


def test_a_model_that_cannot_tell_says_so(nncli: Runner) -> None:
    """Instead of promising anything."""
    write_three(Path("old.npz"))
    for option in ("--strange", "--confidence"):
        result = nncli("predict", "-m", "old.npz", option, "0.1", "odd")
        assert (2, "") == (result.code, result.out)
        assert f"{option}: this model cannot" in result.err


def test_a_promise_is_approximate_where_validation_chose_the_epoch(nncli: Runner) -> None:
    """The images are not quite like new ones then."""
    nncli("train", "c.yaml", "-o", "best", "-q", "--set", "training.monitor=accuracy")
    assert (
        "about so, for the validation images also chose the epoch"
        in nncli("predict", "-m", "best", "--confidence", "0.9", "odd").err
    )


def test_evaluate_tells_how_well_unknown_images_are_told(nncli: Runner) -> None:
    """Stripes are told by strangeness and not by probability; the other figures are those without them."""
    write_class_folders(Path("new"), {"bright": 8, "dark": 8}, size=(8, 8))
    for path in list(Path("new").rglob("*.png")):
        Image.fromarray(np.asarray(Image.open(path)) // 2 * 2 + 1).save(path)
    Path("odd").rename("new/stripes")
    command = ("evaluate", "-m", "run", "new", "--unknown-class", "stripes", "--strange", "0.05", "--include-training")
    report = json.loads(nncli(*command, "-f", "json").out)
    assert 16 == report["images"]
    assert ("stripes", 2, 2) == tuple(report["unknown"][key] for key in ("class", "images", "rejected"))
    assert report["unknown"]["auroc_of_strangeness"] > 0.95
    assert "2 of 2 images in stripes are answered 'unknown'" in nncli(*command).out
    assert 2 == nncli("evaluate", "-m", "run", "new", "--strange", "0.05").code
    assert "no images of class missing" in nncli("evaluate", "-m", "run", "photos", "--unknown-class", "missing").err
    known = nncli("evaluate", "-m", "run", "photos", "--unknown-class", "bright")
    assert (2, True) == (known.code, "--unknown-class bright: a class of the model; name a folder" in known.err)
