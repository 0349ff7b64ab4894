"""The house keeps its shape: who imports whom, how long a module is, what starts fast."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "nncli"
MODULES = sorted(SOURCE.rglob("*.py"))

LEAVES = {"cores", "errors", "file_lock", "forking", "text"}
MAY_IMPORT = {
    "cores": set(),
    "errors": set(),
    "text": set(),
    "file_lock": {"forking"},
    "atomic_file": LEAVES,
    "npz_file": LEAVES | {"atomic_file"},
    "metrics": LEAVES,
    "tables": LEAVES | {"atomic_file"},
    "network": set(),
    "config": LEAVES | {"feature_settings"},
    "data": LEAVES,
    "blas": {"cores"},
    "forking": set(),
    "divide": {"errors", "forking"},
    "feature_settings": set(),
    "features": {"feature_settings"},
    "feature_rows": LEAVES | {"data", "divide", "feature_settings", "features"},
    "training_data": {"data", "experiment", "feature_rows"},
    "training": {"cores", "errors", "forking", "network"},
    "calibration": set(),
    "model_checks": {"calibration", "data", "feature_settings", "network", "npz_file"},
    "model_file": LEAVES | {"npz_file", "data", "network", "feature_settings", "features", "model_checks"},
    "checkpoint_file": LEAVES | {"npz_file", "training"},
    "decoding_worker": {"forking", "data"},
    "decoding_pool": LEAVES | {"data", "decoding_worker"},
    "inference": LEAVES | {"calibration", "model_file", "data", "decoding_pool", "network"},
    "run_directory": LEAVES | {"atomic_file", "data"},
    "run_files": LEAVES,
    "confidence": set(),
    "inspection": {"experiment"},
    "explanation": {"inference", "model_file", "network"},
    "starter_config": LEAVES | {"config", "data", "recipe_choice"},
    "evaluation": {"confidence", "inference", "metrics", "tables"},
    "model_summary": {"model_file"},
    "pictures": LEAVES | {"atomic_file", "data", "model_file"},
    "export": LEAVES | {"calibration", "data", "feature_settings", "features", "inference", "model_file", "network"},
}
"""Part of the house -> the parts it may import; parts that are not named may import all but `cli`."""

ONLY_IN_CLI = {"click", "tqdm"}
ONLY_IN_REPORT = {"jinja2", "markupsafe", "matplotlib"}
ONLY_IN_EXPORT = {"onnx", "onnxruntime"}
ONLY_IN_TUNING = {"optuna", "sqlalchemy"}


def part_of(path: Path) -> str:
    """The package or module directly under nncli that a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything that a file imports, wherever in it, type checking included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            found |= {f"{module}.{alias.name}" if module == "nncli" else module for alias in node.names}
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
            assert part == "export", f"{root} is the extra of export"
        if root in ONLY_IN_TUNING:
            assert part == "tuning", f"{root} is the extra of tune"
        if root == "nncli" and rest:
            target = rest.split(".")[0]
            if target == part or part in ("cli", "__main__") or target == "__version__":
                continue
            assert target != "cli", f"{path} imports the command line"
            assert part not in MAY_IMPORT or target in MAY_IMPORT[part], f"{path} imports {name}"


def test_the_table_of_imports_names_real_parts() -> None:
    """A renamed module does not fall out of the rules unseen."""
    assert set(MAY_IMPORT) <= {part_of(path) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_fits_into_a_head(path: Path) -> None:
    """No module is longer than 250 lines, and each opens with what it is for."""
    assert len(path.read_text().splitlines()) <= 250
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_tests_outweigh_the_source() -> None:
    """There are more lines of tests than of source."""

    def lines(paths: list[Path]) -> int:
        return sum(len(path.read_text().splitlines()) for path in paths)

    assert lines(MODULES) < lines(sorted((ROOT / "tests").rglob("*.py")))


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
