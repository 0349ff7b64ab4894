"""The same pictures as folders, tables, arrays and archives: the same pixels, the same weights."""

from __future__ import annotations

import json
import struct
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from nncli.config import load_config
from nncli.errors import UsageError
from nncli.evaluation.labeled_folder import labeled_images
from nncli.run.dataset import Experiment, load_experiment, plan_experiment
from nncli.run.trainer import make_trainer
from nncli.training.communicator import SingleProcess
from tests.folders import write_config

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PLACES = ["x.npz", "idx", "png", "png.zip", "x.csv", "x.jsonl", "shuffled.csv"]


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures of three classes, and six to test on, in every form."""
    root = tmp_path_factory.mktemp("everywhere")
    rng = np.random.default_rng(0)
    labels = {"train": rng.permutation(np.arange(60) % 3), "test": np.arange(6) % 3}
    images = {
        split: rng.integers(0, 80, (len(found), 4, 4), np.uint8) + (80 * found[:, None, None]).astype(np.uint8)
        for split, found in labels.items()
    }
    arrays = {f"{letter}_{split}": found[split] for letter, found in (("x", images), ("y", labels)) for split in found}
    np.savez_compressed(root / "x.npz", **arrays)  # type: ignore[arg-type]
    (root / "idx").mkdir()
    for split, name in (("train", "train"), ("test", "t10k")):
        (root / "idx" / f"{name}-images-idx3-ubyte").write_bytes(idx(images[split]))
        (root / "idx" / f"{name}-labels-idx1-ubyte").write_bytes(idx(labels[split].astype(np.uint8)))
    rows = []
    with zipfile.ZipFile(root / "png.zip", "w") as archive:
        for split, found in labels.items():
            for i, label in enumerate(found):
                name = f"{split}/{label}/{i:02d}.png"
                (root / "png" / name).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(images[split][i]).save(root / "png" / name)
                archive.write(root / "png" / name, name)
                rows.append((f"png/{name}", str(label), split))
    lines = [",".join(row) for row in rows]
    (root / "x.csv").write_text("\n".join(["path,label,split", *lines]))
    (root / "shuffled.csv").write_text("\n".join(["path,label,split", *rng.permutation(lines)]))
    names = ("path", "label", "split")
    (root / "x.jsonl").write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows))
    return root


def idx(array: NDArray[np.uint8]) -> bytes:
    """An array in the idx format."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def experiment_of(place: Path, folder: Path) -> Experiment:
    """A config for the pictures at a place, with its images loaded."""
    config = write_config(folder / "config.yaml", place, data={"cache": '"off"'})
    return load_experiment(plan_experiment(load_config(config)))


def trained(experiment: Experiment) -> bytes:
    """The weights at the end of training."""
    trainer = make_trainer(experiment, SingleProcess())
    assert 3 == len(list(trainer.run()))
    return trainer.parameters.flat.tobytes()


@pytest.mark.parametrize("place", PLACES)
def test_every_form_gives_the_same_weights(place: str, everywhere: Path, tmp_path: Path) -> None:
    """To the byte; the test split is not trained on."""
    expected, found = (experiment_of(everywhere / name, tmp_path) for name in ("png", place))
    assert expected.fingerprint == found.fingerprint
    assert 60 == len(found.training.paths) + len(found.validation.paths)
    assert trained(expected) == trained(found)


@pytest.mark.parametrize("place", PLACES)
def test_every_form_can_be_evaluated(place: str, everywhere: Path) -> None:
    """The test split, with its classes and something to decode."""
    images = labeled_images(str(everywhere / place), known=("0", "1", "2"))
    assert "test" == images.split
    assert ["0", "0", "1", "1", "2", "2"] == sorted(images.names)
    opened = [name for name, _ in images.opened()]
    assert 6 == len(opened)
    if place in ("x.npz", "idx"):
        assert [f"[{i}]" for i in range(6)] == sorted(name[-3:] for name in opened)
    else:
        assert images.names == [path.split("/")[-2] for path in images.paths]
        assert images.paths == opened


@pytest.mark.parametrize("place", ["x.npz", "x.csv"])
def test_classes_that_the_model_does_not_have_are_refused(place: str, everywhere: Path) -> None:
    """As those of folders."""
    with pytest.raises(UsageError, match="the model has no class 2; its classes are 0, 1"):
        labeled_images(str(everywhere / place), known=("0", "1"))


def test_images_of_an_archive_are_kept_in_the_cache(
    everywhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the archive is another one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    archive = tmp_path / "photos.zip"
    archive.write_bytes((everywhere / "png.zip").read_bytes())
    config = write_config(tmp_path / "config.yaml", archive)
    plan = plan_experiment(load_config(config))
    first = load_experiment(plan).fingerprint

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(type(plan.source), "_load", refuse)
    assert first == load_experiment(plan).fingerprint
    archive.write_bytes((everywhere / "png.zip").read_bytes() + b" ")
    with pytest.raises(AssertionError, match="decoded again"):
        load_experiment(plan)


def test_a_damaged_member_is_a_bad_image(everywhere: Path, tmp_path: Path) -> None:
    """Named, and skipped where the config says so."""
    archive = tmp_path / "photos.zip"
    data = (everywhere / "png.zip").read_bytes()
    at = data.index(b"IDAT")
    archive.write_bytes(data[: at + 6] + bytes([data[at + 6] ^ 1]) + data[at + 7 :])
    config = write_config(tmp_path / "config.yaml", archive, data={"cache": '"off"', "on_bad_image": "skip"})
    experiment = load_experiment(plan_experiment(load_config(config)))
    (bad,) = experiment.skipped
    assert bad.path.startswith(f"{archive}/train/")
    assert "damaged in the archive (Bad CRC-32" in bad.reason
