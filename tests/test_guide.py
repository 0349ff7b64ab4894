"""The guide tells what the project does: its lines of code, its numbers, its commands, its exercises."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.cli.main import load_command
from nncli.config import load_config, parse_override
from nncli.network.backpropagation import DERIVATIVES
from nncli.network.forward_propagation import ACTIVATIONS
from nncli.network.gradient_check import check_gradients, origin
from tests.lessons import GUIDE, ROOT, with_quotes
from tests.network import test_optimization as shared
from tests.network.networks import Case
from tests.network.test_gradients import test_every_activation_has_a_derivative

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = {path.stem: path.read_text(encoding="utf-8") for path in GUIDE}
PYTHON = {name: re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S) for name, text in PAGES.items()}
QUOTED = [(name, block) for name, blocks in PYTHON.items() for block in blocks if block.startswith("# src/")]
COMMANDS = [
    (name, line.partition(" #")[0].strip())
    for name, text in PAGES.items()
    for block in re.findall(r"^```bash\n(.*?)^```$", text, re.M | re.S)
    for line in block.splitlines()
]
CHAPTERS = [name for name in PAGES if name != "README"]
PARTS = [name for name in CHAPTERS if name[:2] in ("02", "03", "04", "05", "06")]


@pytest.fixture(autouse=True)
def _tables() -> Iterator[None]:
    """An activation that a page adds is gone after the test."""
    tables = [(table, dict(table)) for table in (ACTIVATIONS, DERIVATIVES)]
    yield
    for table, before in tables:
        table.clear()
        table.update(before)


def run_page(name: str) -> dict[str, Any]:
    """Run the blocks of a page that name no file, one after another; the names that they define."""
    names: dict[str, Any] = {"__name__": name}
    for block in PYTHON[name]:
        if not block.startswith("# src/"):
            exec(compile(block, f"{name}.md", "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize(("name", "block"), QUOTED, ids=lambda text: text.splitlines()[-1].strip()[:40])
def test_quoted_lines_are_in_the_code(name: str, block: str) -> None:
    """Every block that begins with a file's name is a run of lines of that file."""
    first, lines = block.split("\n", 1)
    assert lines in (ROOT / first.removeprefix("# ")).read_text(encoding="utf-8"), f"{name}: {first}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_python_of_a_page_runs(name: str) -> None:
    """Its assertions hold: what is worked out by hand is what the code computes."""
    run_page(name)


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=lambda text: text[:70])
def test_commands_are_valid(name: str, command: str) -> None:
    """Every command of the guide is understood, its config is there, and its settings are."""
    program, command_name, *arguments = shlex.split(command)
    assert "nncli" == program
    context = load_command(command_name).make_context(command_name, arguments)
    if "config" in context.params:
        settings = [parse_override(text) for text in context.params["settings"]]
        load_config(ROOT / context.params["config"], settings)
    for argument in arguments:
        assert not argument.startswith(("configs/", "sample_images/")) or (ROOT / argument).exists(), name


@pytest.mark.parametrize("name", PAGES)
def test_ranges_are_those_of_the_lessons(name: str) -> None:
    """`python -m tests.lessons` measures them, and a test of the lessons holds them."""
    assert with_quotes(PAGES[name]) == PAGES[name]


def test_figures_of_accuracy_are_those_of_its_page() -> None:
    """What the guide quotes of docs/accuracy.md stands there."""
    accuracy = (ROOT / "docs/accuracy.md").read_text(encoding="utf-8")
    lines = [line for text in PAGES.values() for line in text.splitlines() if "(../accuracy.md)" in line]
    figures = {figure for line in lines for figure in re.findall(r"0\.\d+", line)}
    assert {"0.8052", "0.8489", "0.452", "0.63", "0.9071"} == figures
    steps = set(re.findall(r"\| (0\.\d{2,}) \|", PAGES["19-fashion-mnist"]))
    assert {"0.889", "0.9375", "0.9425"} == steps
    assert set() == {figure for figure in figures | steps if figure not in accuracy}


