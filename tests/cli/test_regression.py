"""The whole way of a model that tells numbers: a table of bars, whose place is to be told, from config to answers."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.config import load_config
from nncli.run.dataset import load_experiment, plan_experiment
from nncli.tuning import size
from nncli.tuning.size import Cost

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

N = 60
CONFIG = """\
data:
  path: log.csv
  task: regression
  columns: {label: [place, brightness]}
  order: second
  image_size: [4, 16]
  color: grayscale
  augmentation: mirror
  mirror_targets: [place]
  test_time_augmentation: mirror
  validation_split: 0.25
  crop: {top: 2, bottom: 0.25}
network:
  layer_dims: [auto, 16, auto]
training:
  epochs: 60
  learning_rate: 0.005
  loss: huber
  ensemble: 2
"""


@pytest.fixture
def bars(place: Path) -> Path:
    """A table of pictures with a bright bar each: its place from -1 at the left to 1 at the right, and its brightness.

    Above and below the bar are stripes that say nothing, which the config cuts off.
    """
    rng = np.random.default_rng(0)
    rows = [("image", "place", "brightness", "second")]
    for i in range(N):
        column, light = int(rng.integers(0, 16)), int(rng.integers(100, 256))
        pixels = rng.integers(0, 256, (8, 16)).astype(np.uint8)
        pixels[2:6] = 0
        pixels[2:6, column] = light
        Image.fromarray(pixels).save(place / f"{i:02d}.png")
        rows.append((f"{i:02d}.png", f"{column / 7.5 - 1:.4f}", str(light), f"{i}"))
    with (place / "log.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    (place / "c.yaml").write_text(CONFIG)
    return place


def test_numbers_are_learned_told_and_measured(nncli: Runner, bars: Path) -> None:
    """Training finds place and brightness; every format of predict has them; evaluate, its gate and files agree."""
    trained = nncli("train", "c.yaml", "-o", "run", "--progress", "none")
    assert (0, "run/model.npz\n") == (trained.code, trained.out)
    assert "2 targets (place, brightness)" in trained.err
    lines = trained.err.splitlines()
    assert ["place MAE", "brightness MAE"] == [" ".join(each.split()[:2]) for each in lines if " MAE " in each]
    assert [] == [each for each in lines if " MAE " in each and len(each) > 90]
    told = nncli("predict", "-m", "run", "-f", "ndjson", "--confidence", "0.8", "00.png", "log.csv")
    first, bad = map(json.loads, told.out.splitlines())
    right = _rows("log.csv")[0]
    assert float(right["place"]) == pytest.approx(first["values"]["place"], abs=0.4)
    low, high = first["intervals"]["brightness"]
    assert low < first["values"]["brightness"] < high
    assert (3, None) == (told.code, bad["values"])
    place, light = first["values"].values()
    assert f"{place} {light}\n" == nncli("predict", "-m", "run", "-f", "label", "00.png").out
    assert f"00.png\t{place}\t{light}\n" == nncli("predict", "-m", "run", "00.png").out
    assert (
        f"path,place,brightness\n00.png,{place},{light}\n" == nncli("predict", "-m", "run", "-f", "csv", "00.png").out
    )
    assert "place" in nncli("predict", "-m", "run", "-f", "table", "00.png").out
    assert [first["values"]] == [each["values"] for each in json.loads(_json(nncli))]

    measured = nncli("evaluate", "-m", "run", "log.csv", "-f", "json", "--predictions", "p.csv")
    report = json.loads(measured.out)
    figures = report["targets"]["place"]
    assert (15, 45) == (figures["n"], report["known"]["training"] + report["known"]["near_copies_of_training"])
    assert figures["r2"] > 0.7
    rows = _rows("p.csv")
    errors = [float(row["predicted_place"]) - float(row["actual_place"]) for row in rows]
    assert figures["rmse"] == pytest.approx(float(np.mean(np.square(errors))) ** 0.5, rel=1e-4)
    assert figures["baseline"]["rmse"] > 1.5 * figures["rmse"]
    assert 0 == nncli("evaluate", "-m", "run", "log.csv", "--fail-under", "0.3").code
    below = nncli("evaluate", "-m", "run", "log.csv", "--fail-under", "0.9999")
    assert 4 == below.code
    assert "R2 of place" in below.err


def _rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(Path(path).read_text().splitlines()))


def _json(nncli: Runner) -> str:
    return nncli("predict", "-m", "run", "-f", "json", "00.png").out


def test_the_rest_of_the_program_knows_numbers(nncli: Runner, bars: Path) -> None:
    """check, crossval by time, resume to the bit, show and report work; what speaks of classes is refused in a line."""
    assert 0 == nncli("check", "c.yaml", "--set", "training.recipe=auto").code
    check = nncli("check", "c.yaml")
    assert 0 == check.code
    assert "place, training: -1 to 1" in check.out
    assert "####" in check.out
    short = ("--set", "training.epochs=4", "--set", "training.ensemble=1", "--progress", "none")
    folds = nncli("crossval", "c.yaml", "-k", "3", "-f", "json", "--out", "cv", *short)
    assert [20, 20, 20] == [fold["place"]["n"] for fold in json.loads(folds.out)["by_fold"]]
    assigned = [row["fold"] for row in _rows("cv/predictions.csv")]
    assert ["1"] * 20 + ["2"] * 20 + ["3"] * 20 == assigned
    nncli("train", "c.yaml", "-o", "whole", *short)
    nncli("train", "c.yaml", "-o", "half", *short, "--set", "training.epochs=2")
    nncli("train", "--resume", "half", "--epochs", "4", "--progress", "none")
    first, second = (nncli("predict", "-m", run, "00.png").out for run in ("whole", "half"))
    assert first == second
    assert "identity" in nncli("show", "whole").out
    compared = json.loads(nncli("compare", "whole", "half", "log.csv", "-f", "json").out)["comparisons"]
    assert [("place", 0, "no difference")] == [
        (each["target"], each["difference"], each["verdict"]) for each in compared[:1]
    ]
    for command, words in {
        ("predict", "-m", "whole", "-k", "2", "00.png"): "--top-k is about classes",
        ("evaluate", "-m", "whole", "log.csv", "--coverage"): "--coverage is about classes",
        ("compare", "whole", "half", "log.csv", "--differences", "d.csv"): "--differences is about classes",
        ("predict", "-m", "whole", "--confidence", "0.99", "00.png"): "needs more than 15 validation images",
    }.items():
        refused = nncli(*command)
        assert 2 == refused.code
        assert words in refused.err


def test_a_report_has_a_scatter_and_the_images_furthest_off(nncli: Runner, bars: Path) -> None:
    """The page shows predicted against right numbers, the distances, and the worst images with both numbers."""
    pytest.importorskip("matplotlib")
    pytest.importorskip("jinja2")
    nncli("train", "c.yaml", "-o", "elsewhere/run", "--progress", "none", "--epochs", "3")
    assert 0 == nncli("report", "elsewhere/run").code
    text = Path("elsewhere/run/report.html").read_text()
    assert ["place: predicted against right", "brightness: how far off", "Furthest off"] == [
        words
        for words in ("place: predicted against right", "brightness: how far off", "Furthest off")
        if words in text
    ]
    assert "Confusion matrix" not in text


def test_onnx_says_the_same_numbers(nncli: Runner, bars: Path) -> None:
    """An export has one output, values, which agrees with nncli, mirrored looks and signs included."""
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    nncli("train", "c.yaml", "-o", "run", "--progress", "none", "--epochs", "3")
    exported = nncli("export", "run")
    assert 0 == exported.code
    assert "numbers differ by" in exported.err
    outputs = onnxruntime.InferenceSession("run/model.onnx", providers=["CPUExecutionProvider"]).get_outputs()
    assert [("values", 2)] == [(each.name, each.shape[1]) for each in outputs]


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("training.monitor=accuracy", "training.monitor accuracy is of classes"),
        ("training.label_smoothing=0.1", "training.label_smoothing is only used with data.task classification"),
        ("data.mirror_targets=[steering]", "data.mirror_targets names steering; the targets are place, brightness"),
        ("network.layer_dims=[auto,3]", "network.layer_dims ends with 3 but"),
        ("data.crop={top: 0.5, bottom: 0.5}", "data.crop must be shares that leave something"),
    ],
)
def test_settings_that_do_not_go_with_numbers(nncli: Runner, bars: Path, setting: str, words: str) -> None:
    """Each is refused before anything is loaded, with the key."""
    refused = nncli("train", "c.yaml", "--set", setting)
    assert 2 == refused.code
    assert words in refused.err


def test_a_folder_of_classes_has_no_numbers(nncli: Runner, place: Path) -> None:
    """The message says what is needed instead."""
    for name in ("a", "b"):
        (place / "photos" / name).mkdir(parents=True)
        Image.new("L", (4, 4)).save(place / "photos" / name / "1.png")
    (place / "c.yaml").write_text("data: {path: photos, task: regression}\n")
    refused = nncli("train", "c.yaml")
    assert (1, True) == (refused.code, "needs a table (.csv" in refused.err)


def test_arrays_have_numbers_too(nncli: Runner, place: Path) -> None:
    """Trained on, evaluated and predicted from npz; NaN and another number of numbers are a line each."""
    rng = np.random.default_rng(0)
    light = rng.permutation(np.linspace(0, 1, 40)).astype(np.float32)
    images = np.repeat(np.rint(255 * light).astype(np.uint8), 16).reshape(40, 4, 4)
    np.savez("x.npz", x_train=images[:30], y_train=light[:30], x_test=images[30:], y_test=light[30:])
    Path("c.yaml").write_text(
        "data: {path: x.npz, task: regression, image_size: [4, 4], color: grayscale, scaling: standardize}\n"
        "network: {layer_dims: [auto, 8, auto]}\ntraining: {epochs: 60, learning_rate: 0.01, seed: 1}\n"
    )
    assert 0 == nncli("train", "c.yaml", "-o", "run", "--progress", "none").code
    report = json.loads(nncli("evaluate", "-m", "run", "x.npz", "-f", "json").out)
    assert ("test", 10) == (report["split"], report["targets"]["target"]["n"])
    assert report["targets"]["target"]["r2"] > 0.9
    name, number = nncli("predict", "-m", "run", "x.npz").out.splitlines()[-1].split("\t")
    assert "x.npz[x_test][9]" == name
    assert f"{name}\t{number}\n" == nncli("predict", "-m", "run", name).out
    assert 0 == nncli("explain", "-m", "run", name, "-o", "why.png").code
    for refused, code, words in (
        (nncli("predict", "-m", "run", "x.npz[x_test][10]"), 1, "no such image; there are x.npz[x_train][0] to [29], "),
        (
            nncli("explain", "-m", "run", "x.npz", "-o", "why.png"),
            2,
            "write the name of one of them, x.npz[x_train][0]",
        ),
    ):
        assert (code, True) == (refused.code, words in refused.err)
    assert light[39] == pytest.approx(float(number), abs=0.2)
    np.savez("two.npz", x=images, y=np.stack([light, light], axis=1))
    assert "2 numbers for each image, but the model tells 1" in nncli("evaluate", "-m", "run", "two.npz").err
    light[3] = np.nan
    np.savez("x.npz", x=images, y=light)
    refused = nncli("train", "c.yaml")
    assert (2, True) == (refused.code, "x.npz: y[3]: target nan, not a finite number\n" in refused.err)


def test_settings_for_numbers_are_searched(nncli: Runner, bars: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By R2, with paired squared errors on the last images before the validation images, which are set aside."""
    pytest.importorskip("optuna")
    monkeypatch.setattr("nncli.tuning.study.measured_cost", lambda *_: Cost(0.0, 1.0))
    monkeypatch.setattr("nncli.tuning.search_space._recipes", lambda _plan: {})  # they take longer
    monkeypatch.setattr("nncli.tuning.size.FEWEST_SET_ASIDE", 5)
    short = ("--set", "training.ensemble=1", "--set", "training.epochs=10")
    tuned = nncli("tune", "c.yaml", "--trials", "3", "-f", "json", *short)
    found = json.loads(tuned.out)
    assert ("regression", 9, 2) == (found["task"], found["set_aside"], found["best"])
    assert [-1 <= each["r2"] <= 1 for each in found["trials"]] == [True] * 3
    assert ["place", "brightness"] == [each["target"] for each in found["verdict"]["comparisons"]]
    assert "best: trial 2, R2 " in tuned.err
    assert 2 == sum(f" on {name}: " in line for line in tuned.err.splitlines() for name in ("place", "brightness"))
    Path("log.csv").write_text("image,place,brightness,second\n" + "".join(f"{i:02d}.png,1,2,{i}\n" for i in range(N)))
    refused = nncli("tune", "c.yaml")
    assert (1, True) == (refused.code, "all validation images have the same numbers" in refused.err)


