"""``nncli crossval``: every image predicted by a network that did not see it."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.run import cross_validation
from nncli.run.trainer import make_trainer
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from nncli.data.pixel_rows import PixelRows
    from nncli.features.column import FeatureColumn
    from nncli.run.dataset import Experiment
    from nncli.run.trained_patterns import Lesson
    from nncli.training.communicator import Communicator
    from nncli.training.loop import Trainer
    from tests.cli.tiny import Runner


def rows_of(path: str) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(Path(path).read_text().splitlines()))


@pytest.fixture
def config() -> str:
    """Of 20 dark and 20 bright images, 3 of which are in the wrong folder."""
    write_class_folders(Path("photos"))
    for number in range(3):
        Path(f"photos/dark/{number}.png").rename(f"photos/bright/wrong{number}.png")
    write_config(Path("c.yaml"), "photos", network={"layer_dims": "[auto, auto]"}, training={"epochs": 12})
    return "c.yaml"


def test_every_image_is_predicted_once(nncli: Runner, config: str) -> None:
    """By a network of another fold; the figures are those of the table."""
    result = nncli("crossval", config, "-o", "cv", "-f", "json")
    assert 0 == result.code
    metrics, rows = json.loads(result.out), rows_of("cv/predictions.csv")
    assert metrics == json.loads(Path("cv/metrics.json").read_text())
    assert {str(path) for path in Path("photos").absolute().rglob("*.png")} == {row["path"] for row in rows}
    assert {str(k): 8 for k in range(1, 6)} == Counter(row["fold"] for row in rows)
    right = sum(row["actual"] == row["predicted"] for row in rows)
    assert (right, right / 40, 40, 5) == (
        metrics["correct"],
        metrics["accuracy"],
        metrics["images"],
        len(metrics["fold_accuracies"]),
    )
    assert metrics["accuracy"] == pytest.approx(np.mean(metrics["fold_accuracies"]))


def test_wrong_labels_are_found(nncli: Runner, config: str) -> None:
    """Of the three those that the networks are sure about, and nothing else: in a table, and on a page of pictures."""
    message = nncli("crossval", config, "-o", "cv").err
    rows = rows_of("cv/labels.csv")
    assert 2 <= len(rows) <= 3
    assert {Path(row["path"]).name for row in rows} <= {"wrong0.png", "wrong1.png", "wrong2.png"}
    assert {("bright", "dark")} == {(row["label"], row["suggested"]) for row in rows}
    assert f"labels.html and labels.csv have {len(rows)} images whose label is doubtful" in message
    page = Path("cv/labels.html").read_text()
    assert len(rows) == page.count('<img src="data:image/')
    assert "<script" not in page


def test_the_table_is_for_people(nncli: Runner, config: str) -> None:
    """With interval, baseline, the spread of the folds and the classes."""
    lines = nncli("crossval", config, "-o", "cv", "-k", "4").out.splitlines()
    assert "4 folds: every image predicted by a network that did not see it" == lines[0]
    assert lines[1].startswith("folds     ")
    assert lines[2].startswith("accuracy  0.9250 (0.8014 to 0.9742), 37 of 40 images")
    assert lines[3].startswith("baseline  0.5750, always answering bright")


def test_a_stopped_cross_validation_goes_on(nncli: Runner, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finished folds are not trained again, and the result is the same to the last byte."""
    nncli("crossval", config, "-o", "whole")
    nncli("crossval", config, "-o", "cv")
    for k in (2, 5):
        Path(f"cv/fold-{k}.npz").unlink()
    trained = []

    def counting(part: Experiment, communicator: Communicator | None, on_progress: Callable[[int], None]) -> Trainer:
        trained.append(part)
        return make_trainer(part, communicator, on_progress)

    monkeypatch.setattr(cross_validation, "make_trainer", counting)
    assert 0 == nncli("crossval", "--resume", "cv").code
    assert 2 == len(trained)
    for name in ("predictions.csv", "labels.csv", "metrics.json", "config.yaml"):
        assert Path("whole", name).read_bytes() == Path("cv", name).read_bytes()


def test_other_images_are_not_gone_on_with(nncli: Runner, config: str) -> None:
    """Folds of the old images say nothing about the new ones."""
    nncli("crossval", config, "-o", "cv")
    Path("photos/dark/5.png").unlink()
    result = nncli("crossval", "--resume", "cv")
    assert 1 == result.code
    assert "cv/fold-1.npz: is of other images, settings or folds" in result.err


