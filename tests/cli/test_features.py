"""Features through the real command line: trained, predicted with, resumed, trained again."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.machine.npz_file import read_npz
from tests.cli.tiny import in_process as nncli
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = "[patches: {size: 3, count: 6, grid: 2}, color_histogram: {bins: 4}]"
IN_WORDS = (
    "patches (size 3, count 6, grid 2, stride 1, contrast 0.001, threshold 0.25), color_histogram (bins 4, grid 1)"
)
N_FEATURES = 2 * 6 * 4 + 4


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos of two classes and photos.yaml, with features."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20}, size=(9, 9))
    data: dict[str, object] = {"image_size": "[9, 9]", "features": FEATURES}
    write_config(tmp_path / "photos.yaml", "photos", data=data, training={"epochs": 4})
    return tmp_path


def test_train_predict_evaluate_show(folder: Path) -> None:
    """A model of patches learns to tell dark from light, and every command can use it."""
    trained = nncli("train", "photos.yaml", "--epochs", 20, "-o", "run", "-v", cwd=folder)
    assert "run/model.npz\n" == trained.stdout
    for said in ("images of 9x9 grayscale\n", f"features: {IN_WORDS}\n", f"network {N_FEATURES} -> 5 -> 1, "):
        assert said in trained.stderr
    found = nncli("predict", "-m", "run", "photos/dark/3.png", "photos/light/3.png", "-f", "label", cwd=folder)
    assert "dark\nlight\n" == found.stdout
    assert nncli("evaluate", "-m", "run", "photos", "--fail-under", 0.95, cwd=folder).stdout
    assert "patches" in nncli("show", "run", cwd=folder).stdout


def test_check_tells_the_features(folder: Path) -> None:
    """What the network sees, in words; without blocks it sees values of pixels."""
    plan = nncli("check", "photos.yaml", cwd=folder).stdout
    assert f"input      9x9 grayscale, stretch\nfeatures   {IN_WORDS}: {N_FEATURES} per image, standardize\n" in plan
    assert f"{N_FEATURES} -> 5 tanh -> 1 sigmoid" in plan
    plain = nncli("check", "photos.yaml", "--set", "data.features=[pixels]", cwd=folder).stdout
    assert "9x9 grayscale, stretch, zero_one: 81 values per image\n" in plain


def test_a_mistake_is_told_in_its_place(folder: Path) -> None:
    """Nothing is started."""
    result = nncli("train", "photos.yaml", "--set", "data.features=[patches: {counts: 3}]", cwd=folder, code=2)
    assert "unknown key 'data.features[0].patches.counts'. Did you mean 'count'?" in result.stderr


@pytest.mark.parametrize("augmentation", ["none", "photos"])
def test_resuming_gives_the_same_bytes(folder: Path, augmentation: str) -> None:
    """Two epochs and two more are four: the features are fitted anew, to the same bits."""
    setting = ["--set", f"data.augmentation={augmentation}", "--set", "data.test_time_augmentation=mirror"]
    nncli("train", "photos.yaml", *setting, "-o", "whole", cwd=folder)
    nncli("train", "photos.yaml", *setting, "--epochs", 2, "-o", "part", cwd=folder)
    nncli("train", "--resume", "part", "--epochs", 4, cwd=folder)
    whole, part = read_npz(folder / "whole/last.npz"), read_npz(folder / "part/last.npz")
    assert whole["parameters"].tobytes() == part["parameters"].tobytes()
    assert (folder / "whole/model.npz").read_bytes() == (folder / "part/model.npz").read_bytes()


def test_training_twice_gives_equal_bytes(folder: Path) -> None:
    """With the cache empty, filled and off."""
    variants = [[], [], ["--set", "data.cache=off"]]
    for i, settings in enumerate(variants):
        nncli("train", "photos.yaml", *settings, "-o", f"run{i}", cwd=folder)
    assert 1 == len({(folder / f"run{i}/model.npz").read_bytes() for i in range(len(variants))})


def test_resume_refuses_other_features(folder: Path) -> None:
    """In the words of the config."""
    nncli("train", "photos.yaml", "--epochs", 1, "-o", "run", cwd=folder)
    other = f"data.features={FEATURES.replace('grid: 2', 'grid: 2, threshold: 0.5')}"
    result = nncli("train", "--resume", "run", "--set", other, cwd=folder, code=2)
    assert "cannot be resumed with another data.features (was [{patches: {size: 3, count: 6, " in result.stderr
    assert "threshold: 0.5}}, {color_histogram: {bins: 4, grid: 1}}]); start a new run" in result.stderr


def test_the_model_tells_its_features(folder: Path) -> None:
    """Metadata and arrays as docs/model-file.md says; the run's config runs again."""
    nncli("train", "photos.yaml", "--epochs", 1, "-o", "run", cwd=folder)
    arrays = read_npz(folder / "run/model.npz")
    about = json.loads(arrays["metadata"].tobytes())
    assert ["patches", "color_histogram"] == [block["kind"] for block in about["features"]]
    assert about["features"] == about["training"]["config"]["data.features"]
    assert (10, 6) == arrays["features1.matrix"].shape
    assert np.float32 == arrays["features1.matrix"].dtype
    assert ((N_FEATURES, 1), "none") == (arrays["scale"].shape, about["test_time_augmentation"])
    nncli("train", "run/config.yaml", "-o", "again", cwd=folder)
    assert (folder / "run/model.npz").read_bytes() == (folder / "again/model.npz").read_bytes()


def test_progress_and_cache(folder: Path) -> None:
    """The features are an entry beside the pixels, which `nncli cache` lists."""
    nncli("train", "photos.yaml", cwd=folder)
    listed = nncli("cache", cwd=folder).stdout
    assert re.search(r" features +patches, color_histogram ", listed)
