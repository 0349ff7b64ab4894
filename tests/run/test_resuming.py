"""Resuming a run: what may change, what may not, and that images are looked for once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.config import Override
from nncli.config.writing import yaml_value
from nncli.data.reading import Reading, read_source
from nncli.errors import UsageError
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
