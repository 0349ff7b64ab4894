"""The whole way of a model that tells any number of labels: bright spots in three parts of an image, from config on."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.api.classifier import Labeler, load
from nncli.cli.commands import COMMANDS
from nncli.cli.multilabel import is_macro_f1_below
from nncli.cli.tune_report import as_csv
from nncli.config import load_config, parse_override
from nncli.evaluation.multilabel import f1_terms, macro_f1
from nncli.model.file import read_model
from nncli.model.task import Multilabel, task_from
from nncli.model.thresholds import fit_thresholds
from nncli.run.plan import plan_experiment
from nncli.tuning.size import Cost

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

N = 120
NAMES = ("left", "middle", "right|far")
CONFIG = """\
data:
  path: spots.csv
  task: multilabel
  image_size: [4, 12]
  color: grayscale
  test_time_augmentation: none
  validation_split: 0.25
network:
  layer_dims: [auto, 12, auto]
training:
  epochs: 25
  learning_rate: 0.02
  ensemble: 2
"""


@pytest.fixture
def spots(place: Path) -> Path:
    """A table of pictures of three parts, each of which has a bright spot or not; a third of them has the last one."""
    rng = np.random.default_rng(0)
    rows: list[tuple[object, ...]] = [("image", *NAMES)]
    for i in range(N):
        here = rng.random(3) < (0.5, 0.5, 0.3)
        pixels = rng.integers(0, 60, (4, 12)).astype(np.uint8)
        for k in np.flatnonzero(here):
            pixels[1:3, 4 * k + 1 : 4 * k + 3] = rng.integers(150, 256)
        Image.fromarray(pixels).save(place / f"{i:03d}.png")
        rows.append((f"{i:03d}.png", *here.astype(int)))
    with (place / "spots.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (place / "c.yaml").write_text(CONFIG)
    return place


def test_labels_are_learned_told_and_measured(nncli: Runner, spots: Path) -> None:
    """Training finds the spots; every format of predict has every label from its threshold on; evaluate agrees."""
    trained = nncli("train", "c.yaml", "-o", "run", "--progress", "lines")
    assert (0, "run/model.npz\n") == (trained.code, trained.out)
    assert "3 labels (left, middle, right|far)" in trained.err
    assert "val_accuracy" in trained.err
    assert "macro F1" in trained.err
    rows = _rows("spots.csv")
    full = next(row["image"] for row in rows if all(row[name] == "1" for name in NAMES))
    empty = next(row["image"] for row in rows if not any(row[name] == "1" for name in NAMES))
    predict = ("predict", "-m", "run", "-f")
    told = nncli(*predict, "ndjson", "--all-probs", full, empty, "c.yaml")
    first, second, bad = map(json.loads, told.out.splitlines())
    p = first["probabilities"]
    order = sorted(NAMES, key=lambda name: -p[name])
    assert (order, [], None, 3) == (first["labels"], second["labels"], bad["labels"], told.code)
    shown = "|".join(name.replace("|", "\\x7c") for name in order)
    texts = {name: f"{p[name]:.4f}" for name in NAMES}
    line = f"{full}\t{shown}\t{'|'.join(texts[name] for name in order)}\n"
    assert f"{line}{empty}\t\t\n" == nncli(*predict, "tsv", full, empty).out
    assert f"path\tlabels\tprobabilities\n{line}" == nncli(*predict, "tsv", "--header", full).out
    assert f"{shown}\n\n" == nncli(*predict, "label", full, empty).out
    table = list(csv.reader(nncli(*predict, "csv", "--all-probs", full).out.splitlines()))
    assert [["path", "labels", "probabilities", *NAMES], texts["left"]] == [table[0], table[1][3]]
    assert shown in nncli(*predict, "table", full).out
    (found,) = json.loads(nncli(*predict, "json", full).out)
    assert (order, {name: p[name] for name in order}) == (found["labels"], found["probabilities"])
    assert f"{full}\t\t\n" == nncli(*predict, "tsv", "--threshold", "1", full).out

    measured = nncli("evaluate", "-m", "run", "spots.csv", "-f", "json", "--predictions", "p.csv")
    report = json.loads(measured.out)
    metrics = json.loads(Path("run/metrics.json").read_text())
    assert (30, 90) == (report["images"], report["known"]["training"])
    assert report["macro_f1"] > 0.95
    assert report["baseline"]["macro_f1"] < 0.8
    assert {name: metrics[name] for name in ("macro_f1", "labels")} == {
        name: report[name] for name in ("macro_f1", "labels")
    }
    lines = _rows("p.csv")
    f1 = []
    for name in NAMES:
        has, is_told = (np.array([row[f"{kind}_{name}"] == "1" for row in lines]) for kind in ("actual", "predicted"))
        f1.append(2 * (has & is_told).sum() / (has.sum() + is_told.sum()))
    assert report["macro_f1"] == pytest.approx(np.mean(f1))
    assert "exact match" in nncli("evaluate", "-m", "run", "spots.csv").out
    assert 4 == len(nncli("evaluate", "-m", "run", "spots.csv", "-f", "csv").out.splitlines())
    assert 0 == nncli("evaluate", "-m", "run", "spots.csv", "--fail-under", "0.9").code
    labeler = load("run")
    assert isinstance(labeler, Labeler)
    assert [order] == [each.labels for each in labeler.predict(full)]


def _rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text().splitlines()))


@pytest.mark.parametrize(("n", "why"), [(0, "no image is left"), (3, "none of 3 images has a label")])
def test_a_gate_without_a_figure_is_not_met(n: int, why: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Where macro F1 is not known the gate is not met, and the reason is the right one."""
    assert is_macro_f1_below({"images": n, "macro_f1": None}, 0.5)
    assert f"cannot be met: {why} to judge the model by" in capsys.readouterr().err


