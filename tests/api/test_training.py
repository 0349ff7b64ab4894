"""``train``: what the command line does, as a function."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from nncli import NncliError, Run, train
from tests.cli.test_train import RUN_FILES
from tests.cli.tiny import in_process as nncli
from tests.folders import history_but_seconds, write_class_folders, write_config


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two classes of photos, three epochs."""
    write_class_folders(tmp_path / "photos", {"dark": 20, "light": 20})
    monkeypatch.chdir(tmp_path)
    return write_config(tmp_path / "photos.yaml", "photos")


def test_it_writes_the_run_that_the_command_writes(config: Path) -> None:
    """The same model, to the bit, and the same files."""
    run = train(config)
    nncli("train", config, cwd=config.parent)
    assert Path("runs/photos-1") == run.path
    assert run.model.read_bytes() == Path("runs/photos-2/model.npz").read_bytes()
    assert history_but_seconds(run.path) == history_but_seconds(Path("runs/photos-2"))
    assert set(RUN_FILES) <= {path.name for path in run.path.iterdir()}


def test_the_run_knows_its_metrics_and_its_model(config: Path) -> None:
    """Ready to predict with."""
    run = train(config, {"training.epochs": 30})
    assert isinstance(run, Run)
    assert 1 == run.metrics["accuracy"]
    assert ["dark", "light"] == [each.label for each in run.load().predict(["photos/dark/0.png", "photos/light/0.png"])]


def test_settings_replace_those_of_the_file(config: Path) -> None:
    """Numbers, words and lists; epochs are told as they come."""
    told: list[int] = []
    settings = {"training.epochs": 2, "training.optimizer": "adam", "network.layer_dims": ["auto", 3, 2, "auto"]}
    run = train(str(config), settings, out="mine", on_epoch=lambda result: told.append(result.epoch))
    assert [1, 2] == told
    assert [16, 3, 2, 1] == run.metrics["layer_dims"]
    assert "adam" in (run.path / "config.yaml").read_text()


def test_paths_are_settings_as_well(config: Path, tmp_path: Path) -> None:
    """Relative to the working directory, as on the command line."""
    write_class_folders(tmp_path / "others", {"a": 20, "b": 20, "c": 20})
    assert 3 == len(train(config, {"data.path": Path("others")}).metrics["confusion"]["classes"])


def test_wrong_settings_are_named_all_at_once(config: Path) -> None:
    """And nothing is written."""
    with pytest.raises(NncliError) as caught:
        train(config, {"training.epoch": 3, "training.batch_size": 0})
    assert "settings 'training.epoch': unknown key 'training.epoch'. Did you mean 'training.epochs'?" in str(
        caught.value
    )
    assert "settings 'training.batch_size'" in str(caught.value)
    assert not Path("runs").exists()


def test_a_run_is_replaced_only_if_asked(config: Path) -> None:
    """As by --force."""
    train(config, out="mine")
    with pytest.raises(NncliError, match="is not empty"):
        train(config, out="mine")
    train(config, {"training.epochs": 1}, out="mine", force=True)


@pytest.mark.parametrize("began", ["command", "python"])
def test_a_run_begun_by_one_is_resumed_by_the_other(config: Path, began: str) -> None:
    """To the byte of one that the other has trained alone."""
    longer = {"training.epochs": 6}
    if began == "command":
        nncli("train", config, "-o", "run", cwd=config.parent)
        run = train(resume="run", settings=longer)
    else:
        run = train(config, out="run")
        nncli("train", "--resume", "run", "--epochs", 6, cwd=config.parent)
    straight = train(config, longer, out="straight")
    for name in ("model.npz", "predictions.csv", "confusion_matrix.csv", "config.yaml"):
        assert (straight.path / name).read_bytes() == (run.path / name).read_bytes()
    assert history_but_seconds(straight.path) == history_but_seconds(run.path)


def test_a_run_is_resumed_with_its_config(config: Path) -> None:
    """As it was written, which may leave something to the images."""
    config.write_text(config.read_text().replace("[auto, 5, auto]", "auto"))
    train(config, out="run")
    assert 4 == train(config, {"training.epochs": 4}, resume="run").metrics["epochs"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"resume": "run", "settings": {"training.seed": 9}}, r"cannot be resumed with another training\.seed"),
        ({"resume": "nowhere"}, "nowhere: no such folder, so there is no run to resume"),
        ({"resume": "run", "out": "other"}, "leave out out and force"),
        ({}, "train needs a config, or a run to resume"),
    ],
)
def test_what_cannot_be_trained_is_refused(config: Path, arguments: dict[str, Any], message: str) -> None:
    """With a word about why; the run stays as it is."""
    run = train(config, out="run")
    before = (run.path / "last.npz").read_bytes()
    with pytest.raises(NncliError, match=message):
        train(**arguments)
    assert before == (run.path / "last.npz").read_bytes()


def test_skipped_images_are_logged(config: Path, caplog: pytest.LogCaptureFixture) -> None:
    """To the logger nncli; nothing is printed."""
    Path("photos/dark/0.png").write_bytes(b"broken")
    with caplog.at_level(logging.INFO, "nncli"):
        run = train(config, {"data.on_bad_image": "skip", "data.max_bad_share": 0.5})
    assert 1 == run.metrics["skipped_images"]
    assert any("0.png: not a readable" in message for message in caplog.messages)


def test_nothing_is_printed(config: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A library leaves the streams to its caller."""
    train(config)
    assert ("", "") == capfd.readouterr()
