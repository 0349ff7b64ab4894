"""Tables of images and labels, as tools write them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from nncli.data.manifest.reading import read_manifest
from nncli.data.reading import read_source
from nncli.errors import DataError, UsageError
from tests.data.layout.test_trees import build

if TYPE_CHECKING:
    from nncli.data.manifest.reader import Manifest

THREE = [("1.jpg", "cat"), ("2.jpg", "dog"), ("3.jpg", "dog")]


def rows(manifest: Manifest, root: Path) -> list[tuple[str, str]]:
    """(path from the root, class) of each row."""
    return [(os.path.relpath(row.path, root), manifest.classes[row.label]) for row in manifest.rows]


def wrong(path: Path, **options: Any) -> list[str]:
    """The lines of the refusal, without the folder."""
    with pytest.raises(UsageError) as caught:
        read_manifest(path, **options)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("x.csv", "{1-3}.jpg\nx.csv := file_name,label\\n1.jpg,cat\\n2.jpg,dog\\n3.jpg,dog"),
        ("semicolons.csv", "{1-3}.jpg\nsemicolons.csv := Filename;ClassId\\n1.jpg;cat\\n2.jpg;dog\\n3.jpg;dog\\n"),
        ("x.tsv", "{1-3}.jpg\nx.tsv := id\\tannotator\\tImage\\tchoice\\n7\\ta\\t1.jpg\\tcat\\n8\\ta\\t2.jpg\\tdog"
         "\\n9\\tb\\t3.jpg\\tdog"),
        ("result.csv", "{1-3}.jpg\nresult.csv := image\\tchoice\\n1.jpg\\tcat\\n2.jpg\\tdog\\n3.jpg\\tdog"),
        ("x.lst", "{1-3}.jpg\nx.lst := 0\\tcat\\t1.jpg\\n1\\tdog\\t2.jpg\\n2\\tdog\\t3.jpg"),
        ("vertex.csv", "{1-3}.jpg\nvertex.csv := gs://bucket/1.jpg,cat\\ngs://bucket/2.jpg,dog\\ngs://bucket/3.jpg,dog"),
        ("ids.csv", "{1-3}.jpg\nids.csv := id,breed\\n1,cat\\n2,dog\\n3,dog"),
        ("one_hot.csv", "{1-3}.jpg\none_hot.csv := filename, cat, dog\\n1.jpg, 1, 0\\n2.jpg, 0, 1\\n3.jpg, 0, 1"),
        ("x.jsonl", '{1-3}.jpg\nx.jsonl := {"file_name":"1.jpg","label":"cat"}\\n{"file_name":"2.jpg","label":"dog"}'
         '\\n\\n'
         '{"file_name":"3.jpg","label":"dog"}'),
        ("labels.txt", "{1-3}.jpg\nlabels.txt := # name and class\\n1 cat\\n2 dog\\n3 dog"),
        ("quoted.txt", '{1-3}.jpg\nsynsets.txt := cat\\ndog\nquoted.txt := "1".jpg 0\\n2.jpg 1\\n3.jpg 1'),
        ("windows.csv", "{1-3}.jpg\nwindows.csv := \ufeffpath,label\\n.\\1.jpg,cat\\n2.jpg,dog\\n3.jpg,dog"),
        ("indices.csv", "{1-3}.jpg\nclasses.txt := cat\\ndog\n"
         "indices.csv := img,target\\n1.jpg,0\\n2.jpg,1.0\\n3.jpg,1"),
        ("from_one.csv", "{1-3}.jpg\nclasses.txt := 1 cat\\n2 dog\n"
         "from_one.csv := image,target\\n1.jpg,1\\n2.jpg,2\\n3.jpg,2"),
        ("other_names.csv", "{1-3}.jpg\nother_names.csv := what,where\\ncat,1.jpg\\ndog,2.jpg\\ndog,3.jpg"),
    ],
)  # fmt: skip
def test_tables_of_many_tools_say_the_same(name: str, files: str, tmp_path: Path) -> None:
    """By header or without one, whatever separates, with names or numbers as labels."""
    for file in files.splitlines():
        (build(tmp_path, file) if not file.startswith(("x.jsonl", "windows")) else _written(tmp_path, file))
    manifest = read_manifest(tmp_path / name)
    assert THREE == rows(manifest, tmp_path)
    assert ("cat", "dog") == manifest.classes
    assert f"read {name}: path from" in manifest.notes[0]


def _written(root: Path, line: str) -> None:
    name, _, text = line.partition(" := ")
    (root / name).write_text(text.replace("\\n", "\n"), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.json", {"classes": ["cat", "dog"], "labels": {"1": 0, "2": 1, "3": 1}}),
        (
            "tasks.json",
            [
                {
                    "data": {"image": f"/data/local-files/?d={number}.jpg"},
                    "annotations": [{"result": [{"value": {"choices": [label]}}]}],
                }
                for number, label in ((1, "cat"), (2, "dog"), (3, "dog"))
            ],
        ),
        ("min.json", [{"image": f"/data/upload/{i}.jpg", "choice": "cat" if i == 1 else "dog"} for i in (1, 2, 3)]),
    ],
)  # fmt: skip
def test_json_of_annotation_tools_says_the_same(name: str, text: Any, tmp_path: Path) -> None:
    """FiftyOne, Label Studio, and a plain list of objects."""
    build(tmp_path, "data/{1-3}.jpg")
    (tmp_path / name).write_text(json.dumps(text))
    manifest = read_manifest(tmp_path / name)
    assert [(f"data/{path}", label) for path, label in THREE] == rows(manifest, tmp_path)


@pytest.mark.parametrize("folder", ["images", "train", "../images", "photos_of_last_year"])
def test_images_are_found_in_a_folder_beside_the_table(folder: str, tmp_path: Path) -> None:
    """As Kaggle, Oxford pets and others pack them; the note says which."""
    build(tmp_path / "set", f"{folder}/{{1-3}}.jpg\ntrain.csv := image_id,label\\n1,cat\\n2,dog\\n3,dog")
    manifest = read_manifest(tmp_path / "set/train.csv")
    expected = os.path.normpath(tmp_path / "set" / folder)
    assert 3 == len(manifest.rows)
    assert {expected} == {str(Path(row.path).parent) for row in manifest.rows}
    assert f"images are read from {expected}" in manifest.notes


def test_images_are_found_in_folders_that_divide_them(tmp_path: Path) -> None:
    """As HAM10000 and NIH's chest X-rays are packed; a name that lies in two of them is a mistake."""
    build(tmp_path, "part_1/images/{1,2}.jpg\npart_2/images/3.jpg\nx.csv := id,label\\n1,cat\\n2,dog\\n3,dog")
    manifest = read_manifest(tmp_path / "x.csv")
    assert [("part_1/images/1.jpg", "cat"), ("part_1/images/2.jpg", "dog"), ("part_2/images/3.jpg", "dog")] == rows(
        manifest, tmp_path
    )
    assert f"images are read from {tmp_path}/part_1/images, {tmp_path}/part_2/images" in manifest.notes


