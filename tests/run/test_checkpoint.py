"""The checkpoint: a training that goes on from it ends like one that never stopped, and no other training takes it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.errors import ModelFileError, NncliError
from nncli.machine.npz_file import read_npz, text_array, write_npz
from nncli.run.checkpoint import restore_checkpoint, saved_processes, write_checkpoint
from nncli.run.trainer import make_trainer
from tests.fixtures import experiment_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nncli.training.loop import Trainer
    from nncli.training.state import EpochResult

BATCHES = 4  # of 8 in an epoch of 27 training images, the last of them shorter
EPOCHS = 4


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three classes in `photos`."""
    folder = tmp_path_factory.mktemp("checkpoints")
    write_class_folders(folder / "photos", {"a": 12, "b": 12, "c": 12})
    return folder


def new_trainer(folder: Path, dropout: float = 0.0, layer_dims: str = "[auto, 5, auto]", **training: object) -> Trainer:
    """A training that has not begun; always the same for the same settings."""
    options = {"epochs": EPOCHS, "batch_size": 8, **training}
    network = {"dropout": dropout, "layer_dims": layer_dims}
    experiment = experiment_of(folder, data={"validation_split": 0.25}, network=network, training=options)
    return make_trainer(experiment)


def run(trainer: Trainer, n_batches: int | None = None) -> Trainer:
    """Train for `n_batches`, or to the end."""
    done: list[int] = []
    for _ in trainer.run(lambda: n_batches is not None and len(done) >= n_batches, done.append):
        pass
    return trainer


def where_it_stands(trainer: Trainer) -> dict[str, Any]:
    """Everything about a training that must be the same after resuming; the clock is not."""
    state = trainer.state
    return {
        "parameters": trainer.parameters.flat.tobytes(),
        "best": state.best.tobytes(),
        "optimizer": {name: vector.tobytes() for name, vector in trainer.optimizer.state.items()},
        "step_count": trainer.optimizer.step_count,
        "rng": state.rng.bit_generator.state,
        "history": [without_seconds(result) for result in state.history],
        "counters": (state.epoch, state.batch, state.loss_sum, state.n_correct, state.n_seen),
        "score": (state.best_epoch, state.best_score),
    }


def without_seconds(result: EpochResult) -> tuple[Any, ...]:
    """What is the same in two equal epochs."""
    return (result.epoch, result.loss, result.accuracy, result.val_loss, result.val_accuracy, result.learning_rate)


OPTIMIZERS = ["gradient_descent", "momentum", "nesterov", "rmsprop", "adam", "adamw"]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_resuming_changes_nothing(photos: Path, tmp_path: Path, optimizer: str, dropout: float) -> None:
    """Stopped in the middle of an epoch, or at its end, and resumed in a new process: the same to the bit."""
    expected = where_it_stands(run(new_trainer(photos, dropout, optimizer=optimizer)))
    assert EPOCHS == len(expected["history"])
    for n_batches in (1, BATCHES, 2 * BATCHES + 3):
        stopped = run(new_trainer(photos, dropout, optimizer=optimizer), n_batches)
        write_checkpoint(tmp_path / "last.npz", stopped, "data")
        resumed = new_trainer(photos, dropout, optimizer=optimizer)
        restore_checkpoint(tmp_path / "last.npz", resumed, "data")
        assert where_it_stands(stopped) == where_it_stands(resumed)
        assert expected == where_it_stands(run(resumed))


def test_resuming_after_every_batch_changes_nothing(photos: Path, tmp_path: Path) -> None:
    """However often it is stopped; with everything that a training can carry along."""
    options: dict[str, Any] = {
        "schedule": "one_cycle",
        "gradient_clip_norm": 0.5,
        "l2": 0.01,
        "class_weights": "balanced",
        "precision": "float64",
    }
    expected = where_it_stands(run(new_trainer(photos, 0.2, **options)))
    trainer = new_trainer(photos, 0.2, **options)
    while not trainer.is_finished:
        run(trainer, 1)
        write_checkpoint(tmp_path / "last.npz", trainer, "data")
        trainer = new_trainer(photos, 0.2, **options)
        restore_checkpoint(tmp_path / "last.npz", trainer, "data")
    assert expected == where_it_stands(trainer)


def test_a_training_without_validation_is_resumed(photos: Path, tmp_path: Path) -> None:
    """There are no validation results in its history."""

    def fresh() -> Trainer:
        return make_trainer(experiment_of(photos, data={"validation_split": 0}, training={"epochs": 2}))

    expected = where_it_stands(run(fresh()))
    write_checkpoint(tmp_path / "last.npz", run(fresh(), 6), "data")
    resumed = fresh()
    restore_checkpoint(tmp_path / "last.npz", resumed, "data")
    assert expected == where_it_stands(run(resumed))


def test_a_finished_training_is_extended(photos: Path, tmp_path: Path) -> None:
    """With more epochs it goes on as if they had been asked for at once."""
    expected = where_it_stands(run(new_trainer(photos, epochs=5)))
    write_checkpoint(tmp_path / "last.npz", run(new_trainer(photos, epochs=3)), "data")
    resumed = new_trainer(photos, epochs=5)
    restore_checkpoint(tmp_path / "last.npz", resumed, "data")
    assert expected == where_it_stands(run(resumed))


