"""Hints how to install an extra: they must name this program, whatever else is called nncli."""

from __future__ import annotations

import json
import re
from configparser import ConfigParser
from importlib.metadata import metadata
from pathlib import Path

import pytest

from nncli.machine.extras import install_command, refuse_missing

ROOT = Path(__file__).parents[2]
OURS, OTHER = "nncli.__main__:main", "nncli.nncli:main"


def install(folder: Path, name: str, calls: str, origin: dict[str, object] | None = None) -> None:
    """Metadata as pip leaves them."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[console_scripts]\nnncli = {calls}\n")
    (info / "RECORD").write_text("")
    if origin is not None:
        (info / "direct_url.json").write_text(json.dumps(origin))


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder where all that is installed is."""
    metadata("pytest")  # imports what reading metadata needs while the standard library can still be found
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    return tmp_path


def test_the_name_is_that_of_the_installed_distribution(packages: Path) -> None:
    """Not that of the other program, whose command and folder are called the same."""
    install(packages, "nncli", OTHER)
    install(packages, "ours-by-another-name", OURS, {"archive_info": {}, "url": "file:///x.whl"})
    assert "pip install 'ours-by-another-name[report]'" == install_command("report")


@pytest.mark.parametrize("is_editable", [False, True])
def test_of_a_clone_it_is_the_clone(packages: Path, tmp_path: Path, is_editable: bool) -> None:
    """The index need not have this program at all, and the reader may stand anywhere."""
    clone = tmp_path / "my clone"
    clone.mkdir()
    dir_info = {"editable": True} if is_editable else {}
    install(packages, "ours", OURS, {"dir_info": dir_info, "url": clone.as_uri()})
    assert f"pip install '{clone}[report]'" == install_command("report")
    clone.rmdir()
    assert "pip install '.[report]'" == install_command("report")


def test_without_metadata_it_is_the_clone(packages: Path) -> None:
    """As with PYTHONPATH; the other program's name would install that one."""
    install(packages, "nncli", OTHER)
    assert "pip install '.[onnx]'" == install_command("onnx")


def test_a_missing_module_of_ours_is_no_missing_extra() -> None:
    """It is a broken installation, and stays the error that it is."""
    with pytest.raises(ModuleNotFoundError, match="gone"):
        raise refuse_missing("a report", ModuleNotFoundError("gone", name="nncli.report.page"), "report")


def test_no_hint_is_written_with_the_name_of_the_other_program() -> None:
    """Neither in the program nor in the documents; and our name is not that one."""
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert "nncli" != setup["metadata"]["name"]
    files = [*(ROOT / "src").rglob("*.py"), *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    named = [file.name for file in files if re.search(r"""pip install nncli|["']nncli\[""", file.read_text())]
    assert [] == named