@pytest.mark.parametrize(("table", "folder"), [("trainLabels", "train"), ("labels", "train"), ("test", "test")])
def test_images_are_those_of_the_tables_own_split(table: str, folder: str, tmp_path: Path) -> None:
    """Kaggle's CIFAR-10 has the same names in train/ and in test/, and the labels of the first."""
    build(tmp_path, f"{{test,train}}/{{1-2}}.png\n{table}.csv := id,label\\n1,cat\\n2,dog")
    manifest = read_manifest(tmp_path / f"{table}.csv")
    assert [(f"{folder}/1.png", "cat"), (f"{folder}/2.png", "dog")] == rows(manifest, tmp_path)
    (tmp_path / "train/1.png").unlink()  # what is missing there is not taken from the other one
    if folder == "train":
        assert f"{table}.csv:2: no such file: 1" in wrong(tmp_path / f"{table}.csv")


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["train", "val", "test"], ["train", "val", "test"]),
        (["TRAIN", "VALIDATION", "TEST"], ["train", "val", "test"]),
        (["Training", "PublicTest", "PrivateTest"], ["train", "val", "test"]),
        (["train", "", "dev"], ["train", "", "val"]),
    ],
)
def test_a_split_column_is_read(cells: list[str], expected: list[str], tmp_path: Path) -> None:
    """In the words of several sets; an empty cell is in no split."""
    text = "\\n".join(f"{i},{['cat', 'dog', 'dog'][i - 1]},{cell}" for i, cell in enumerate(cells, 1))
    build(tmp_path, f"{{1-3}}.jpg\nx.csv := id,label,Usage\\n{text}")
    assert expected == [row.split for row in read_manifest(tmp_path / "x.csv").rows]