def test_a_checkpoint_of_the_start_is_the_start(photos: Path, tmp_path: Path) -> None:
    """The first checkpoint is written before the first batch."""
    write_checkpoint(tmp_path / "last.npz", new_trainer(photos), "data")
    resumed = new_trainer(photos)
    restore_checkpoint(tmp_path / "last.npz", resumed, "data")
    assert where_it_stands(new_trainer(photos)) == where_it_stands(resumed)


def test_the_same_place_gives_the_same_bytes(photos: Path, tmp_path: Path) -> None:
    """Writing changes nothing, and a restored training writes what it was restored from."""
    trainer = run(new_trainer(photos, 0.2), 6)
    write_checkpoint(tmp_path / "a.npz", trainer, "data")
    write_checkpoint(tmp_path / "b.npz", trainer, "data")
    resumed = new_trainer(photos, 0.2)
    restore_checkpoint(tmp_path / "a.npz", resumed, "data")
    write_checkpoint(tmp_path / "c.npz", resumed, "data")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes() == (tmp_path / "c.npz").read_bytes()


# ------------------------------------------------------------------------------------------------------ what is refused


def refusal(path: Path, trainer: Trainer, data: str = "data") -> str:
    """Why `trainer` cannot go on from `path`; one line that begins with the path."""
    with pytest.raises(ModelFileError) as caught:
        restore_checkpoint(path, trainer, data)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@pytest.fixture
def checkpoint(photos: Path, tmp_path: Path) -> Path:
    """A checkpoint of a training with adam in its second epoch."""
    write_checkpoint(tmp_path / "last.npz", run(new_trainer(photos), BATCHES + 1), "data")
    return tmp_path / "last.npz"


def test_other_data(photos: Path, checkpoint: Path) -> None:
    """The order of batches and the best score would mean nothing."""
    assert refusal(checkpoint, new_trainer(photos), "other data").startswith(
        "cannot be resumed: images or classes were added, removed or changed since; start a new run"
    )


def test_another_optimizer(photos: Path, checkpoint: Path) -> None:
    """The message tells what there is and what is needed."""
    expected = (
        "is not a checkpoint of this training: it holds best, optimizer_mean_square, optimizer_velocity, parameters; "
        "expected best, optimizer_velocity, parameters"
    )
    assert expected == refusal(checkpoint, new_trainer(photos, optimizer="momentum"))


def test_another_network(photos: Path, checkpoint: Path) -> None:
    """16 * 5 + 5 + 5 * 3 + 3 = 103 parameters do not fit into 16 * 6 + 6 + 6 * 3 + 3 = 123."""
    reason = "parameters is float32 (103,), expected float32 (123,)"
    assert reason in refusal(checkpoint, new_trainer(photos, layer_dims="[auto, 6, auto]"))


def test_another_precision(photos: Path, checkpoint: Path) -> None:
    """Rounded or widened it would not be the same training."""
    reason = "parameters is float32 (103,), expected float64 (103,)"
    assert reason in refusal(checkpoint, new_trainer(photos, precision="float64"))


def rewrite(path: Path, change: Callable[[dict[str, Any], dict[str, Any]], object]) -> None:
    """Write the checkpoint at `path` again after `change(arrays, metadata)`; NaN and all."""
    arrays: dict[str, Any] = {name: array.copy() for name, array in read_npz(path).items()}
    metadata = json.loads(arrays["metadata"].tobytes())
    change(arrays, metadata)
    arrays["metadata"] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    write_npz(path, arrays)


def test_a_rewritten_checkpoint_is_accepted(photos: Path, checkpoint: Path) -> None:
    """The helper of the tests below does no harm by itself."""
    rewrite(checkpoint, lambda _arrays, _metadata: None)
    restore_checkpoint(checkpoint, new_trainer(photos), "data")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("format", "nncli-model", "it is no checkpoint at all"),
        ("format_version", True, "format_version is True, this nncli reads 1; update nncli"),
        ("format_version", 2, "format_version is 2, this nncli reads 1; update nncli"),
        ("epoch", 7, "it counts 7 epochs and tells of 1"),
        ("epoch", "x", "invalid literal for int() with base 10: 'x'"),
        ("epoch", None, "int() argument must be"),
        ("best_epoch", 2, "it counts 1 epochs and tells of 1"),
        ("best_epoch", -1, "it counts 1 epochs and tells of 1"),
        ("history", [], "it counts 1 epochs and tells of 0"),
        ("history", [{}], "EpochResult.__init__() missing 7 required positional arguments"),
        ("history", 5, "'int' object is not iterable"),
        ("batch", BATCHES + 1, "batch 5 of 4"),
        ("batch", BATCHES, "8 examples in 4 batches"),
        ("n_seen", 0, "0 examples in 1 batches"),
        ("batch", -1, "batch -1 of 4"),
        ("loss_sum", float("nan"), "a loss is not finite"),
        ("best_score", [float("inf")], "a loss is not finite"),
        ("best_score", ["high"], "must be real number"),
        ("rng", {}, "state must be for a PCG64 RNG"),
        ("rng", {"bit_generator": "MT19937"}, "state must be for a PCG64 RNG"),
    ],
)
def test_metadata_that_does_not_fit(photos: Path, checkpoint: Path, key: str, value: object, reason: str) -> None:
    """Whatever stands there, it is refused in one line."""
    rewrite(checkpoint, lambda _arrays, metadata: metadata.update({key: value}))
    assert f"is not a checkpoint of this training: {reason}"[:60] in refusal(checkpoint, new_trainer(photos))
    assert reason in refusal(checkpoint, new_trainer(photos))