def test_the_gate_is_on_macro_f1(nncli: Runner, spots: Path) -> None:
    """After one epoch the labels are not known yet; labels that the model does not have are refused."""
    nncli("train", "c.yaml", "-o", "run", "--progress", "none", "--epochs", "1", "--set", "training.learning_rate=1e-6")
    below = nncli("evaluate", "-m", "run", "spots.csv", "--fail-under", "0.99")
    assert 4 == below.code
    assert "macro F1 0." in below.err
    Path("other.csv").write_text("image,labels\n000.png,left;top\n")
    refused = nncli("evaluate", "-m", "run", "other.csv")
    assert (2, True) == (refused.code, "the model has no label top; its labels are left, middle, right" in refused.err)


ARGUMENTS = {
    "train": ("c.yaml", "-o", "other", "--progress", "none", "--epochs", "1"),
    "predict": ("-m", "run", "000.png"),
    "evaluate": ("-m", "run", "spots.csv"),
    "compare": ("run", "run", "spots.csv"),
    "crossval": ("c.yaml", "-k", "2"),
    "check": ("c.yaml", "--preview", "p.png"),
    "explain": ("000.png", "-m", "run", "-o", "x.png"),
    "show": ("run",),
    "runs": (".",),
    "report": ("run",),
    "export": ("run",),
    "gradcheck": ("c.yaml",),
}
"""Of the commands that take a config, a run or a model."""

OTHERS = {"tune", "init", "demo", "lesson", "cache", "schema", "completion"}


def test_every_command_takes_labels(nncli: Runner, spots: Path) -> None:
    """None takes them for classes: each is run to its end."""
    assert set(COMMANDS) == {*ARGUMENTS, *OTHERS}
    nncli("train", "c.yaml", "-o", "run", "--progress", "none", "--epochs", "2")
    missing = {"report": "jinja2", "export": "onnx"}
    for command, arguments in ARGUMENTS.items():
        if command in missing:
            pytest.importorskip(missing[command])
        done = nncli(command, *arguments)
        assert 0 == done.code, done.err
    check = nncli("check", "c.yaml").out
    assert ["left", "right|far", "(no label)"] == [w for w in ("left", "right|far", "(no label)") if f"\n{w} " in check]
    assert "labels      3: left (from 0." in nncli("show", "run").out
    for option in (("-k", "2"), ("--confidence", "0.9"), ("--strange", "0.1")):
        refused = nncli("predict", "-m", "run", *option, "000.png")
        assert (2, True) == (refused.code, "is about classes; this model tells labels" in refused.err)
    wrong = nncli("evaluate", "-m", "run", "spots.csv", "--wrong", "w.csv")
    assert (2, True) == (wrong.code, "--wrong is about classes; this model tells labels" in wrong.err)


def test_a_report_has_a_table_of_labels_and_the_wrong_images(nncli: Runner, spots: Path) -> None:
    """No confusion matrix; images are found by the run's own predictions.csv, and where they have gone it is said."""
    pytest.importorskip("jinja2")
    nncli("train", "c.yaml", "-o", "elsewhere/run", "--progress", "none", "--epochs", "1")
    assert 0 == nncli("report", "elsewhere/run").code
    text = Path("elsewhere/run/report.html").read_text()
    words = ("<h2>Labels</h2>", '<th scope="row">right|far</th>', "macro F1", "exact match", "have a label too many")
    assert words == tuple(each for each in words if each in text)
    assert "Confusion matrix" not in text
    for image in spots.glob("*.png"):
        image.unlink()
    assert "30 of 30 images of elsewhere/run are not there as files" in nncli("report", "elsewhere/run").err


