"""docs/python.md: its program runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/python.md").read_text()


def test_the_documented_program_trains_and_predicts(tmp_path: Path) -> None:
    """It prints the run, a seven, and why there is no second picture."""
    program = re.findall(r"```python\n(.*?)```", DOCUMENT, re.S)[0]
    for name in ("configs", "sample_images"):
        (tmp_path / name).symlink_to(ROOT / name)
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    run, seven, missing = result.stdout.splitlines()
    assert re.fullmatch(r"runs/from-python 0\.[89]\d*", run)
    assert re.fullmatch(r"sample_images/digits/7/000.png 7 0\.\d+ ", seven)
    assert "no_such_file.png  0.0 No such file or directory" == missing
    assert "" == result.stderr


def test_the_documented_estimator_tells_rows_from_columns(tmp_path: Path) -> None:
    """On the images that it makes itself."""
    program = re.findall(r"```python\n(.*?)```", DOCUMENT, re.S)[1]
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\['columns' 'rows'\] (1\.0|0\.9\d*) (1\.0|0\.\d+)\n", result.stdout)
    assert [] == list(tmp_path.iterdir())


def test_every_public_name_is_documented() -> None:
    """Of the classes and of the two functions."""
    from nncli import Classifier, ImageClassifier, Prediction, Run

    names = ["load(", "train(", *Prediction.__dataclass_fields__, *Run.__dataclass_fields__]
    names += [name for cls in (Classifier, ImageClassifier, Run) for name in vars(cls) if not name.startswith("_")]
    assert [] == [name for name in names if f"`{name}" not in DOCUMENT and f"## {name}" not in DOCUMENT]