@pytest.mark.parametrize("key", ["format", "data_fingerprint", "step_count", "history", "rng", "n_seen", "best_score"])
def test_a_key_that_is_missing(photos: Path, checkpoint: Path, key: str) -> None:
    """The message names it."""
    rewrite(checkpoint, lambda _arrays, metadata: metadata.pop(key))
    assert f"is not a checkpoint of this training: no '{key}'" == refusal(checkpoint, new_trainer(photos))


def test_a_history_that_is_not_made_of_numbers(photos: Path, checkpoint: Path) -> None:
    """It would be found much later, when history.csv is written."""
    rewrite(checkpoint, lambda _arrays, metadata: metadata["history"][0].update(loss="low"))
    assert "must be real number, not str" in refusal(checkpoint, new_trainer(photos))


@pytest.mark.parametrize("name", ["parameters", "best", "optimizer_velocity"])
def test_a_number_that_is_not_finite_is_not_restored(photos: Path, checkpoint: Path, name: str) -> None:
    """Training would go on with nothing but NaN."""

    def change(arrays: dict[str, Any], _metadata: object) -> None:
        arrays[name][3] = np.nan

    rewrite(checkpoint, change)
    assert f"{name} holds a number that is not finite" in refusal(checkpoint, new_trainer(photos))


@pytest.mark.parametrize("text", [b"", b"[]", b"[" * 100_000, b"\xff"])
def test_metadata_that_is_no_text(photos: Path, checkpoint: Path, text: bytes) -> None:
    """Bytes that are no JSON mapping are refused."""
    write_npz(checkpoint, {**read_npz(checkpoint), "metadata": np.frombuffer(text, np.uint8)})
    assert refusal(checkpoint, new_trainer(photos)).startswith("is not a checkpoint of this training: ")


def test_another_archive(photos: Path, tmp_path: Path) -> None:
    """A model, for example."""
    write_npz(tmp_path / "a.npz", {"metadata": text_array({"format": "nncli-model"})})
    assert "is not a checkpoint of this training: it is no checkpoint at all" == refusal(
        tmp_path / "a.npz", new_trainer(photos)
    )


def test_a_damaged_file(photos: Path, checkpoint: Path) -> None:
    """A file that was cut, or changed by a byte, is refused as a whole."""
    data = checkpoint.read_bytes()
    checkpoint.write_bytes(data[: len(data) // 2])
    assert refusal(checkpoint, new_trainer(photos)).startswith("is damaged or not written by nncli")
    middle = data.index(b"PK", 200) - 20  # in the data of an array
    checkpoint.write_bytes(data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :])
    assert refusal(checkpoint, new_trainer(photos)).startswith("is damaged or not written by nncli (Bad CRC-32")


def test_a_missing_file(photos: Path, tmp_path: Path) -> None:
    """The reason is the system's."""
    reason = "cannot be read: No such file or directory"
    assert reason == refusal(tmp_path / "last.npz", new_trainer(photos))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("place", ["parameters", "best", "optimizer_mean_square"])
def test_a_number_that_is_not_finite_is_never_written(photos: Path, checkpoint: Path, place: str, value: float) -> None:
    """The last good checkpoint stays, and the message says what to try."""
    before = checkpoint.read_bytes()
    trainer = new_trainer(photos)
    vectors = {
        "parameters": trainer.parameters.flat,
        "best": trainer.state.best,
        "optimizer_mean_square": trainer.optimizer.state["mean_square"],
    }
    vectors[place][-1] = value
    with pytest.raises(NncliError, match=f"^{checkpoint}: not written, because {place} holds .*learning_rate$"):
        write_checkpoint(checkpoint, trainer, "data")
    assert before == checkpoint.read_bytes()
    assert [checkpoint] == list(checkpoint.parent.iterdir())


def test_it_remembers_how_many_processes_wrote_it(checkpoint: Path) -> None:
    """As many continue it to the bit."""
    assert 1 == saved_processes(checkpoint)


@pytest.mark.parametrize("value", [-1, 65, 2.0, "2", True, None, [2]])
def test_a_number_of_processes_that_cannot_be(checkpoint: Path, value: object) -> None:
    """A checkpoint from a stranger starts no thousand processes."""
    rewrite(checkpoint, lambda _arrays, metadata: metadata.update(processes=value))
    with pytest.raises(ModelFileError, match="how many processes"):
        saved_processes(checkpoint)