def test_the_images_set_aside_are_the_last_and_no_pictures_of_side_cameras(
    bars: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a picture is neither judged by nor trained on where its row is set aside; groups are not divided."""
    rows = [f"{i:02d}.png,{i % 7},{i},g{i // 10},{i:02d}l.png" for i in range(40)]
    for i in range(40):
        Image.new("L", (16, 8), i).save(bars / f"{i:02d}l.png")
    Path("log.csv").write_text("image,place,second,group,left\n" + "\n".join(rows))
    text = CONFIG.replace("[place, brightness]", "place").replace("[place]", "negate")
    text = text.replace("  crop", "  side_cameras: {left: 0.2}\n  crop")
    Path("c.yaml").write_text(text)
    experiment = load_experiment(plan_experiment(load_config(Path("c.yaml"))))
    monkeypatch.setattr(size, "FEWEST_SET_ASIDE", 5)
    kept, aside = size.set_aside(experiment)
    Path("c.yaml").write_text(text.replace("  order: second\n", ""))
    by_group = size.set_aside(load_experiment(plan_experiment(load_config(Path("c.yaml")))))
    assert aside is not None
    assert [f"{i:02d}.png" for i in range(24, 30)] == sorted(Path(path).name for path in aside.paths)
    assert sorted(f"{i:02d}{end}.png" for i in range(24) for end in ("", "l")) == sorted(
        Path(path).name for path in kept.paths
    )
    assert by_group[1] is not None
    groups = [{Path(path).name[0] for path in images.paths} for images in by_group if images]
    assert groups[0] & groups[1] == set()
