"""`--backend cupy`: the same training and the same answers as NumPy's, on an array module that is strict about copies.

The look-alike (tests/lookalike.py) stands in CuPy's place, so all of it runs without a GPU.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.errors import UsageError
from nncli.machine.backend import refuse_ranks
from nncli.run import trainer
from tests import lookalike
from tests.cli.tiny import write_three
from tests.folders import history_but_seconds, write_class_folders, write_config

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

PLAIN: dict[str, dict[str, object]] = {}
MUCH: dict[str, dict[str, object]] = {
    "data": {"augmentation": "mirror"},
    "network": {"normalization": "batch", "dropout": 0.2},
    "training": {
        "mixing": "cutmix",
        "label_smoothing": 0.1,
        "ensemble": 2,
        "gradient_clip_norm": 1,
        "l2": 0.01,
        "watch": "on",
    },
}
STREAMED: dict[str, dict[str, object]] = {
    "data": {"augmentation": "photos"},
    "network": {"normalization": "layer"},
    "training": {"mixing": "cutout", "class_weights": "balanced", "optimizer": "rmsprop", "precision": "float64"},
}


FEATURES: dict[str, dict[str, object]] = {
    "data": {
        "image_size": "[12, 12]",
        "features": "[patches: {size: 3, count: 6, grid: 2}, hog: {cell: 4}, color_histogram]",
        "augmentation": "mirror",
        "test_time_augmentation": "mirror",
    },
    "network": {"project": 8},
    "training": {"ensemble": 2},
}
CHANGED: dict[str, dict[str, object]] = {
    "data": {"image_size": "[12, 12]", "features": "[pca: {components: 5}]", "augmentation": "photos"}
}
"""Features that are computed again in every epoch, of changed images."""


def trained(nncli: Runner, run: str, *options: str) -> tuple[object, ...]:
    """What a training told and wrote, but for its seconds."""
    result = nncli("train", "c.yaml", "-o", run, "--progress", "none", *options)
    assert (0, f"{run}/model.npz\n") == (result.code, result.out), result.err
    files = tuple((Path(run) / name).read_bytes() for name in ("model.npz", "predictions.csv"))
    watched = Path(run) / "watch.npz"
    looks = {name: array.tobytes() for name, array in np.load(watched).items()} if watched.exists() else {}
    return history_but_seconds(Path(run)), files, looks


def examples_of(brought: list[tuple[int, ...]]) -> int:
    """How many examples, rows of 16 numbers, were copied to the device beside the first weights, (5, 16)."""
    return sum(shape[0] for shape in brought if shape[1:] == (16,)) - 5


@pytest.mark.parametrize("sections", [PLAIN, MUCH, STREAMED, FEATURES, CHANGED])
def test_it_is_the_same_training(
    nncli: Runner, place: Path, sections: dict[str, dict[str, object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Losses, model and looks have the same bits, and the model does not say where it was trained."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"), **sections)
    expected = trained(nncli, "host")
    lookalike.install(monkeypatch)
    assert expected == trained(nncli, "device", "--backend", "cupy")


def test_examples_that_do_not_fit_are_streamed(nncli: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batch by batch, with the same losses; others are brought to the device once. A run goes on with any backend."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"))
    expected = trained(nncli, "host")
    lookalike.install(monkeypatch)
    brought = lookalike.brought
    brought.clear()
    trained(nncli, "resident", "--backend", "cupy")
    assert 40 == examples_of(brought)
    brought.clear()
    monkeypatch.setattr(trainer, "room_beside", lambda _n_bytes: 0)
    trained(nncli, "device", "--backend", "cupy", "--epochs", "2")
    assert 2 * 40 + 6 == examples_of(brought)  # at the end the 6 of the validation are looked at once more
    assert 0 == nncli("train", "--resume", "device", "--backend", "numpy", "--epochs", "3").code
    assert expected[0] == history_but_seconds(Path("device"))


def test_predictions_and_figures_are_the_same(nncli: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`predict` and `evaluate` print the same bytes, and only pixels and the model were brought to the device."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"), **FEATURES)
    assert 0 == nncli("train", "c.yaml", "-o", "run").code
    commands = [("predict", "--all-probs", "photos"), ("evaluate", "-f", "json", "photos")]
    expected = [nncli(*command, "-m", "run") for command in commands]
    lookalike.install(monkeypatch)
    lookalike.brought.clear()
    found = [nncli(*command, "-m", "run", "--backend", "cupy") for command in commands]
    assert expected == found
    assert {0} == {result.code for result in found}
    n_images = sum(shape[0] for shape in lookalike.brought if shape[1:] == (144,))
    assert 40 + 6 == n_images  # those that trained the model do not count, and need no features


def test_what_is_missing_is_one_line(nncli: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No CuPy, no GPU, too little memory, several processes: exit code 2 before an image is decoded."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"))
    write_three(place / "model.npz")
    monkeypatch.setitem(sys.modules, "cupy", None)
    expected = "nncli: the backend cupy needs cupy; install it with: pip install "
    for command in (("train", "c.yaml"), ("check", "c.yaml", "--set", "training.backend=cupy"), ("predict", "photos")):
        options = () if command[0] == "check" else ("--backend", "cupy")
        result = nncli(*command, *options)
        assert (2, 1, "") == (result.code, result.err.count("\n"), result.out)
        assert result.err.startswith(expected)
        assert "[gpu]'" in result.err
    lookalike.install(monkeypatch, n_devices=0)
    result = nncli("evaluate", "photos", "--backend", "cupy")
    assert 2 == result.code
    assert "the backend cupy finds no GPU (cudaErrorNoDevice: no CUDA-capable device is detected); " in result.err
    lookalike.install(monkeypatch, free=100_000)
    result = nncli("train", "c.yaml", "--backend", "cupy", "--progress", "none")
    assert 2 == result.code
    assert "the network needs about 0.00016 GB of the GPU's memory, and 0.0001 GB are free; choose a" in result.err


def test_memory_that_is_gone_later_is_one_line(nncli: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was to be allocated, in training or in prediction: there is a way out, and it is no internal error."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"))
    write_three(place / "model.npz")
    lookalike.install(monkeypatch)
    monkeypatch.setattr(lookalike, "most_bytes", 100)
    expected = (
        "nncli: out of the GPU's memory; smaller images, batches or layers need less, and --backend numpy needs none"
    )
    for command in (("train", "c.yaml", "--progress", "none"), ("predict", "-m", "model.npz", "photos")):
        result = nncli(*command, "--backend", "cupy")
        assert (1, expected) == (result.code, result.err.splitlines()[-1])


def test_a_gpu_without_its_libraries_is_one_line(nncli: Runner, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the first product or function cannot load is named, before an image is decoded."""
    write_config(place / "c.yaml", write_class_folders(place / "photos"))
    lookalike.install(monkeypatch)

    def missing(*_arguments: object, **_options: object) -> None:
        raise ImportError('Failure finding "libcublas.so.12": No such file\nhere nor there')

    monkeypatch.setattr(lookalike.DeviceArray, "__matmul__", missing)
    result = nncli("check", "c.yaml", "--set", "training.backend=cupy")
    assert (2, "") == (result.code, result.out)
    assert 'the backend cupy cannot use the GPU (Failure finding "libcublas.so.12": No such file); ' in result.err
    assert "pip install 'cupy-cuda12x[ctk]' brings libraries that are missing, or choose --backend numpy" in result.err
    assert 1 == result.err.count("\n")


def test_ranks_do_not_share_a_gpu() -> None:
    """Under an MPI launcher there is one way out, and NumPy needs none."""
    refuse_ranks("numpy", 2)
    refuse_ranks("cupy", 1)
    with pytest.raises(UsageError, match="leave out the MPI launcher, or choose numpy"):
        refuse_ranks("cupy", 2)
