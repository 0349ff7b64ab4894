"""watch.npz: what a network was like while it learned, written by run/watching.py, read as a stranger's file.

step, epoch            (k,)            when it was looked at: after how many steps, and epochs with their fractions
activation_mean ...    (k, L)          what the layers were like then, see training/probe.py
dead                   (k, L-1)
frame                  (f,)            epochs after which the pictures were taken
weights                (f, u, h, w, c) first-layer weights of u units as images; u = 0 where they are none
plane                  (f, C, s, s)    probabilities of C classes all over the plane, a byte each; C = 0 elsewhere
points, point_labels   (p, 2), (p,)    training points in that plane, a byte for each coordinate, and their classes

It is written anew with every save, and what a resumed training adds comes behind what was seen before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nncli.errors import ModelFileError
from nncli.machine.npz_file import read_npz, write_npz
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

WATCH = "watch.npz"
"""Its name in a run directory."""

LAYERS = (
    *("activation_mean", "activation_deviation", "gradient_mean", "gradient_deviation"),
    *("dead", "step_length"),
)
"""Fields of a look (training/probe.py), named here because reading them needs no training."""

FRAMES = ("frame", "weights", "plane")
POINTS = ("points", "point_labels")
NAMES = ("step", "epoch", *LAYERS, *FRAMES, *POINTS)


@dataclass(frozen=True)
class Watched:
    """The arrays of the file, by its names.

    Attributes:
        arrays: All of `NAMES`.
    """

    arrays: dict[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.arrays[name]

    @property
    def n_layers(self) -> int:
        """L."""
        return int(self["activation_mean"].shape[1])

    def until(self, step: int, epoch: int) -> Watched:
        """All that was seen up to a step, and the pictures up to the end of an epoch."""
        seen, taken = self["step"] <= step, self["frame"] <= epoch
        arrays = {name: array[seen] for name, array in self.arrays.items() if name not in (*FRAMES, *POINTS)}
        arrays |= {name: self[name][taken] for name in FRAMES} | {name: self[name] for name in POINTS}
        return Watched(arrays)

    def write(self, path: Path) -> None:
        """Write them to `path`, whole or not at all.

        Raises:
            NncliError: The file cannot be written.
        """
        write_npz(path, self.arrays)


def read_watched(path: Path) -> Watched | None:
    """The file at `path`; None if there is none.

    Raises:
        ModelFileError: It is damaged.
    """
    if not path.exists():
        return None
    arrays = read_npz(path)
    try:
        _check(arrays)
    except (ValueError, KeyError, TypeError) as error:
        reason = printable(f"no {error}" if isinstance(error, KeyError) else str(error))[:100]
        raise ModelFileError(f"{printable(str(path))}: is damaged: {reason}; remove it") from error
    return Watched(arrays)


def _check(arrays: dict[str, NDArray[Any]]) -> None:
    """Shapes that belong together, and numbers.

    Raises:
        ValueError, KeyError: They do not.
    """
    if set(arrays) != set(NAMES) or any(array.dtype.kind not in "fiu" for array in arrays.values()):
        raise ValueError(f"it holds {', '.join(sorted(arrays))[:60]}")
    k, n_layers = arrays["activation_mean"].shape
    f, p = len(arrays["frame"]), len(arrays["points"])
    wanted = {"step": (k,), "epoch": (k,), "dead": (k, n_layers - 1), "frame": (f,), "points": (p, 2)}
    wanted |= {"point_labels": (p,)} | {name: (k, n_layers) for name in LAYERS if name != "dead"}
    for name, shape in wanted.items():
        if arrays[name].shape != shape:
            raise ValueError(f"{name} is {arrays[name].shape}, not {shape}")
    if arrays["weights"].ndim != 5 or arrays["plane"].ndim != 4 or {len(arrays[name]) for name in FRAMES} != {f}:
        raise ValueError("its pictures do not belong together")