def test_groups_weights_and_order_are_kept(tmp_path: Path) -> None:
    """Whatever `data.columns` calls them."""
    build(tmp_path, "{1-2}.jpg\nx.csv := id,label,patient_id,sample_weight,day\\n1,cat,p1,0.5,2\\n2,dog,p2,2,1")
    found = read_manifest(tmp_path / "x.csv", {"order": "day"}).rows
    assert [("p1", 0.5, "2"), ("p2", 2.0, "1")] == [(row.group, row.weight, row.order) for row in found]


def test_a_row_without_a_place_in_the_order_is_named(tmp_path: Path) -> None:
    """It would count as the first; a column that is not there is told by the key of the config."""
    build(tmp_path, "{1-3}.jpg\nx.csv := image,label,day\\n1.jpg,a,2\\n2.jpg,b,\\n3.jpg,a,1")
    assert "x.csv:3: no cell to order by, as data.order asks" == wrong(tmp_path / "x.csv", columns={"order": "day"})[0]
    assert ["x.csv: no column center for data.order; it has image, label, day"] == wrong(
        tmp_path / "x.csv", columns={"order": "center"}
    )


def test_names_of_classes_that_cannot_be_told_apart_or_written_are_refused(tmp_path: Path) -> None:
    """A name that two classes have, and half a character that an escape of JSON makes."""
    build(tmp_path, "{1-3}.jpg\nx.csv := id,label\\n1,0\\n2,1\\n3,2\nclasses.txt := crane\\ndog\\ncrane")
    with pytest.raises(DataError, match=r"x.csv: 2 classes in the list of names are called crane; rename them"):
        read_manifest(tmp_path / "x.csv")
    (tmp_path / "x.json").write_text('[{"id": "1", "label": "a"}, {"id": "2", "label": "\\ud800b"}]')
    with pytest.raises(DataError, match=r"x.json: the class \\ud800b has half a character in its name; rename it"):
        read_manifest(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_separators_of_unicode_within_a_name_divide_no_line(name: str, tmp_path: Path) -> None:
    """Which Python's own division of lines does: U+2028 and U+0085 stand raw in JSON and CSV."""
    odd = "a\u2028b\x85c.jpg"
    build(tmp_path, "2.jpg")
    (tmp_path / odd).write_bytes(b"")
    text = f"image,label\n{odd},cat\n2.jpg,dog\n"
    if name == "x.jsonl":
        pairs = [{"image": odd, "label": "cat"}, {"image": "2.jpg", "label": "dog"}]
        text = "".join(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert [(odd, "cat"), ("2.jpg", "dog")] == rows(read_manifest(tmp_path / name), tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.txt", "1.jpg\n2.jpg\n", "x.txt:1: no label, and no folder that could be one"),
        ("x.csv", "image,label,label\n1.jpg,a,b\n", "x.csv: two columns are called label; rename one"),
        (
            "x.jsonl",
            '{"image": "1.jpg", "label": "a"}\n{"image": ["2.jpg"], "label": "b"}',
            'x.jsonl:2: no such file: ["2',
        ),
        (
            "x.json",
            '[{"data": {"image": "1.jpg"}, "annotations": [5]}]',
            "x.json:1: not an object in braces, or no task",
        ),
        ("x.json", '[{"data": {"image": "1.jpg"}, "annotations": 5}]', "x.json:1: not an object in braces, or no task"),
    ],
)
def test_tables_that_look_like_some_and_are_none(name: str, text: str, message: str, tmp_path: Path) -> None:
    """Told by the row, not as an error of the program."""
    build(tmp_path, "{1-2}.jpg")
    (tmp_path / name).write_text(text)
    assert wrong(tmp_path / name)[0].startswith(message)


def test_a_list_may_begin_with_titles_and_a_column_of_splits_is_told_if_it_is_none(tmp_path: Path) -> None:
    """A first line that names no image, where all others do; words that are no splits."""
    build(tmp_path, "{1-2}.jpg\nx.txt := image label\\n1.jpg cat\\n2.jpg dog")
    assert [("1.jpg", "cat"), ("2.jpg", "dog")] == rows(read_manifest(tmp_path / "x.txt"), tmp_path)
    build(tmp_path, "x.csv := image,label,split\\n1.jpg,cat,north\\n2.jpg,dog,south")
    assert "column split is not used as splits: few" in " ".join(read_manifest(tmp_path / "x.csv").notes)


def test_numbers_as_labels_are_in_the_order_of_their_value(tmp_path: Path) -> None:
    """Where no list names them."""
    build(tmp_path, "{1-3}.jpg\nx.csv := id,label\\n1,10\\n2,9\\n3,1")
    assert ("1", "9", "10") == read_manifest(tmp_path / "x.csv").classes


def test_columns_that_are_said_win(tmp_path: Path) -> None:
    """Also over names that are known, and as numbers where there is no header."""
    build(
        tmp_path, "{1-2}.jpg\nx.csv := label,file,kind\\nx,1.jpg,cat\\ny,2.jpg,dog\ny.csv := a,1.jpg,cat\\nb,2.jpg,dog"
    )
    assert ("cat", "dog") == read_manifest(tmp_path / "x.csv", {"label": "kind"}).classes
    assert ("cat", "dog") == read_manifest(tmp_path / "y.csv", {"label": 3}).classes
    assert ["x.csv: no column kin for data.columns.label; did you mean kind?"] == wrong(
        tmp_path / "x.csv", columns={"label": "kin"}
    )


MISTAKES = """path,label,split,weight
1.jpg,cat,train,1
missing.jpg,cat,train,1
../out.jpg,cat,train,1
/etc/passwd.jpg,cat,train,1
2.jpg,,train,1
1.jpg,dog,train,1
3.jpg,dog,middle,1
4.jpg,dog,train,heavy
5.jpg,dog,train,-1
link.jpg,dog,train,1
6.jpg,dog
,dog,train,1
twice,dog,train,1
7.jpg,dog,train,nan
"""


def test_all_mistakes_are_named_with_their_rows(tmp_path: Path) -> None:
    """At once, and nothing is read."""
    build(tmp_path / "set", "{1-9}.jpg\ntwice.jpg\ntwice.png")
    build(tmp_path, "out.jpg\nsecret.jpg")
    (tmp_path / "set/link.jpg").symlink_to(tmp_path / "secret.jpg")
    path = tmp_path / "set/x.csv"
    path.write_text(MISTAKES)
    assert [
        "x.csv:3: no such file: missing.jpg",
        "x.csv:4: a path that climbs out: ../out.jpg",
        "x.csv:5: an absolute path: /etc/passwd.jpg; name it from the table's folder",
        "x.csv:6: no label",
        "x.csv:7: another label than line 2 gives to 1.jpg",
        "x.csv:8: split middle, not train, val or test",
        "x.csv:9: weight heavy, not a number from 0 on",
        "x.csv:10: weight -1, not a number from 0 on",
        "x.csv:11: a link that leads out of the folder: link.jpg",
        "x.csv:12: 2 cells instead of 4",
        "x.csv:13: no file name",
        "x.csv:14: several files are called twice with different suffixes; write the suffix",
        "x.csv:15: weight nan, not a number from 0 on",
        "x.csv: 13 wrong rows of 14; correct or remove them",
    ] == wrong(path)


SEVERAL = "; where images may have several labels or none, write data.task: multilabel"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("x.jsonl", '{"image": "1.jpg"\n[1]\n{"image": "1.jpg", "label": ["a", "b"]}',
         ["x.jsonl:1: no JSON (Expecting ',' delimiter)", "x.jsonl:2: not an object in braces",
          'x.jsonl:3: 2 labels in one cell: ["a", "b"]',
          "x.jsonl: 3 wrong rows of 3; correct or remove them" + SEVERAL]),
        ("x.csv", "file,label\n", ["x.csv:1: no rows below the header"]),
        ("x.csv", "photo,a,b\n1.jpg,u,v\n",
         ["x.csv: no column is known to hold the label; it has photo, a, b; write data.columns: {label: ...}"]),
        ("x.csv", "image,a,b\n1.jpg,1,1\n1.jpg,0,0\n",
         ["x.csv:2: 2 of the class columns are 1, not one of them",
          "x.csv:3: 0 of the class columns are 1, not one of them",
          "x.csv: 2 wrong rows of 2; correct or remove them" + SEVERAL]),
        ("x.json", "{}", ["x.json: neither a list of objects nor an object with classes and labels"]),
    ],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(name: str, text: str, message: list[str], tmp_path: Path) -> None:
    """With the line, or with what is missing."""
    build(tmp_path, "1.jpg")
    (tmp_path / name).write_text(text)
    assert message == wrong(tmp_path / name)