@pytest.mark.parametrize("are_in_a_table", [False, True])
def test_groups_stay_together(nncli: Runner, are_in_a_table: bool) -> None:
    """Images of one session are in one fold, whether a pattern of their names or a column of the table says so."""
    write_class_folders(Path("photos"), {"dark": 24, "bright": 24})
    lines = ["path,label,group"]
    for path in list(Path("photos").rglob("*.png")):
        session = f"s{int(path.stem) // 4}"
        named = path.rename(path.with_name(f"{session}-{path.name}"))
        lines.append(f"{named},{path.parent.name},{session}")
    Path("t.csv").write_text("\n".join(lines))
    write_config(Path("c.yaml"), "t.csv" if are_in_a_table else "photos")
    how = () if are_in_a_table else ("--groups", r"^s\d+")
    result = nncli("crossval", "c.yaml", "-o", "cv", "-k", "3", *how)
    assert result.out.startswith("3 folds of 6 groups: ")
    fold_of: dict[str, set[str]] = {}
    for row in rows_of("cv/predictions.csv"):
        fold_of.setdefault(Path(row["path"]).name.split("-")[0], set()).add(row["fold"])
    assert 6 == len(fold_of)
    assert all(1 == len(folds) for folds in fold_of.values())


@pytest.mark.parametrize(
    "settings",
    [
        {"data": {"features": "[color_histogram]", "image_size": "[8, 8]", "augmentation": "mirror"}},
        {"training": {"monitor": "last", "calibration": "temperature", "epochs": 5}},
        {"data": {"augmentation": "digits", "features": "[color_histogram]", "image_size": "[8, 8]"}},
        {"data": {"validation_split": 0}},
    ],
)
def test_every_kind_of_training_can_be_cross_validated(nncli: Runner, settings: dict[str, dict[str, object]]) -> None:
    """With features that are shared, mirrored or computed anew; with and without validation images."""
    write_class_folders(Path("photos"), size=(8, 8))
    write_config(Path("c.yaml"), "photos", **settings)
    result = nncli("crossval", "c.yaml", "-k", "2", "-f", "json")
    assert 0 == result.code, result.err
    assert json.loads(result.out)["accuracy"] > 0.5
    assert Path("runs/c-crossval-1/labels.html").exists()


def test_a_gate(nncli: Runner, config: str) -> None:
    """Exit code 4 below it."""
    assert 4 == nncli("crossval", config, "-o", "cv", "-k", "2", "--fail-under", "0.99").code


def test_what_cannot_be_is_refused(nncli: Runner, config: str) -> None:
    """No config and no run; both; a run that is none; a class with a single image."""
    assert 2 == nncli("crossval").code
    assert 2 == nncli("crossval", config, "--resume", "cv").code
    assert 2 == nncli("crossval", "--resume", "photos").code
    Path("photos/rare").mkdir()
    Image.new("L", (4, 4)).save("photos/rare/1.png")
    result = nncli("crossval", config, "-o", "cv")
    assert 1 == result.code
    assert "class rare has all its images in one fold" in result.err


@pytest.mark.parametrize(("monitor", "shown"), [("loss", "val_accuracy"), ("last", "loss")])
def test_the_bar_of_a_fold_counts_its_epochs(nncli: Runner, config: str, monitor: str, shown: str) -> None:
    """Up to the last one, which it ends with; it shows the loss, also where no image validates."""
    settings = "training.epochs=3", f"training.monitor={monitor}"
    overrides = [word for setting in settings for word in ("--set", setting)]
    result = nncli("crossval", config, "-o", "cv", "--progress", "bar", *overrides)
    assert 0 == result.code
    bars = [line.split("\r")[-1] for line in result.err.split("\n") if "epoch" in line]
    assert ["epoch 3/3"] * 5 == [bar.strip()[:9] for bar in bars]
    assert all(f"{shown} " in bar for bar in bars)


def test_each_fold_has_a_span_of_its_own(nncli: Runner, config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Principal directions come from the images that a fold is trained on, never from another fold's."""
    seen: list[Experiment] = []

    def make(experiment: Experiment, communicator: Communicator | None, on_progress: Callable[[int], None]) -> Trainer:
        trainer = make_trainer(experiment, communicator, on_progress)
        seen.append(experiment)
        return trainer

    monkeypatch.setattr(cross_validation, "make_trainer", make)
    assert 0 == nncli("crossval", config, "-o", "cv", "--set", "network.project=4").code
    matrices = [experiment.span.projection.matrix.tobytes() for experiment in seen if experiment.span.projection]
    assert 5 == len(matrices) == len(set(matrices))


def test_no_label_of_a_fold_teaches_the_patterns_that_predict_it(
    nncli: Runner, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Patterns that are trained by backpropagation are learned anew for each fold, from its training images."""
    block = "{size: 2, count: 2, pool: 1, deep_size: 2, deep_count: 2, grid: 1}"
    taught = []

    def teaching(column: FeatureColumn, images: PixelRows, lesson: Lesson, _seed: int) -> FeatureColumn:
        taught.append((len(images), len(lesson.labels)))
        return column

    monkeypatch.setattr("nncli.run.trained_patterns.trained", teaching)
    settings = f"data.features=[deep_patches: {block}]", "training.pattern_epochs=1", "training.epochs=1"
    result = nncli("crossval", config, "-o", "cv", "-k", "4", *(word for s in settings for word in ("--set", s)))
    assert 0 == result.code
    assert [(40, 40), *[(26, 26)] * 4] == taught  # four of thirty choose the epoch
