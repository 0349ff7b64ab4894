"""The house keeps its shape: who imports whom, how long a function is, what starts fast."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "nncli"
MODULES = sorted(SOURCE.rglob("*.py"))

WORDS = {"errors", "text"}
BELOW_RUN = WORDS | {"config", "data", "evaluation", "features", "machine", "model", "network", "option", "training"}
MAY_IMPORT = {
    "errors": set(),
    "text": set(),
    "machine": WORDS,
    "network": set(),
    "option": set(),
    "features": WORDS | {"machine", "option"},
    "config": WORDS | {"features", "option"},
    "data": WORDS | {"machine"},
    "training": WORDS | {"machine", "network"},
    "model": WORDS | {"data", "features", "machine", "network"},
    "evaluation": WORDS | {"data", "machine", "model"},
    "run": BELOW_RUN,
    "tuning": BELOW_RUN | {"run"},
    "api": BELOW_RUN | {"run"},
    "pictures": WORDS | {"data", "machine", "model"},
    "report": WORDS | {"__init__", "config", "data", "evaluation", "model", "pictures", "run"},
    "export": WORDS | {"__init__", "data", "features", "model", "network"},
    "cli": BELOW_RUN | {"__init__", "export", "pictures", "report", "run", "tuning"},
    "__init__": {"api", "errors", "machine"},
    "__main__": {"cli"},
}
"""Room of the house -> the rooms it may import."""

SETTINGS_ALONE = "nncli.features.settings"
"""What `config` may import of the features: the part that needs no NumPy."""

ONLY_IN_CLI = {"click", "tqdm"}
ONLY_IN_REPORT = {"jinja2", "markupsafe"}
ONLY_IN_EXPORT = {"onnx", "onnxruntime"}
ONLY_IN_TUNING = {"optuna", "sqlalchemy"}
ONLY_IN_MACHINE = {"cupy", "mpi4py"}


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """Its nodes."""
    return tuple(ast.walk(tree_of(path)))


def part_of(path: Path) -> str:
    """The package or module directly under nncli that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, wherever in it, type checking included."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" if module == "nncli" else module for alias in node.names}
    return found


def modules_in(path: Path) -> set[str]:
    """Dotted names of every module of ours that a file imports, names within modules included."""
    found = set()
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_imports_point_one_way(path: Path) -> None:
    """Nothing imports what lies above it."""
    part = part_of(path)
    for name in imports_of(path):
        root, _, rest = name.partition(".")
        if root in ONLY_IN_CLI:
            assert part == "cli", f"{root} belongs into cli"
        if root in ONLY_IN_REPORT:
            assert part == "report", f"{root} is the extra of report"
        if root in ONLY_IN_EXPORT:
            assert part == "export" or path.name == "onnx_network.py", f"{root} is the extra of export"
        if root in ONLY_IN_TUNING:
            assert part == "tuning", f"{root} is the extra of tune"
        if root in ONLY_IN_MACHINE:
            assert part == "machine", f"{root} is the extra of mpi or gpu"
        if root == "nncli":
            target = rest.split(".")[0]
            target = "__init__" if target == "__version__" else target
            assert target in MAY_IMPORT[part] | {part}, f"{path} imports {name}"
            assert part != "config" or target != "features" or name.startswith(SETTINGS_ALONE), f"{path} imports {name}"


def test_the_table_of_imports_names_real_parts() -> None:
    """Every room has a row, and every row has its room."""
    assert set(MAY_IMPORT) == {part_of(path) for path in MODULES}


def test_few_files_lie_loose() -> None:
    """What is at the top of the package belongs to no room."""
    assert len(list(SOURCE.glob("*.py"))) <= 6


def test_no_import_runs_in_a_circle() -> None:
    """Not even one for a type."""
    names = {
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in MODULES
    }
    arrows = {name: {other for other in modules_in(path) if other in names} - {name} for name, path in names.items()}
    while free := {name for name, others in arrows.items() if not others & set(arrows)}:
        arrows = {name: others for name, others in arrows.items() if name not in free}
    assert not arrows, f"import each other in a circle, or a circle: {sorted(arrows)}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_opens_with_what_it_is_for(path: Path) -> None:
    """Files are divided by idea, not by length; each says its idea first."""
    assert ast.get_docstring(tree_of(path))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_docstring_names_its_subject(path: Path) -> None:
    """It opens with a noun or a verb; "What ..." asks the reader to find the word."""
    texts = [node.value for node in nodes_of(path) if isinstance(node, ast.Constant)]
    assert [] == [text for text in texts if isinstance(text, str) and text.startswith("What ")]


LONGEST_FUNCTION = 52
"""Lines of a function; decorators are not counted."""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_no_function_is_long(path: Path) -> None:
    """From `def` to the last line, docstring included."""
    functions = [node for node in nodes_of(path) if isinstance(node, ast.FunctionDef)]
    long = [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION]
    assert [] == long


def test_network_knows_numpy_and_nothing_else() -> None:
    """The five parts can be read, and used, without the rest of the project."""
    standard = sys.stdlib_module_names
    for path in (SOURCE / "network").glob("*.py"):
        roots = {name.split(".")[0] for name in imports_of(path)}
        assert roots - standard <= {"numpy", "nncli"}, path
        assert {name for name in imports_of(path) if name.startswith("nncli")} <= {
            f"nncli.network.{other.stem}" for other in (SOURCE / "network").glob("*.py")
        }


def loaded_by(*arguments: str, cwd: Path) -> set[str]:
    """Modules in memory at the end of an nncli command."""
    program = (
        "import sys, nncli.cli.main as m\n"
        "try: m.main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program, *arguments]
    return set(subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stderr.splitlines())


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["train", "--help"], ["train", "missing.yaml"], ["check", "bad.yaml"], ["fit"], ["--version"]],
)
def test_help_and_config_errors_do_not_load_numpy(arguments: list[str], tmp_path: Path) -> None:
    """What needs no numbers and no images does not wait for them."""
    (tmp_path / "bad.yaml").write_text("data: {path: x}\ntraining: {epoch: 3}\n")
    assert not {"numpy", "PIL", "tqdm"} & loaded_by(*arguments, cwd=tmp_path)


def test_every_word_leads_to_one_room() -> None:
    """docs/architecture.md fits on two screens, and each of its seventeen words names a place that is there."""
    document = (ROOT / "docs" / "architecture.md").read_text()
    places = re.findall(r"^\| [a-z ]+ \| `([^`]+)` \|$", document.partition("## Where to look")[2], re.M)
    assert len(document.splitlines()) <= 100
    assert 17 == len(set(places)) == len(places)
    assert [] == [place for place in places if not (SOURCE / place).exists()]
