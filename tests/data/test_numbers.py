"""Tables of numbers as a source of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from nncli.config import Override, load_config
from nncli.data.image.image_format import ImageFormat
from nncli.data.numbers import NumberRows, is_number_row, is_number_table, read_number_table, refuse_others
from nncli.data.reading import read_source
from nncli.errors import DataError, UsageError
from nncli.run.dataset import load_experiment, plan_experiment

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "x,y,label\n0,1,b\n-1.5,0.5,a\n2.25,-1,b\n1,1,a\n"


def table(folder: Path, text: str = TEXT, name: str = "points.csv") -> Path:
    """A file with this text."""
    (folder / name).write_text(text)
    return folder / name


def test_rows_become_pictures_one_pixel_high(tmp_path: Path) -> None:
    """Class by class, their numbers as levels between the ends of the range, which has room for a little more."""
    source = read_source(table(tmp_path))
    assert isinstance(source, NumberRows)
    files = source.splits["all"]
    assert (("a", "b"), (0, 0, 1, 1)) == (source.classes, files.labels)
    assert [f"{tmp_path}/points.csv#{row}" for row in (2, 4, 1, 3)] == list(files.paths)
    assert (1, 2) == source.only_size
    low, high = source.look_at_values(files.paths).chosen() or (0, 0)
    assert -1.8 < low < -1.5
    assert 2.25 < high < 2.6
    pixels = source.load(files.paths, ImageFormat(1, 2, "grayscale", "stretch", value_range=(-1.5, 2.25))).pixels
    assert [[0, 136], [170, 170], [102, 170], [255, 34]] == pixels.tolist()


@pytest.mark.parametrize(
    "text",
    [
        "path,label\nx.png,a\n",
        "x,label\n1,a\n",
        "x,y,label\nx.png,2,a\n",
        "1,2,3\n4,5,6\n",
        "x,y,kind\n1,2,a\n",
        "x,y\n",
    ],
)
def test_other_tables_are_no_tables_of_numbers(tmp_path: Path, text: str) -> None:
    """Those that name images, have one number, no header, or no column called label."""
    assert not is_number_table(table(tmp_path, text))


@pytest.mark.parametrize("text", ["x,y\n1,2\n", "x,y,class\n1,2,a\n", "x,y,z,Label\n1,2e3,-4,a\n"])
def test_tables_of_numbers(tmp_path: Path, text: str) -> None:
    """With a label, or without one, for prediction."""
    assert is_number_table(table(tmp_path, text))


def test_lines_without_anything_are_no_table_of_numbers(tmp_path: Path) -> None:
    """Nor an error of the program."""
    assert not is_number_table(table(tmp_path, "\n\n\n"))


def test_every_mistake_is_named(tmp_path: Path) -> None:
    """With its line; then there are the classes."""
    path = table(tmp_path, "x,y,label\n1,2,a\n1,nan,a\n1,2\n,3,b\n3,4,\n1e39,4,a\n")
    with pytest.raises(UsageError) as error:
        read_number_table(path)
    found = [line.removeprefix(str(path)) for line in str(error.value).splitlines()]
    assert [
        ":3: y is 'nan', not a finite number",
        ":4: 2 cells instead of 3",
        ":5: x is '', not a finite number",
        ":6: no label",
        ":7: x is '1e39', beyond 3e+38; write it in another unit",
        ": correct or remove 5 rows",
    ] == found
    for text, message in (("x,y\n1,2\n", "no label; the last column"), ("x,y,label\n1,2,a\n", "all rows are of one")):
        with pytest.raises(DataError, match=message):
            read_source(table(tmp_path, text))


def test_the_plan_fits_the_rows(tmp_path: Path) -> None:
    """Nothing need be said of size, color and layers; a recipe for pictures is refused."""
    rng = np.random.default_rng(0)
    rows = "".join(f"{x:.3f},{y:.3f},{'ab'[int(x > y)]}\n" for x, y in rng.normal(size=(40, 2)))
    path = table(tmp_path, f"x,y,label\n{rows}")
    config = tmp_path / "c.yaml"
    config.write_text(f"data: {{path: {path.name}}}\nnetwork: {{layer_dims: [auto, 3, auto]}}\n")
    experiment = load_experiment(plan_experiment(load_config(config)))
    assert (2, 3, 1) == experiment.plan.layer_dims
    assert (1, 2, 1) == experiment.plan.image_format.shape
    assert experiment.plan.image_format.value_range
    assert 0 == len(experiment.known.training)  # two numbers are equal by chance
    with pytest.raises(DataError, match="no recipe; remove it"):
        plan_experiment(load_config(config, [Override("training.recipe", "auto", "here")]))


def test_a_model_of_something_else_takes_no_rows(tmp_path: Path) -> None:
    """Instead of an answer to a picture of another size."""
    path = table(tmp_path)
    refuse_others(str(path), ImageFormat(1, 2, "grayscale", "stretch"))
    with pytest.raises(UsageError, match="rows of 2 numbers, but the model takes images of 4x3 rgb"):
        refuse_others(str(path), ImageFormat(4, 3, "rgb", "stretch"))
    assert is_number_row("a/points.csv#07")
    assert not is_number_row("a/points.png")
