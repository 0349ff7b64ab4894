"""``nncli report``: a page about runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.machine.extras import install_command
from tests.cli.tiny import write_image, write_three

if TYPE_CHECKING:
    from tests.cli.tiny import Runner


@pytest.fixture
def run() -> Path:
    """A run with two validation images, one of them wrong."""
    folder = Path("runs/r-1")
    folder.mkdir(parents=True)
    write_three(folder / "model.npz")
    black, white = (write_image(Path(f"d/coal/{gray}.png"), gray) for gray in (0, 255))
    lines = ["path,actual,predicted,probability", f"{black},coal,coal,0.7", f"{white},coal,snow,0.8"]
    (folder / "predictions.csv").write_text("\n".join(lines) + "\n")
    return folder


def test_a_missing_extra_is_a_line(nncli: Runner, run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is missing and how to get it."""
    for name in [name for name in sys.modules if name.startswith("nncli.report")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    result = nncli("report", run)
    assert (2, "") == (result.code, result.out)
    assert f"nncli: a report needs jinja2; install it with: {install_command('report')}\n" == result.err


def test_a_split_needs_data(nncli: Runner) -> None:
    """It would be ignored."""
    result = nncli("report", "--split", "val")
    assert 2 == result.code
    assert "add --data DIR" in result.err


class TestWithTheExtra:
    """What needs jinja2."""

    @pytest.fixture(autouse=True)
    def _extra(self) -> None:
        pytest.importorskip("jinja2")

    def test_the_newest_run_by_default(self, nncli: Runner, run: Path) -> None:
        """The page lies in the run; stdout is its path."""
        result = nncli("report")
        assert (0, f"{run}/report.html\n") == (result.code, result.out)
        page = (run / "report.html").read_text()
        assert "<dt>accuracy</dt><dd>50.0%</dd>" in page
        assert "1 of 2, most confident mistakes first" in page

    def test_other_images_and_another_place(self, nncli: Runner, run: Path) -> None:
        """As `evaluate` would take them."""
        write_image(Path("e/snow/1.png"), 255)
        result = nncli("report", run, "--data", "e", "-o", "x.html")
        assert (0, "x.html\n") == (result.code, result.out)
        assert "<dt>accuracy</dt><dd>100.0%</dd>" in Path("x.html").read_text()
        assert "evaluating e: 1 image\n" in result.err

    def test_several_runs(self, nncli: Runner, run: Path) -> None:
        """In one page, which does not replace that of the first run."""
        other = Path("runs/r-2/model.npz")
        other.parent.mkdir()
        write_three(other)
        (run / "report.html").write_text("of one run")
        assert f"{run}/comparison.html\n" == nncli("report", run, other.parent).out
        assert "<h1>2 runs</h1>" in (run / "comparison.html").read_text()
        assert "of one run" == (run / "report.html").read_text()

    def test_a_run_named_twice(self, nncli: Runner, run: Path) -> None:
        """Is no comparison with itself, however it is written."""
        result = nncli("report", run, run / "model.npz")
        assert f"{run}/report.html\n" == result.out
        assert "nncli: a run that is named more than once is shown once\n" in result.err

    def test_images_that_are_gone(self, nncli: Runner, run: Path) -> None:
        """Said, with the way out; a page is made of what there is."""
        Path("d/coal/0.png").unlink()
        result = nncli("report", run)
        assert f"1 of 2 images of {run} are not there as files; name the folder, archive" in result.err
        Path("d/coal/255.png").unlink()
        assert 0 == nncli("report", run).code

    def test_a_damaged_table_is_named(self, nncli: Runner, run: Path) -> None:
        """One line; nothing is written."""
        (run / "predictions.csv").write_text("path,actual,predicted,probability\nx,coal,coal,often\n")
        result = nncli("report", run)
        assert 1 == result.code
        assert result.err.startswith(f"nncli: {run}/predictions.csv: is damaged")
        (run / "predictions.csv").write_text("path,actual,predicted,probability\nx,ash,coal,0.5\n")
        assert "names a class ash that the model does not have" in nncli("report", run).err
        assert not (run / "report.html").exists()
