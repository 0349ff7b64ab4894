"""Resuming a run: what may change, what may not, and that images are looked for once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.config import Override
from nncli.config.writing import yaml_value
from nncli.data.reading import Reading, read_source
from nncli.errors import UsageError
from nncli.model.file import read_model
from nncli.run.hooks import Hooks
from nncli.run.pipeline import run_plan
from nncli.run.resuming import EXTENDABLE, plan_resumed
from tests.fixtures import plan_of
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from nncli.data.source import ImageSource


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run."""
    write_class_folders(tmp_path / "photos", {"dark": 10, "light": 10})
    return run_plan(plan_of(tmp_path), Hooks(), out=tmp_path / "run")[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.seed", 7),
        ("training.l2", 0.5),
        ("training.batch_size", 4),
        ("network.activation", "relu"),
        ("data.validation_split", 0.3),
    ],
)
def test_what_is_learned_may_not_change(run: Path, key: str, value: object) -> None:
    """The seed neither: from the next epoch on it would be a training that nobody can repeat."""
    with pytest.raises(UsageError, match=rf"cannot be resumed with another {key} \(was .*, now {value}\)"):
        plan_resumed(run, None, [Override(key, yaml_value(value), "here")])


@pytest.mark.parametrize(("key", "value"), [("training.epochs", 9), ("training.patience", 2), ("data.cache", "off")])
def test_how_long_and_how_to_load_may_change(run: Path, key: str, value: object) -> None:
    """As many keys as there are."""
    assert key in EXTENDABLE
    section, _, name = key.partition(".")
    plan = plan_resumed(run, None, [Override(key, yaml_value(value), "here")])
    assert value == getattr(getattr(plan.config, section), name)


def test_images_are_looked_for_once(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the config leaves something to them, which has to be found out before it can be compared."""
    config = write_config(tmp_path / "auto.yaml", "photos", network={"layer_dims": "auto"})
    scanned = []

    def scan(path: Path, reading: Reading | None = None) -> ImageSource:
        scanned.append(path)
        return read_source(path, reading)

    monkeypatch.setattr("nncli.run.plan.read_source", scan)
    with pytest.raises(UsageError, match=r"another network\.layer_dims \(was \[16, 5, auto\], now \[16, 32, auto\]"):
        plan_resumed(run, config)
    assert [Path(tmp_path / "photos").resolve()] == scanned


def test_a_run_goes_on_with_what_its_features_have_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another build of nncli the same photos may teach other patches; and to the bit if they do not."""
    write_class_folders(tmp_path / "photos", {"dark": 30, "light": 30}, size=(9, 9))
    data: dict[str, object] = {
        "image_size": "[9, 9]",
        "features": "[patches: {size: 3, count: 5, grid: 1}]",
        "augmentation": "mirror",
    }

    def trained(name: str, epochs: int) -> Path:
        training = {"epochs": epochs, "monitor": "last"}
        plan = plan_of(tmp_path, data=data, network={"project": 4}, training=training)
        return run_plan(plan, Hooks(), out=tmp_path / name)[0]

    def extended(run: Path) -> bytes:
        run_plan(plan_resumed(run, None, [Override("training.epochs", "4", "here")]), Hooks(), resume=run)
        return (run / "model.npz").read_bytes()

    whole, same, other = trained("whole", 4), trained("same", 2), trained("other", 2)
    before = read_model(other / "model.npz")
    expected = (whole / "model.npz").read_bytes()
    assert expected == extended(same)
    monkeypatch.setattr("nncli.features.dictionary.ROUNDS", 1)
    extended(other)
    after = read_model(other / "model.npz")
    for name, array in before.column.arrays().items():
        np.testing.assert_array_equal(array, after.column.arrays()[name])
    assert before.projection
    assert after.projection
    np.testing.assert_array_equal(before.projection.matrix, after.projection.matrix)
