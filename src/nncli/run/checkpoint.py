"""last.npz: everything that resuming a training needs, so that it continues to the bit.

    metadata        UTF-8 JSON as an array of bytes: counters, history, the random generator's state, fingerprints
    parameters      (size,)     all weights and biases
    best            (size,)     those of the best epoch so far
    optimizer_...   (size,)     one for each vector the optimizer carries

The fingerprints tell whether the data are still the same; the settings are compared through config.yaml.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import ModelFileError, TrainingError
from nncli.machine.backend import on_host
from nncli.machine.npz_file import parse_text_array, read_npz, text_array, write_npz
from nncli.text import printable
from nncli.training.processes import BY_MEMBER
from nncli.training.state import EpochResult

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.machine.ranks import Ranks
    from nncli.training.loop import Trainer

CHECKPOINT = "last.npz"
"""Its name in a run directory."""

FORMAT = "nncli-checkpoint"
FORMAT_VERSION = 1
MAX_PROCESSES = 64
COUNTERS = ("epoch", "batch", "loss_sum", "n_correct", "n_seen", "seconds", "best_epoch")


def write_checkpoint(
    path: Path, trainer: Trainer, data_fingerprint: str, when_written: Callable[[], None] = lambda: None
) -> None:
    """Write where `trainer` stands to `path`, atomically.

    Args:
        path: The file.
        trainer: Between two steps.
        data_fingerprint: Of the images and labels.
        when_written: Called when everything is on the disk, before the rename.

    Raises:
        TrainingError: A number is not finite; what was there before is untouched.
        NncliError: The file cannot be written; likewise.
    """
    state, optimizer = trainer.state, trainer.optimizer
    vectors = {name: on_host(vector) for name, vector in _vectors(trainer).items()}
    for name, vector in vectors.items():
        if not np.isfinite(vector).all():
            raise TrainingError(
                f"{printable(str(path))}: not written, because {name} holds a number that is not finite; "
                "the steps are too large, try a smaller training.learning_rate"
            )
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "data_fingerprint": data_fingerprint,
        "processes": trainer.communicator.forked,
        "step_count": optimizer.step_count,
        "best_score": list(state.best_score),
        "history": [dataclasses.asdict(result) for result in state.history],
        "rng": state.rng.bit_generator.state,
        **{name: getattr(state, name) for name in COUNTERS},
    }
    write_npz(path, {"metadata": text_array(metadata), **vectors}, when_written)


def _vectors(trainer: Trainer) -> dict[str, NDArray[Any]]:
    """Every vector that a checkpoint holds, (size,), by its name there; to read, or to overwrite in place."""
    return {
        "parameters": trainer.parameters.flat,
        "best": trainer.state.best,
        **{f"optimizer_{name}": vector for name, vector in trainer.optimizer.state.items()},
    }


def restore_checkpoint(path: Path, trainer: Trainer, data_fingerprint: str) -> None:
    """Put `trainer`, freshly made from the same config and data, where the checkpoint at `path` stands.

    Raises:
        ModelFileError: Missing, damaged, or of another network, optimizer or data set; `trainer` is then of no use.
    """
    arrays = read_npz(path)
    shown = printable(str(path))
    try:
        metadata = parse_text_array(arrays.pop("metadata"))
        if metadata["format"] != FORMAT:
            raise ValueError("it is no checkpoint at all")
        version = metadata["format_version"]
        if type(version) is not int or version != FORMAT_VERSION:
            raise ValueError(f"format_version is {version!r}, this nncli reads {FORMAT_VERSION}; update nncli")
        same_data = metadata["data_fingerprint"] == data_fingerprint
        if same_data:
            _restore_vectors(arrays, _vectors(trainer))
            _restore_state(metadata, trainer)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        reason = printable(f"no {error}" if isinstance(error, KeyError) else str(error))[:200]
        raise ModelFileError(f"{shown}: is not a checkpoint of this training: {reason}") from error
    if not same_data:
        raise ModelFileError(
            f"{shown}: cannot be resumed: images or classes were added, removed or changed since; "
            "start a new run, or bring the data set back to what it was"
        )


def take_over(trainer: Trainer, ranks: Ranks) -> None:
    """Put the trainers of all processes where that of the first one stands, restored or fresh."""
    state = trainer.state
    names = (*COUNTERS, "rng", "history", "best_score")
    kept = ranks.from_first(
        lambda: (_vectors(trainer), trainer.optimizer.step_count, {name: getattr(state, name) for name in names})
    )
    for name, vector in _vectors(trainer).items():
        vector[:] = kept[0][name]
    trainer.optimizer.step_count = kept[1]
    for name, value in kept[2].items():
        setattr(state, name, value)


def saved_processes(path: Path) -> int:
    """How many processes the run at `path` was trained by, or `BY_MEMBER`; the same continue it to the bit.

    Raises:
        ModelFileError: As `restore_checkpoint`.
    """
    try:
        n_processes = parse_text_array(read_npz(path)["metadata"])["processes"]
        if type(n_processes) is not int or not BY_MEMBER <= n_processes <= MAX_PROCESSES:
            raise ValueError(n_processes)
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(
            f"{printable(str(path))}: is not a checkpoint: it does not say how many processes wrote it"
        ) from error
    return n_processes


def _restore_vectors(arrays: dict[str, NDArray[Any]], vectors: dict[str, NDArray[Any]]) -> None:
    if set(arrays) != set(vectors):
        raise ValueError(f"it holds {', '.join(sorted(arrays))}; expected {', '.join(sorted(vectors))}")
    for name, vector in vectors.items():
        array = arrays[name]
        if array.shape != vector.shape or array.dtype != vector.dtype:
            raise ValueError(f"{name} is {array.dtype} {array.shape}, expected {vector.dtype} {vector.shape}")
        if not np.isfinite(array).all():
            raise ValueError(f"{name} holds a number that is not finite")
        vector[:] = np.asarray(array, like=vector)


def _restore_state(metadata: dict[str, Any], trainer: Trainer) -> None:
    state = trainer.state
    trainer.optimizer.step_count = int(metadata["step_count"])
    state.rng.bit_generator.state = metadata["rng"]
    state.history = [EpochResult(**row) for row in metadata["history"]]
    state.best_score = tuple(metadata["best_score"])
    for name in COUNTERS:
        setattr(state, name, type(getattr(state, name))(metadata[name]))

    numbers = [number for row in metadata["history"] for number in row.values() if number is not None]
    if not all(map(math.isfinite, (*numbers, *state.best_score, state.loss_sum, state.seconds))):
        raise ValueError("a loss is not finite")
    if not 0 <= state.best_epoch <= state.epoch == len(state.history):
        raise ValueError(f"it counts {state.epoch} epochs and tells of {len(state.history)}")
    batches = trainer.training_set
    if not 0 <= state.batch <= len(batches):  # all of them: only the validation is left
        raise ValueError(f"batch {state.batch} of {len(batches)}")
    if state.n_seen != min(state.batch * batches.batch_size, batches.n_examples):
        raise ValueError(f"{state.n_seen} examples in {state.batch} batches")
