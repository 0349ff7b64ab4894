"""``nncli export``: a model for other runtimes, compared before it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nncli.machine.extras import install_command
from tests.cli.tiny import write_image, write_three, write_two

if TYPE_CHECKING:
    from tests.cli.tiny import Runner

DOCUMENT = Path(__file__).parents[2] / "docs" / "export.md"


def test_a_missing_extra_is_a_line(nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names what is missing and how to get it."""
    for name in ("nncli.export.onnx_file", "nncli.export.graph"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "onnx", None)
    result = nncli("export")
    assert (2, "") == (result.code, result.out)
    assert f"nncli: an export needs onnx; install it with: {install_command('onnx')}\n" == result.err


def test_only_onnx_is_written(nncli: Runner) -> None:
    """Above all not over the model itself."""
    before = write_three(Path("model.npz")).read_bytes()
    result = nncli("export", "-o", "model.npz")
    assert 2 == result.code
    assert "nncli: --output model.npz: only ONNX can be written; end the name with .onnx\n" == result.err
    assert before == Path("model.npz").read_bytes()


@pytest.mark.parametrize("word", ["onnx", "convert"])
def test_other_words_for_it_get_a_hint(nncli: Runner, word: str) -> None:
    """What it is called elsewhere."""
    assert f"nncli: no command '{word}'. Did you mean 'export'?\n" == nncli(word).err


class TestWithTheExtra:
    """What needs onnx and onnxruntime."""

    @pytest.fixture(autouse=True)
    def _extra(self) -> None:
        pytest.importorskip("onnx")
        pytest.importorskip("onnxruntime")

    def test_it_lies_beside_the_model_by_default(self, nncli: Runner) -> None:
        """stdout is its path, stderr says how far it is from nncli."""
        write_three(Path("model.npz"))
        result = nncli("export")
        assert (0, "model.onnx\n") == (result.code, result.out)
        line = r"compared by onnxruntime on 80 random images: probabilities differ by \d\.\de-0[678] at most\n"
        assert re.match(line, result.err)
        assert ["model.npz", "model.onnx"] == sorted(path.name for path in Path().iterdir())

    def test_images_of_your_own_are_compared_too(self, nncli: Runner) -> None:
        """As many as there are."""
        write_two(Path("model.npz"))
        for gray in (0, 51, 255):
            write_image(Path(f"photos/{gray}.png"), gray)
        result = nncli("export", "model.npz", "-o", "new.ONNX", "--check-images", "photos")
        assert (0, "new.ONNX\n") == (result.code, result.out)
        assert "on 80 random images and 3 real images" in result.err

    def test_no_such_images_is_an_error(self, nncli: Runner) -> None:
        """Nothing is written then."""
        write_two(Path("model.npz"))
        result = nncli("export", "--check-images", "nowhere")
        assert (1, "") == (result.code, result.out)
        assert "nowhere" in result.err
        assert not Path("model.onnx").exists()

    def test_what_differs_too_much_is_not_written(self, nncli: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was there before is still there."""
        write_two(Path("model.npz"))
        Path("model.onnx").write_text("before")
        monkeypatch.setattr("nncli.export.check.TOLERANCE", 0)
        result = nncli("export")
        assert (1, "") == (result.code, result.out)
        assert "nncli: model.onnx: not written, because on 80 random images" in result.err
        assert "before" == Path("model.onnx").read_text()

    def test_the_documented_program_says_what_predict_says(self, nncli: Runner) -> None:
        """docs/export.md, without nncli."""
        program = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.S)[0]
        assert "nncli" not in program
        assert 10 == len([line for line in program.splitlines() if line and "import" not in line])
        write_three(Path("model.npz"))
        assert 0 == nncli("export").code
        Path("program.py").write_text(program)
        for gray in (0, 100, 255):
            image = write_image(Path(f"{gray}.png"), gray)
            command = [sys.executable, "program.py", image]
            label, probability = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            record = nncli("predict", image).out.split("\t")
            assert record[1] == label
            assert float(record[2]) == pytest.approx(float(probability), abs=6e-5)


def test_float16_says_how_much_it_costs(nncli: Runner, tmp_path: Path) -> None:
    """It is compared like any other, with another limit."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    write_three(tmp_path / "model.npz")
    result = nncli("export", tmp_path / "model.npz", "--float16", "--layout", "nchw-float")
    assert 0 == result.code
    assert "probabilities differ by" in result.err
