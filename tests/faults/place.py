"""Where faults happen: photos, a config, a finished run; and what it means that files are whole."""

from __future__ import annotations

import csv
import json
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nncli.config import load_config
from nncli.machine.npz_file import read_npz
from nncli.model.file import read_model
from nncli.run.training import SECONDS_BETWEEN_SAVES
from tests.faults.child import run
from tests.folders import write_class_folders, write_config

if TYPE_CHECKING:
    from collections.abc import Iterator

DRAFTS = ".nncli-*.tmp"


@contextmanager
def place(**sections: dict[str, object]) -> Iterator[Path]:
    """A folder with photos of two classes, c.yaml and an empty folder `work`; a cache of its own."""
    with TemporaryDirectory(prefix="nncli-faults-") as name:
        root = Path(name)
        write_class_folders(root / "photos", {"dark": 20, "light": 20})
        write_config(root / "c.yaml", root / "photos", **sections)
        (root / "work").mkdir()
        before = os.environ.get("XDG_CACHE_HOME")
        os.environ["XDG_CACHE_HOME"] = f"{root}/cache"
        try:
            yield root
        finally:
            del os.environ["XDG_CACHE_HOME"]
            if before is not None:
                os.environ["XDG_CACHE_HOME"] = before


def save_often() -> None:
    """For a child: save after every batch, not every ten seconds."""
    import nncli.run.training

    assert SECONDS_BETWEEN_SAVES > 0
    nncli.run.training.SECONDS_BETWEEN_SAVES = 0.0
    nncli.run.training.SHARE_OF_SAVES = float("inf")


def finished_run(root: Path, name: str, *args: object) -> Path:
    """A run of c.yaml in `root / name`."""
    ended = run(root, "train", "c.yaml", "-q", "--out", name, *args)
    assert 0 == ended.code, ended.err
    return root / name


def renew(source: Path, target: Path) -> None:
    """Make `target` a copy of the folder `source`."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


def content(path: Path) -> Any:
    """What a file says, clocks left out; raises whatever a reader of half a file gets."""
    if path.name == "last.npz":
        arrays = {name: array.tobytes() for name, array in read_npz(path).items()}
        metadata = json.loads(arrays.pop("metadata"))
        metadata["seconds"] = [row.pop("seconds") for row in metadata["history"]] and 0
        return metadata, arrays
    if path.suffix == ".npz":
        read_model(path)
    elif path.suffix == ".yaml":
        load_config(path)
    elif path.suffix == ".json":
        return {key: value for key, value in json.loads(path.read_text()).items() if key != "seconds"}
    elif path.suffix == ".csv":
        text = path.read_text()
        rows = list(csv.reader(text.splitlines()))
        assert text.endswith("\n"), path
        assert 1 == len({len(row) for row in rows}), path
        if path.name == "history.csv":
            return [row[: rows[0].index("seconds")] for row in rows]
    return path.read_bytes()


def contents(folder: Path) -> dict[str, Any]:
    """Of all files in a folder and below, but for locks and drafts; each must be whole."""
    return {
        str(path.relative_to(folder)): content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock" and not path.match(DRAFTS)
    }


def drafts(folder: Path) -> list[Path]:
    """What is left over in a folder and below."""
    return [path for path in folder.rglob(".*") if path.name.endswith(".tmp")]
