"""Tables of images with any number of labels."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nncli.data.manifest.reading import read_manifest
from nncli.data.reading import Reading, read_source
from nncli.data.split import rarest_labels
from nncli.errors import DataError, UsageError
from tests.data.layout.test_trees import build

EXPECTED = {"1.jpg": {"cat", "polar bear"}, "2.jpg": set(), "3.jpg": {"cat"}, "4.jpg": {"polar bear"}}


def read(path: Path, columns: dict[str, Any] | None = None) -> dict[str, set[str]]:
    """The labels of each image by its name."""
    manifest = read_manifest(path, columns, task="multilabel")
    return {
        Path(row.path).name: {name for name, value in zip(manifest.classes, row.targets, strict=True) if value}
        for row in manifest.rows
    }


@pytest.mark.parametrize(
    ("name", "text", "columns"),
    [
        ("x.csv", "image,labels\n1.jpg,cat;polar bear\n2.jpg,\n3.jpg,cat\n4.jpg,polar bear; \n", {}),
        ("x.csv", 'file,tags\n1.jpg,"polar bear,cat"\n2.jpg,nan\n3.jpg,cat\n4.jpg,polar bear\n', {}),
        ("x.tsv", "image\tFinding Labels\n1.jpg\tcat|polar bear\n2.jpg\t\n3.jpg\tcat\n4.jpg\tpolar bear\n", {}),
        ("x.csv", "image,kind\n1.jpg,cat / polar bear\n2.jpg,\n3.jpg,cat\n4.jpg,polar bear\n", {"separator": "/"}),
        ("x.csv", "image,a\n1.jpg,\"['cat', 'polar bear']\"\n2.jpg,[]\n3.jpg,['cat']\n4.jpg,['polar bear']\n", {}),
        ("x.csv", "image,cat,polar bear\n1.jpg,1,1\n2.jpg,0,0\n3.jpg,1,0\n4.jpg,0,1\n", {}),
        ("x.csv", "image,n,cat,polar bear\n1.jpg,0,1,1\n2.jpg,1,0,0\n3.jpg,1,1,0\n4.jpg,0,0,1\n",
         {"label": ["polar bear", "cat"]}),
        ("x.csv", "image,cat,polar bear\n1.jpg,1,1\n2.jpg,-1,-1\n3.jpg,1,-1\n4.jpg,-1,1\n", {}),
        ("x.jsonl", '{"image": "1.jpg", "labels": ["polar bear", "cat"]}\n{"image": "2.jpg", "labels": []}\n'
         '{"image": "3.jpg", "labels": "cat"}\n{"image": "4.jpg", "labels": ["polar bear"]}\n', {}),
    ],
)  # fmt: skip
def test_every_way_to_write_several_labels(name: str, text: str, columns: dict[str, Any], tmp_path: Path) -> None:
    """Cells with a separator that is noticed or said, lists, columns of 0 and 1; an image may have no label."""
    build(tmp_path, "{1-4}.jpg")
    (tmp_path / name).write_text(text)
    assert EXPECTED == read(tmp_path / name, columns)


def test_lists_of_0_and_1_have_a_place_for_each_label(tmp_path: Path) -> None:
    """Named by the list beside the table, or by their places; of numbers that never repeat these are the labels."""
    build(tmp_path, "{1-4}.jpg\nclasses.txt := ant\\ncat\\npolar bear")
    rows = ['1.jpg,"[0, 1, 1]"', '2.jpg,"[0, 0, 0]"', '3.jpg,"[0, 1, 0]"', '4.jpg,"[0, 0, 1]"']
    (tmp_path / "x.csv").write_text("\n".join(["image,labels", *rows]))
    assert EXPECTED == read(tmp_path / "x.csv")
    (tmp_path / "classes.txt").unlink()
    assert {"1", "2"} == read(tmp_path / "x.csv")["1.jpg"]
    (tmp_path / "x.csv").write_text('image,labels\n1.jpg,"[0, 1]"\n2.jpg,"[1, 0]"\n3.jpg,[0]\n4.jpg,[]')
    assert {"0"} == read(tmp_path / "x.csv")["3.jpg"]


def test_lists_in_a_column_of_parquet(tmp_path: Path) -> None:
    """Of text, beside nothing; of numbers, which Hugging Face's schema names within its list, in both of its ways."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    build(tmp_path, "{1-4}.jpg")
    images, told = [f"{i}.jpg" for i in range(1, 5)], [["polar bear", "cat"], None, ["cat"], ["polar bear"]]
    parquet.write_table(pa.table({"image": images, "labels": told}), tmp_path / "x.parquet")
    assert EXPECTED == read(tmp_path / "x.parquet")
    kind = {"_type": "ClassLabel", "names": ["cat", "polar bear"]}
    for feature in ({"_type": "Sequence", "feature": kind}, {"_type": "List", "feature": kind}, [kind]):
        table = pa.table({"image": images, "labels": [[1, 0], [], [0], [1]]})
        schema = json.dumps({"info": {"features": {"image": {"_type": "Image"}, "labels": feature}}})
        parquet.write_table(table.replace_schema_metadata({"huggingface": schema}), tmp_path / "x.parquet")
        assert EXPECTED == read(tmp_path / "x.parquet")