def test_the_index_names_every_chapter_in_order() -> None:
    """And each chapter leads to the next."""
    assert sorted(CHAPTERS) == [name for name in re.findall(r"\]\((\d\d-[\w-]+)\.md\)", PAGES["README"]) if name]
    for name, following in zip(sorted(CHAPTERS), sorted(CHAPTERS)[1:], strict=False):
        assert f"({following}.md)" in PAGES[name].splitlines()[-1]


@pytest.mark.parametrize("name", PARTS)
def test_a_part_has_everything(name: str) -> None:
    """Question, idea, formula, example by hand, our code, an experiment, an exercise with its answer."""
    text = PAGES[name]
    assert re.match(r"# \d [A-Z][\w ]+\n\n\*\*Part \d: .*\?\*\*\n", text)
    for heading in ("## The idea", "## By hand", "## In our code", "## Try it", "## Exercise", "<summary>Answer</"):
        assert heading in text
    assert "## The formula" in text or name.startswith("05")


def test_pictures_are_there_in_both_looks() -> None:
    """Those that the pages show, and no others, light and dark."""
    shown = {Path(target).name for text in PAGES.values() for target in re.findall(r'"(\.\./images/[^"]+)"', text)}
    assert sorted(path.name for path in (ROOT / "docs/images/guide").iterdir()) == sorted(shown)
    assert {name.replace("light", "dark") for name in shown} == {name for name in shown if "dark" in name}


@pytest.mark.parametrize("name", ["activations", "loss", "descent"])
def test_pictures_can_be_drawn_again(name: str, tmp_path: Path) -> None:
    """By one command, `python -m tests.guide_pictures`; those here need no training."""
    pytest.importorskip("matplotlib")
    from tests.guide_pictures import draw

    draw(name, "dark", tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text(encoding="utf-8").count("<path") > 10


@pytest.mark.parametrize("name", PAGES)
def test_one_sentence_a_line(name: str) -> None:
    """Outside of code and tables."""
    prose = re.sub(r"^```.*?^```$", "", PAGES[name], flags=re.M | re.S)
    lines = [line for line in prose.splitlines() if not line.startswith(("|", "<"))]
    assert [] == [line for line in lines if re.search(r"[a-z)]{3}[.?!] [A-Z]", re.sub(r"et al\. ", "", line))]


def test_the_optimizer_of_the_exercise_passes_the_shared_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """It follows its paper, remembers all in its state, and touches only its part."""
    answer = run_page("22-exercises")["Adagrad"]

    def paper() -> Any:
        s = np.zeros(4)

        def step(theta: Any, g: Any, _t: int) -> Any:
            nonlocal s
            s = s + g**2
            return theta - 0.05 * g / (np.sqrt(s) + 1e-8)

        return step

    monkeypatch.setitem(shared.METHODS, "adagrad", (answer, paper, 0.05))
    shared.test_a_method_follows_its_paper("adagrad", np.float64, 1e-12)
    shared.test_a_method_follows_its_paper("adagrad", np.float32, 2e-4)
    shared.test_state_is_all_a_method_remembers("adagrad")
    with monkeypatch.context() as patch:
        shared.test_blocks_change_nothing("adagrad", patch)


def test_the_activation_of_the_exercise_passes_the_shared_tests() -> None:
    """Its derivative is its slope, and networks with it pass the gradient check."""
    run_page("22-exercises")
    test_every_activation_has_a_derivative("silu")
    for normalization in ("none", "batch", "layer"):
        case = Case((4, 5, 5, 3), "silu", 6, normalization=normalization)
        checked = check_gradients(case.parameters, case.X, case.Y, activation="silu")
        assert origin(checked) is None


def test_the_answers_are_short() -> None:
    """Under 30 lines."""
    assert 20 < max(len(block.splitlines()) for block in PYTHON["22-exercises"]) < 30