def test_labels_beyond_the_list_are_named(tmp_path: Path) -> None:
    """A number without a name is a mistake of the table or of the list."""
    build(tmp_path, "{1-3}.jpg\nclasses.txt := cat\\ndog\nx.csv := id,y\\n1,0\\n2,1\\n3,2")
    assert "x.csv:4: label 2, but the list of classes has 2, from 0 on" == wrong(tmp_path / "x.csv")[0]


def test_a_folder_that_is_a_link_out_is_refused(tmp_path: Path) -> None:
    """As a file is."""
    build(tmp_path, "other/1.jpg\nset/x.csv := path,label\\nin/1.jpg,cat")
    (tmp_path / "set/in").symlink_to(tmp_path / "other")
    assert "x.csv:2: a link that leads out of the folder: in" == wrong(tmp_path / "set/x.csv")[0]


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """In one line; a named pipe would be waited for."""
    (tmp_path / "x.csv").write_bytes(b"path,label\n1.jpg,caf\xe9\n")
    assert ["x.csv:2: not UTF-8; save the table as UTF-8"] == wrong(tmp_path / "x.csv")
    os.mkfifo(tmp_path / "y.csv")
    for name, reason in (("y.csv", "not a regular file"), ("z.csv", "no such file")):
        with pytest.raises(DataError, match=f"{name}: {reason}$"):
            read_manifest(tmp_path / name)