def test_empty_columns_and_other_separators_are_said(tmp_path: Path) -> None:
    """A column without a cell is left out, one with some has mistakes; a comma in a name is fine."""
    build(tmp_path, "{1-2}.jpg\nx.csv := image,cat,dog,ant\\n1.jpg,1,0,\\n2.jpg,0,1,")
    manifest = read_manifest(tmp_path / "x.csv", task="multilabel")
    assert ("cat", "dog") == manifest.classes
    assert "left out ant: nothing but empty cells" in manifest.notes
    build(tmp_path, 'x.csv := image,labels\\n1.jpg,"cat, big|dog"\\n2.jpg,dog')
    assert (
        "cat, big is one label; data.columns.separator divides elsewhere"
        in read_manifest(tmp_path / "x.csv", task="multilabel").notes
    )


def test_blanks_divide_labels_only_where_words_come_back(tmp_path: Path) -> None:
    """`haze primary` is two labels beside `primary`, `polar bear` one label beside `brown bear`; blank says it."""
    build(tmp_path, "{1-3}.jpg\na.csv := image,tags\\n1.jpg,haze primary\\n2.jpg,primary\\n3.jpg,haze")
    build(tmp_path, "b.csv := image,tags\\n1.jpg,polar bear\\n2.jpg,brown bear\\n3.jpg,")
    assert {"haze", "primary"} == read(tmp_path / "a.csv")["1.jpg"]
    assert {"polar bear"} == read(tmp_path / "b.csv")["1.jpg"]
    assert {"polar", "bear"} == read(tmp_path / "b.csv", {"separator": "blank"})["1.jpg"]
    notes = read_manifest(tmp_path / "a.csv", task="multilabel").notes
    assert "labels are divided at blank" in notes


def test_numbers_are_named_by_the_list_beside_the_table(tmp_path: Path) -> None:
    """As the numbers of classes are; one without a name is a mistake."""
    build(tmp_path, "{1-2}.jpg\nclasses.txt := cat\\npolar bear\nx.csv := image,labels\\n1.jpg,0;1\\n2.jpg,1")
    assert {"1.jpg": {"cat", "polar bear"}, "2.jpg": {"polar bear"}} == read(tmp_path / "x.csv")
    (tmp_path / "x.csv").write_text("image,labels\n1.jpg,0;7\n2.jpg,1\n")
    with pytest.raises(UsageError, match=r"x\.csv:2: no label 7, only 0, 1"):
        read(tmp_path / "x.csv")


