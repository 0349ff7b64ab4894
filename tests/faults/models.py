"""Hostile model and checkpoint files: refused in one line, or exactly the file that was written."""

from __future__ import annotations

import io
import json
import pickle
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy_format

from nncli.machine.npz_file import text_array
from tests.cli.tiny import write_image, write_three
from tests.faults.hostile_process import Tally, run_many
from tests.faults.mutations import mutated
from tests.fixtures import experiment_of
from tests.folders import write_class_folders

if TYPE_CHECKING:
    from collections.abc import Callable


EVIL = "/tmp/nncli-evil"  # noqa: S108
"""A file that must not appear."""


class _Evil:
    """Would write a file when unpickled."""

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str, str]]:
        return open, (EVIL, "w")


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    npy_format.write_array(stream, np.asarray(array), allow_pickle=True)
    return stream.getvalue()


def _header(text: str, data: bytes = b"") -> bytes:
    header = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + data


def _pack(members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w", compression) as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, compression)
    return stream.getvalue()


def crafted(model: bytes) -> dict[str, bytes]:
    """Archives that are no model, made from one that is; all must be refused."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(npy_format.read_array(io.BytesIO(members["metadata.npy"])).tobytes())

    def with_members(**changes: bytes) -> bytes:
        return _pack(list((members | {f"{name}.npy": data for name, data in changes.items()}).items()))

    W = npy_format.read_array(io.BytesIO(members["W1.npy"]))
    huge = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }"
    files = {
        "empty": b"",
        "text": b"not a model",
        "pickle": pickle.dumps(_Evil()),
        "npy": _npy(W),
        "object array": with_members(W1=_npy(np.array([_Evil()], object))),
        "compressed": _pack(list(members.items()), zipfile.ZIP_DEFLATED),
        "zip bomb": _pack([*members.items(), ("x.npy", bytes(50_000_000))], zipfile.ZIP_DEFLATED),
        "path": _pack([*members.items(), ("../../evil.npy", _npy(W))]),
        "absolute path": _pack([*members.items(), (f"{EVIL}.npy", _npy(W))]),
        "duplicate": _pack([*members.items(), ("b1.npy", members["b1.npy"])]),
        "more": _pack([*members.items(), ("W2.npy", members["W1.npy"])]),
        "folder": _pack([*members.items(), ("x/", b"")]),
        "many members": _pack([(f"{i}.npy", b"") for i in range(30_000)]),
        "huge": with_members(W1=_header(huge % (2**40, 2**40))),
        "negative": with_members(W1=_header(huge % (-1, -48))),
        "large": with_members(W1=_header(huge % (1 << 15, 1 << 15), W.tobytes())),
        "evil header": with_members(W1=_header("__import__('os').system('touch /tmp/nncli-evil')")),
        "deep header": with_members(W1=_header("(" * 110)),
        "deep metadata": with_members(metadata=_npy(np.frombuffer(b"[" * 200_000, np.uint8))),
        "long number": with_members(metadata=_npy(np.frombuffer(b'{"format": ' + b"9" * 100_000 + b"}", np.uint8))),
        "latin-1": with_members(metadata=_npy(np.frombuffer(b'{"format": "\xff"}', np.uint8))),
    }
    for dtype in ("f2", "f8", ">f4", "c8", "i4", "S4", "M8[s]", "?", "V8"):
        files[f"dtype {dtype}"] = with_members(W1=_npy(np.zeros(W.shape, dtype)))
    for name, shape in {"transposed": W.shape[::-1], "flat": (W.size,), "3-d": (1, *W.shape), "none": ()}.items():
        files[name] = with_members(W1=_npy(np.zeros(shape, np.float32)))
    for value in (np.nan, np.inf, -np.inf):
        for name in ("W1", "b1", "scale", "offset"):
            bad = npy_format.read_array(io.BytesIO(members[f"{name}.npy"])).copy()
            bad[0, 0] = value
            files[f"{name} {value}"] = with_members(**{name: _npy(bad)})
    for name in members:
        files[f"without {name}"] = _pack([item for item in members.items() if item[0] != name])
    return files | {
        name: with_members(metadata=_npy(text_array(each))) for name, each in _odd_metadata(metadata).items()
    }


def _odd_metadata(metadata: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Without a key, or with another value for it."""
    values: list[Any] = [None, -1, 0, 2**63, 10**400, 1.5, "x", [], {}, [[]], True, "\x1b[2J", ["a", "a"], ["a"]]
    found = {}
    for key in metadata:
        found[f"no {key}"] = {other: value for other, value in metadata.items() if other != key}
        found |= {f"{key} {i}": metadata | {key: value} for i, value in enumerate(values)}
    del found["training 8"]  # {} is as good as any
    return found


def sweep(n: int, seed: int = 0) -> Tally:
    """Predict with `n` hostile models: exit code 1 and no record, or the record of the sound model."""
    rng = np.random.default_rng(seed)
    tally = Tally("models")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        sound = write_three(folder / "m.npz").read_bytes()
        image = write_image(folder / "x.png", 77)
        never_sound = list(crafted(sound).items())
        rng.shuffle(never_sound)
        todo = [*never_sound[: n // 2], ("sound", sound)]
        while len(todo) < n:
            todo.append(mutated(sound, rng))
        commands = []
        for i, (_, data) in enumerate(todo):
            (folder / f"{i}.npz").write_bytes(data)
            commands.append({"argv": ["predict", "-m", str(folder / f"{i}.npz"), image]})
        outcomes = run_many(commands, folder, tally)
        (expected,) = [each.out for (what, _), each in zip(todo, outcomes, strict=False) if what == "sound"]
        is_crafted = {what for what, _ in never_sound}
        for (what, _), outcome in zip(todo, outcomes, strict=False):
            tally.add(outcome, what=what)
            if outcome.out != (expected if outcome.code == 0 else "") or (what in is_crafted and outcome.code != 1):
                tally.violations.append(f"{what}: {outcome.code} {outcome.out!r}")
            if outcome.code and outcome.err.count("\n") != 1:
                tally.violations.append(f"{what}: {outcome.err!r}")
    if Path(EVIL).exists():
        tally.violations.append("a model has written a file")
    return tally


def sweep_checkpoints(n: int, seed: int = 0) -> Tally:
    """Restore `n` hostile checkpoints: an error, or the state that was saved."""
    rng = np.random.default_rng(seed)
    tally = Tally("checkpoints")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_class_folders(folder / "photos", {"a": 4, "b": 4})
        prepare(str(folder))
        sound = (folder / "last.npz").read_bytes()
        commands = []
        for i in range(n):
            (folder / f"{i}.npz").write_bytes(mutated(sound, rng)[1])
            arguments = [str(folder), str(folder / f"{i}.npz")]
            commands.append({"call": "tests.faults.models:restore", "args": arguments})
        for outcome in run_many(commands, folder, tally):
            tally.add(outcome, what="checkpoint")
    return tally


def prepare(folder: str) -> None:
    """Write a checkpoint of a training that has just begun."""
    from nncli.run.checkpoint import write_checkpoint

    write_checkpoint(Path(folder) / "last.npz", _trainer(folder), "x")


def restore(folder: str, path: str) -> None:
    """Restore the checkpoint at `path`; what is restored must be what was saved."""
    from nncli.run.checkpoint import restore_checkpoint, saved_processes

    trainer, expected = _trainer(folder), _trainer(folder)
    saved_processes(Path(path))
    restore_checkpoint(Path(path), trainer, "x")
    assert expected.parameters.flat.tobytes() == trainer.parameters.flat.tobytes()
    assert expected.state.rng.bit_generator.state == trainer.state.rng.bit_generator.state


_experiments: dict[str, Any] = {}


def _trainer(folder: str) -> Any:
    from nncli.run.trainer import make_trainer

    if folder not in _experiments:
        _experiments[folder] = experiment_of(Path(folder), data={"cache": '"off"'})
    return make_trainer(_experiments[folder])