def test_odd_names_are_escaped_in_messages(tmp_path: Path) -> None:
    """A table cannot write to the terminal."""
    (tmp_path / "x.csv").write_text("path,label\n\x1b[2J.jpg,cat\n")
    assert "x.csv:2: no such file: \\x1b[2J.jpg" == wrong(tmp_path / "x.csv")[0]


def test_an_image_may_be_named_twice_with_the_same_label(tmp_path: Path) -> None:
    """By two annotators who agree; it is trained on once."""
    build(tmp_path, "{1-2}.jpg\nx.csv := image,choice\\n1.jpg,cat\\n1.jpg,cat\\n2.jpg,dog")
    manifest = read_manifest(tmp_path / "x.csv")
    assert [("1.jpg", "cat"), ("2.jpg", "dog")] == rows(manifest, tmp_path)
    assert "named a second time with the same label, and counted once: 1 image" in manifest.notes


def test_parquet_with_images_in_it(tmp_path: Path) -> None:
    """As Hugging Face writes it: bytes and path, numbers as labels, their names in the schema."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    features = {"info": {"features": {"label": {"_type": "ClassLabel", "names": ["dog", "cat"]}}}}
    image = [{"bytes": bytes([i]), "path": f"/home/x/{i}.jpg"} for i in range(3)]
    table = pa.table({"image": image, "label": [1, 0, 1]})
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    parquet.write_table(table, tmp_path / "train.parquet")
    manifest = read_manifest(tmp_path / "train.parquet")
    assert ("dog", "cat") == manifest.classes
    assert manifest.images is not None
    assert [(b"\1", 0), (b"\0", 1), (b"\2", 1)] == [(manifest.images[row.path], row.label) for row in manifest.rows]


def test_pixels_in_cells_are_pictures(tmp_path: Path) -> None:
    """As FER2013 has them; blanks before the names of columns, and a split in words of its own."""
    build(tmp_path, "fer.csv := emotion, pixels, Usage\\n0,0 1 2 255,Training\\n1,9 8 7 6,PrivateTest")
    manifest = read_manifest(tmp_path / "fer.csv")
    assert manifest.images is not None
    assert [(b"P5 2 2 255\n\0\1\2\xff", "train"), (b"P5 2 2 255\n\t\x08\7\6", "test")] == [
        (manifest.images[row.path], row.split) for row in manifest.rows
    ]
    build(tmp_path, "bad.csv := emotion,pixels\\n0,0 1 2\\n1,0 1 2 256\\n1,0 x 2 3\\n1,")
    assert [
        "bad.csv:2: 3 pixels, no square picture",
        "bad.csv:3: pixels that are no numbers from 0 to 255",
        "bad.csv:4: pixels that are no numbers from 0 to 255",
        "bad.csv:5: 0 pixels, no square picture",
    ] == wrong(tmp_path / "bad.csv")[:-1]


def test_lists_of_oxford_pets(tmp_path: Path) -> None:
    """Name without suffix, class from 1, species and breed, below lines of comment; the images beside the folder."""
    build(tmp_path, "images/{cat,dog}_{1-2}.jpg\nannotations/trainval.txt := #Image CLASS\\ncat_1 1 1 1\\ndog_2 2 2 1")
    manifest = read_manifest(tmp_path / "annotations/trainval.txt")
    assert [("images/cat_1.jpg", "1"), ("images/dog_2.jpg", "2")] == rows(manifest, tmp_path)


def test_labels_of_several_words(tmp_path: Path) -> None:
    """As FGVC aircraft lists them: the name before the first blank, the class is the rest of the line."""
    build(tmp_path, "images/{1-2}.jpg\nimages_variant_train.txt := 1 Boeing 707-320\\n2 A300B4")
    manifest = read_manifest(tmp_path / "images_variant_train.txt")
    assert {("images/1.jpg", "Boeing 707-320"), ("images/2.jpg", "A300B4")} == set(rows(manifest, tmp_path))


def test_hostile_parquet_files_are_refused(tmp_path: Path) -> None:
    """What grows without measure, and what is no parquet file."""
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    zeros = pa.array([bytes(1 << 20)] * 300)
    parquet.write_table(pa.table({"image": zeros, "label": [0] * 300}), tmp_path / "x.parquet", use_dictionary=False,
                        compression="zstd")  # fmt: skip
    (tmp_path / "y.parquet").write_bytes(b"PAR1 nothing")
    for name, message in (
        ("x", "declares .* bytes; too much for a file of its size"),
        ("y", "not readable as parquet"),
    ):
        with pytest.raises(DataError, match=message) as caught:
            read_manifest(tmp_path / f"{name}.parquet")
        assert 1 == len(str(caught.value).splitlines())


def test_a_table_in_several_files_is_one(tmp_path: Path) -> None:
    """With one numbering of the classes, files in natural order, columns in any; mistakes are told where they are."""
    build(tmp_path, "{1-4}.jpg\nclasses.txt := cat\\ndog\\ncow\npart-10.csv := label,path\\n3,3.jpg\\n3,4.jpg\n"
          "part-9.csv := path,label\\n1.jpg,1\\n2.jpg,2")  # fmt: skip
    manifest = read_manifest(tmp_path / "part-*.csv")
    assert [("1.jpg", "cat"), ("2.jpg", "dog"), ("3.jpg", "cow"), ("4.jpg", "cow")] == rows(manifest, tmp_path)
    source = read_source(tmp_path / "part-*.csv")
    assert (("cat", "dog", "cow"), 4) == (source.classes, len(source.splits["all"].paths))
    (tmp_path / "part-11.csv").write_text("path,label\n4.jpg,3\n1.jpg,2\n5.jpg\n")
    assert [
        "part-11.csv:3: another label than part-9.csv:2 gives to 1.jpg",
        "part-11.csv:4: 1 cell instead of 2",
        "part-*.csv: 2 wrong rows of 7; correct or remove them",
    ] == wrong(tmp_path / "part-*.csv")
    (tmp_path / "part-11.csv").write_text("path,kind\n4.jpg,3\n")
    assert ["part-11.csv: not the columns that part-9.csv has"] == wrong(tmp_path / "part-*.csv")