def test_resumed_mirrored_and_exported_labels(nncli: Runner, spots: Path) -> None:
    """A resumed training gives the same bytes; a mirrored look, two networks and ONNX say the same probabilities."""
    short = ("--progress", "none", "--set", "data.test_time_augmentation=mirror", "--set", "data.augmentation=mirror")
    nncli("train", "c.yaml", "-o", "whole", *short, "--epochs", "4")
    nncli("train", "c.yaml", "-o", "half", *short, "--epochs", "2")
    nncli("train", "--resume", "half", "--epochs", "4", "--progress", "none")
    assert Path("whole/model.npz").read_bytes() == Path("half/model.npz").read_bytes()
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    exported = nncli("export", "whole")
    assert (0, True) == (exported.code, "probabilities differ by" in exported.err)
    session = onnxruntime.InferenceSession("whole/model.onnx", providers=["CPUExecutionProvider"])
    pixels = np.stack([np.asarray(Image.open(f"{i:03d}.png"))[..., None] for i in range(20)])
    probabilities, labels = session.run(None, {"images": pixels})
    labeler = load("whole")
    assert isinstance(labeler, Labeler)
    told = labeler.predict([f"{i:03d}.png" for i in range(20)])
    assert np.allclose([list(each.probabilities.values()) for each in told], probabilities, atol=1e-5)
    found = [{name for name, has in zip(NAMES, row, strict=True) if has} for row in labels]
    assert [set(each.labels) for each in told] == found


def test_without_validation_images_thresholds_are_one_half(nncli: Runner, spots: Path) -> None:
    """And that is said; one label alone is enough."""
    Path("one.csv").write_text("\n".join(line.rsplit(",", 2)[0] for line in Path("spots.csv").read_text().splitlines()))
    settings = ("data.path=one.csv", "data.validation_split=0", "training.epochs=2")
    done = nncli("train", "c.yaml", "-o", "run", "--progress", "none", *(w for s in settings for w in ("--set", s)))
    assert (0, True) == (done.code, "every label's threshold is 0.5" in done.err)
    model = read_model(Path("run/model.npz"))
    assert isinstance(model.task, Multilabel)
    assert (("left",), [0.5]) == (model.classes, model.task.thresholds.tolist())


def test_every_image_is_told_labels_by_a_network_that_did_not_see_it(nncli: Runner, spots: Path) -> None:
    """Thresholds of a fold are fitted on the other folds alone; the table has each fold, the spread and each label."""
    short = ("-k", "3", "--set", "training.ensemble=1", "--progress", "none")
    report = json.loads(nncli("crossval", "c.yaml", *short, "-f", "json", "-o", "cv").out)
    rows = _rows("cv/predictions.csv")
    has, is_told, p = (
        np.array([[float(row[f"{kind}_{name}"]) for name in NAMES] for row in rows])
        for kind in ("actual", "predicted", "probability")
    )
    fold = np.array([int(row["fold"]) for row in rows])
    assert [40, 40, 40] == [each["images"] for each in report["by_fold"]]
    for k in (1, 2, 3):
        thresholds = fit_thresholds(p[fold != k], has[fold != k] > 0)
        assert ((p[fold == k] >= thresholds) == is_told[fold == k]).all()
        f1 = float(macro_f1(f1_terms(has[fold == k] > 0, is_told[fold == k] > 0).sum(axis=0)[None])[0])
        assert f1 == pytest.approx(report["by_fold"][k - 1]["macro_f1"])
    n_last = [int(has[fold == k, 2].sum()) for k in (1, 2, 3)]
    assert max(n_last) - min(n_last) <= 2, "the rarest label is dealt evenly"
    assert report["macro_f1"] > 0.9
    shown = nncli("crossval", "--resume", "cv", "--fail-under", "0.999")
    assert 4 == shown.code
    assert ["spread", "label", "middle"] == [w for w in ("spread", "label", "middle") if f"\n{w} " in shown.out]