def test_every_cell_that_is_neither_0_nor_1_is_named_with_its_row(tmp_path: Path) -> None:
    """Typos, empty cells and other numbers of columns of 0 and 1, all at once."""
    rows = "1.jpg,1,0\\n2.jpg,O,0\\n3.jpg,1,\\n4.jpg,true,-1\\n5.jpg,0,1\\n6.jpg,0,1.0"
    build(tmp_path, f"{{1-6}}.jpg\nx.csv := image,cat,dog\\n{rows}")
    with pytest.raises(UsageError) as caught:
        read(tmp_path / "x.csv")
    assert [
        "x.csv:3: cat is O, neither 0 nor 1",
        "x.csv:4: dog is empty, neither 0 nor 1",
        "x.csv:5: dog is -1, neither 0 nor 1",
        "x.csv: 3 wrong rows of 6; correct or remove them",
    ] == str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_tables_that_cannot_be_meant_are_refused(tmp_path: Path) -> None:
    """No label at all, a separator for columns or for classes, a folder without a table."""
    build(tmp_path, "{1-2}.jpg\na/1.jpg\nb/1.jpg")
    (tmp_path / "none.csv").write_text("image,labels\n1.jpg,\n2.jpg,\n")
    (tmp_path / "x.csv").write_text("image,cat,dog\n1.jpg,1,1\n2.jpg,0,0\n")
    (tmp_path / "mixed.csv").write_text("image,labels\n1.jpg,cat|dog\n2.jpg,cat;ant\n")
    (tmp_path / "empty.csv").write_text("image,cat,dog\n1.jpg,1,\n2.jpg,0,\n")
    (tmp_path / "some.csv").write_text("image,cat,dog\n1.jpg,,1\n2.jpg,1,\n")
    for name, columns, task, message in (
        ("none.csv", {}, "multilabel", "none.csv: no row has a label"),
        (
            "mixed.csv",
            {},
            "multilabel",
            r"mixed.csv:\d divides labels at '\|', and .*mixed.csv:\d at ';'; .*: {separator: '\|'}",
        ),
        ("empty.csv", {}, "multilabel", "no column is known to hold the label; .*; dog is empty; write data.columns"),
        ("some.csv", {}, "multilabel", "some.csv:2: cat is empty, neither 0 nor 1"),
        ("x.csv", {"separator": ";"}, "multilabel", "no meaning for columns of 0 and 1"),
        ("x.csv", {"separator": ";"}, "classification", "separator is for data.task multilabel"),
    ):
        with pytest.raises(UsageError, match=message):
            read_manifest(tmp_path / name, columns, task=task)
    with pytest.raises(DataError, match=r"data\.task multilabel needs a table .* and one of labels"):
        read_source(tmp_path, Reading(task="multilabel"))


def test_tables_of_splits_share_their_labels(tmp_path: Path) -> None:
    """Each may lack some; what no image to train on has is said."""
    build(tmp_path, "{1-4}.jpg\ntrain.csv := image,labels\\n1.jpg,cat;dog\\n2.jpg,cat")
    build(tmp_path, "val.csv := image,labels\\n3.jpg,ant;dog\\n4.jpg,")
    source = read_source(tmp_path / "train.csv", Reading(task="multilabel"))
    assert ("ant", "cat", "dog") == source.classes
    assert ((0.0, 1.0, 1.0), (0.0, 1.0, 0.0)) == source.splits["train"].targets
    assert ((1.0, 0.0, 1.0), (0.0, 0.0, 0.0)) == source.splits["val"].targets
    assert "no image to train on has ant: it cannot be learned" in source.notes


def test_rare_labels_are_in_both_parts_of_a_split(tmp_path: Path) -> None:
    """The rarest label of each image decides, so that 5 of 25 images with a rare label are for validation."""
    assert [1, 0, 0, 2] == rarest_labels([(1, 1), (1, 0), (1, 0), (0, 0)])
    rng = np.random.default_rng(0)
    rows = [["common"] * (rng.random() < 0.6) + ["rare"] * (i % 8 == 0) for i in range(200)]
    build(tmp_path, "{1-200}.jpg")
    lines = [f"{i + 1}.jpg,{';'.join(own)}" for i, own in enumerate(rows)]
    (tmp_path / "x.csv").write_text("\n".join(["image,labels", *lines]) + "\n")
    source = read_source(tmp_path / "x.csv", Reading(task="multilabel"))
    for seed in range(3):
        training, validation = source.split(0.2, seed)
        counts = [Counter(own[1] for own in files.targets) for files in (training, validation)]
        assert ({0.0: 140, 1.0: 20}, {0.0: 35, 1.0: 5}) == tuple(map(dict, counts))
