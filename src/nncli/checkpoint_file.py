"""last.npz: everything that resuming a training needs, so that it continues to the bit.

    metadata        UTF-8 JSON as an array of bytes: counters, history, the random generator's state, fingerprints
    parameters      (size,)     all weights and biases
    best            (size,)     those of the best epoch so far
    optimizer_...   (size,)     one for each vector the optimizer carries

The fingerprints tell whether the data are still the same; the settings are compared through config.yaml.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np

from nncli.errors import ModelFileError
from nncli.npz_file import read_npz, write_npz
from nncli.text import printable
from nncli.training.state import EpochResult

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from nncli.training.loop import Trainer

FORMAT = "nncli-checkpoint"
FORMAT_VERSION = 1
COUNTERS = ("epoch", "batch", "loss_sum", "n_correct", "n_seen", "seconds", "best_epoch")


def write_checkpoint(path: Path, trainer: Trainer, data_fingerprint: str) -> None:
    """Write where `trainer` stands to `path`, atomically.

    Raises:
        NncliError: The file cannot be written; what was there before is untouched.
    """
    state, optimizer = trainer.state, trainer.optimizer
    metadata = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "data_fingerprint": data_fingerprint,
        "step_count": optimizer.step_count,
        "best_score": list(state.best_score),
        "history": [dataclasses.asdict(result) for result in state.history],
        "rng": state.rng.bit_generator.state,
        **{name: getattr(state, name) for name in COUNTERS},
    }
    arrays: dict[str, NDArray[Any]] = {
        "metadata": np.frombuffer(json.dumps(metadata, allow_nan=False).encode(), np.uint8),
        "parameters": trainer.parameters.flat,
        "best": state.best,
        **{f"optimizer_{name}": vector for name, vector in optimizer.state.items()},
    }
    write_npz(path, arrays)


def restore_checkpoint(path: Path, trainer: Trainer, data_fingerprint: str) -> None:
    """Put `trainer`, freshly made from the same config and data, where the checkpoint at `path` stands.

    Raises:
        ModelFileError: Missing, damaged, or of another network, optimizer or data set.
    """
    arrays = read_npz(path)
    shown = printable(str(path))
    try:
        metadata = json.loads(arrays.pop("metadata").tobytes().decode())
        if metadata["format"] != FORMAT or metadata["format_version"] != FORMAT_VERSION:
            raise ValueError("its format is another one")
        same_data = metadata["data_fingerprint"] == data_fingerprint
        if same_data:
            _restore(metadata, arrays, trainer)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelFileError(f"{shown}: is not a checkpoint of this training: {printable(reason)[:200]}") from error
    if not same_data:
        raise ModelFileError(
            f"{shown}: cannot be resumed: images or classes were added, removed or changed since; "
            "start a new run, or bring the data set back to what it was"
        )


def _restore(metadata: dict[str, Any], arrays: dict[str, NDArray[Any]], trainer: Trainer) -> None:
    state, optimizer = trainer.state, trainer.optimizer
    targets = {
        "parameters": trainer.parameters.flat,
        "best": state.best,
        **{f"optimizer_{name}": vector for name, vector in optimizer.state.items()},
    }
    if set(arrays) != set(targets):
        raise ValueError(f"its arrays are {', '.join(sorted(arrays))}")
    for name, target in targets.items():
        if arrays[name].shape != target.shape or arrays[name].dtype != target.dtype:
            raise ValueError(f"{name} is {arrays[name].dtype} {arrays[name].shape}")
        if not np.isfinite(arrays[name]).all():
            raise ValueError(f"{name} holds a value that is not finite")
    history = [EpochResult(**row) for row in metadata["history"]]
    state.rng.bit_generator.state = metadata["rng"]
    for name, target in targets.items():
        target[:] = arrays[name]
    optimizer.step_count = int(metadata["step_count"])
    state.best_score = tuple(metadata["best_score"])
    state.history = history
    for name in COUNTERS:
        setattr(state, name, type(getattr(state, name))(metadata[name]))