def test_models_of_labels_are_compared(nncli: Runner, spots: Path) -> None:
    """Macro F1 by exchanged answers, each label by McNemar's test; the gate and the differences go by that."""
    nncli("train", "c.yaml", "-o", "good", "--progress", "none")
    nncli("train", "c.yaml", "-o", "bad", "--progress", "none", "--epochs", "1", "--lr", "1e-6")
    compare = ("compare", "bad", "good", "spots.csv", "--differences", "d.csv")
    (found,) = json.loads(nncli(*compare, "-f", "json").out)["comparisons"]
    assert ("better", True) == (found["verdict"], found["p_value"] < 0.01)
    assert found["difference"] == pytest.approx(found["second_macro_f1"] - found["first_macro_f1"])
    assert set(NAMES) == set(found["labels"])
    left = found["labels"]["left"]
    assert 30 == sum(left[key] for key in ("both_right", "first_alone_right", "second_alone_right", "both_wrong"))
    assert 1 + len(NAMES) + 1 == len(nncli(*compare, "-f", "csv").out.splitlines())
    assert "good is better than bad by " in nncli(*compare).out
    rows = _rows("d.csv")
    assert 0 < len(rows) <= 30
    assert [] == [row for row in rows if row["bad"] == row["good"]]
    assert 4 == nncli("compare", "good", "bad", "spots.csv", "--gate", "not-worse").code


def test_settings_for_labels_are_searched(nncli: Runner, spots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By macro F1, with the comparison of `nncli compare` on images set aside; label smoothing is not searched."""
    pytest.importorskip("optuna")
    monkeypatch.setattr("nncli.tuning.study.measured_cost", lambda *_: Cost(0.0, 1.0))
    monkeypatch.setattr("nncli.tuning.search_space._recipes", lambda _plan: {})  # they take longer
    monkeypatch.setattr("nncli.tuning.size.FEWEST_SET_ASIDE", 10)
    short = ("--set", "training.ensemble=1", "--set", "training.learning_rate=0.001")
    tuned = nncli("tune", "c.yaml", "--trials", "3", "-f", "json", *short)
    found = json.loads(tuned.out)
    assert ("multilabel", 2, 18) == (found["task"], found["best"], found["set_aside"])
    best, *others = found["trials"]
    assert all(best["macro_f1"] >= each["macro_f1"] for each in others)
    assert best["interval"][0] <= best["macro_f1"] <= best["interval"][1]
    assert set(NAMES) == set(found["verdict"]["comparison"]["labels"])
    assert "points of macro F1" in tuned.err
    assert "trial,state,images,epochs,macro_f1,low,high,loss,settings" == as_csv(found).splitlines()[0]
    text = Path("c-best.yaml").read_text()
    assert "# Macro F1 0." in text
    assert "label_smoothing" not in text


def test_a_recipe_mirrors_labels_only_where_that_is_written(nncli: Runner, spots: Path) -> None:
    """What speaks of classes is left out."""
    Path("c.yaml").write_text(CONFIG.replace("  test_time_augmentation: none\n", ""))
    for written, how in (((), "none"), (("data.augmentation=mirror",), "mirror")):
        settings = [parse_override(each) for each in ("training.recipe=photos", *written)]
        plan = plan_experiment(load_config(Path("c.yaml"), settings))
        data, training = plan.config.data, plan.config.training
        assert (how, how) == (data.augmentation, data.test_time_augmentation)
        assert (how == "none") == any("no image is mirrored" in note for note in plan.notes)
        assert (0, 0, "none") == (training.label_smoothing, training.pattern_epochs, training.calibration)


SETTINGS = {
    "training.monitor=accuracy": "training.monitor accuracy is of classes; a multilabel has loss, or last",
    "training.mixing=mixup": "training.mixing is only used with data.task classification",
    "training.calibration=temperature": "training.calibration is only used with data.task classification",
    "training.loss=huber": "training.loss is only used with data.task regression",
    "network.layer_dims=[auto,1]": "network.layer_dims ends with 1 but spots.csv has 3 labels",
}


def test_settings_that_do_not_go_with_labels(nncli: Runner, spots: Path) -> None:
    """Each is refused before anything is loaded, with the key."""
    for setting, words in SETTINGS.items():
        refused = nncli("train", "c.yaml", "--set", setting)
        assert (2, True) == (refused.code, words in refused.err.replace(f"{spots}/", "")), refused.err


def test_thresholds_of_a_model_file_are_checked() -> None:
    """As many as labels, and each a probability; the file may be anyone's."""
    assert [0.25, 1.0] == task_from({"name": "multilabel", "thresholds": [0.25, 1]}, 2).thresholds.tolist()  # type: ignore[union-attr]
    for thresholds in ([0.5], [0.5, 2.0], [0.5, float("nan")], [0.5, "x"], None):
        with pytest.raises(ValueError, match="task has"):
            task_from({"name": "multilabel", "thresholds": thresholds}, 2)
    with pytest.raises(ValueError, match="none that is known"):
        task_from({"name": "multilabel", "thresholds": [0.5], "loss": "huber"}, 1)
