"""Tables of images and numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from nncli.data.manifest.reading import read_manifest
from nncli.data.reading import Reading, read_source
from nncli.errors import UsageError
from tests.data.layout.test_trees import build


def test_every_number_that_is_none_is_named_with_its_row(tmp_path: Path) -> None:
    """NaN, infinity, text, an empty cell and what has no square are refused, all at once."""
    rows = "1.jpg,nan\\n2.jpg,-inf\\n3.jpg,left\\n4.jpg,\\n5.jpg,0.5\\n6.jpg,-1e300"
    build(tmp_path, f"{{1-6}}.jpg\nx.csv := image,steering\\n{rows}")
    with pytest.raises(UsageError) as caught:
        read_manifest(tmp_path / "x.csv", task="regression")
    lines = str(caught.value).replace(f"{tmp_path}/", "").splitlines()
    assert [
        "x.csv:2: target nan, not a finite number",
        "x.csv:3: target -inf, not a finite number",
        "x.csv:4: target left, not a finite number",
        "x.csv:5: no target",
        "x.csv:7: target -1e300, beyond 1e+30; write it in another unit",
        "x.csv: 5 wrong rows of 6; correct or remove them",
    ] == lines


def test_two_numbers_that_differ_for_one_image_are_named(tmp_path: Path) -> None:
    """An image cannot have two numbers."""
    build(tmp_path, "{1-2}.jpg\nx.csv := image,angle\\n1.jpg,0.5\\n2.jpg,1\\n1.jpg,0.25")
    with pytest.raises(UsageError, match=r"x\.csv:4: another label than line 2 gives to 1\.jpg"):
        read_manifest(tmp_path / "x.csv", task="regression")


@pytest.mark.parametrize(
    ("header", "target"), [("image,label,weight", "label"), ("image,weight,price", "price"), ("image,weight", "weight")]
)
def test_a_weight_is_predicted_where_nothing_else_is(tmp_path: Path, header: str, target: str) -> None:
    """It may be a number like any other, or how much an image counts."""
    build(tmp_path, f"1.jpg\nx.csv := {header}\\n1.jpg{',1' * header.count(',')}")
    assert (target,) == read_manifest(tmp_path / "x.csv", task="regression").classes


def test_several_targets_by_their_columns(tmp_path: Path) -> None:
    """data.columns.label is a list; the names of the columns are those of the numbers."""
    build(tmp_path, "{1-2}.jpg\nx.csv := image,speed,steering\\n1.jpg,30,-0.5\\n2.jpg,1e1,.25")
    manifest = read_manifest(tmp_path / "x.csv", {"label": ["steering", "speed"]}, task="regression")
    assert ("steering", "speed") == manifest.classes
    assert [(-0.5, 30.0), (0.25, 10.0)] == [row.targets for row in manifest.rows]


LOG = r"C:\sim\IMG\center_{i}.jpg, C:\sim\IMG\left_{i}.jpg, C:\sim\IMG\right_{i}.jpg,{angle},0.9,0,30.1"


def test_a_driving_log_without_header_with_its_side_cameras(tmp_path: Path) -> None:
    """The simulator's log is known by its columns; side pictures are trained on with an offset, never judged by."""
    (tmp_path / "IMG").mkdir()
    for i in range(4):
        for camera in ("center", "left", "right"):
            (tmp_path / "IMG" / f"{camera}_{i}.jpg").write_bytes(b"x")
    lines = [LOG.format(i=i, angle=i / 10) for i in range(4)]
    (tmp_path / "driving_log.csv").write_text("\n".join(lines) + "\n")
    reading = Reading(order="center", task="regression", side_cameras={"left": 0.25, "right": -0.25, "rear": 1.0})
    source = read_source(tmp_path / "driving_log.csv", reading)
    training, validation = source.split(0.25, 0)
    names = [Path(path).stem for path in training.paths]
    assert ["center_3"] == [Path(path).stem for path in validation.paths]
    assert 9 == len(names)
    found = {name: round(target, 6) for name, (target,) in zip(names, training.targets, strict=True)}
    assert (0.2, 0.45, -0.05) == (found["center_2"], found["left_2"], found["right_2"])
    assert ("steering",) == source.classes
    assert "no column rear: no pictures of that side camera" in source.notes
