"""From a path to labeled images: folders, tables, arrays and archives, and what the config says about them."""

from __future__ import annotations

import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.reading import Reading, compiled_label_pattern, read_source
from nncli.errors import DataError, UsageError
from tests.data.layout.test_trees import build

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.data.source import ImageSource


def found(source: ImageSource, root: Path) -> dict[str, list[tuple[str, str]]]:
    """Split -> (path from the root, class) of each image."""
    return {
        split: [(os.path.relpath(p, root), source.classes[l]) for p, l in zip(files.paths, files.labels, strict=True)]
        for split, files in source.splits.items()
    }


def refusal(path: Path, kind: type[Exception] = DataError, **said: Any) -> str:
    """Why a path cannot be read, without its folder."""
    with pytest.raises(kind) as caught:
        read_source(path, Reading(**said))
    return str(caught.value).replace(f"{path.parent}/", "").replace(str(path), path.name)


def test_labels_from_names(tmp_path: Path) -> None:
    """Cats and dogs in one folder, or in several."""
    build(tmp_path / "p", "cat.{0-1}.jpg\nmore/dog.{0-1}.jpg")
    source = read_source(tmp_path / "p", Reading(label_from=r"(?P<label>[a-z]+)\.\d+\.jpg"))
    assert {
        "all": [("cat.0.jpg", "cat"), ("cat.1.jpg", "cat"), ("more/dog.0.jpg", "dog"), ("more/dog.1.jpg", "dog")]
    } == found(source, tmp_path / "p")


def test_names_that_do_not_match_are_named(tmp_path: Path) -> None:
    """None is left out silently."""
    build(tmp_path / "p", "cat.{0-1}.jpg\ndog.1.jpg\nREADME.jpg")
    message = refusal(tmp_path / "p", label_from=r"(?P<label>[a-z]+)\.\d+\.jpg")
    assert "p: data.label_from does not match README.jpg; change the pattern, or move them away" == message


@pytest.mark.parametrize("pattern", ["(", "cat", "(?P<name>.*)"])
def test_patterns_that_say_no_label_are_refused(pattern: str) -> None:
    """With what is missing."""
    with pytest.raises(UsageError, match=r"^data\.label_from (is no regular expression|has no group called label)"):
        compiled_label_pattern(pattern)


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_metadata_in_an_image_folder_is_read(suffix: str, tmp_path: Path) -> None:
    """Hugging Face's, in each split folder, and only where no folder is a class."""
    for split in ("train", "test"):
        build(tmp_path, f"{split}/{{1-2}}.png")
        rows = [{"file_name": f"{i}.png", "label": label} for i, label in ((1, "cat"), (2, "dog"))]
        csv = "\n".join(["file_name,label", *(",".join(row.values()) for row in rows)])
        text = csv if suffix == "csv" else "\n".join(map(json.dumps, rows))
        (tmp_path / split / f"metadata.{suffix}").write_text(text)
    assert {
        "train": [("train/1.png", "cat"), ("train/2.png", "dog")],
        "test": [("test/1.png", "cat"), ("test/2.png", "dog")],
    } == found(read_source(tmp_path), tmp_path)


def test_labels_of_fiftyone_are_read(tmp_path: Path) -> None:
    """The folder data and a table of indices beside it."""
    build(tmp_path, "data/{1-2}.png")
    (tmp_path / "labels.json").write_text(json.dumps({"classes": ["dog", "cat"], "labels": {"1": 1, "2": 0}}))
    source = read_source(tmp_path)
    assert ("dog", "cat") == source.classes
    assert {"all": [("data/2.png", "dog"), ("data/1.png", "cat")]} == found(source, tmp_path)


def test_lists_of_train_and_test_are_one_set(tmp_path: Path) -> None:
    """As Food-101 and datumaro have them: the list of training brings the others."""
    build(tmp_path, "images/{cat,dog}/{1-2}.jpg\nmeta/train.txt := cat/1\\ndog/1\nmeta/test.txt := cat/2\\ndog/2")
    source = read_source(tmp_path / "meta/train.txt")
    assert {
        "train": [("images/cat/1.jpg", "cat"), ("images/dog/1.jpg", "dog")],
        "test": [("images/cat/2.jpg", "cat"), ("images/dog/2.jpg", "dog")],
    } == found(source, tmp_path)


def test_a_table_of_test_images_without_labels_is_left_out(tmp_path: Path) -> None:
    """Kaggle's; said."""
    build(tmp_path, "images/{1-3}.jpg\ntrain.csv := id,label\\n1,cat\\n2,dog\ntest.csv := id,fare,age\\n3,1,2")
    source = read_source(tmp_path / "train.csv")
    assert ["train"] == list(source.splits)
    assert "left out test.csv: it has no labels" in source.notes


def test_rows_without_a_split_are_trained_on(tmp_path: Path) -> None:
    """Said; those of a split are not."""
    build(tmp_path, "{1-4}.jpg\nx.csv := id,label,split\\n1,cat,\\n2,dog,\\n3,cat,test\\n4,dog,test")
    source = read_source(tmp_path / "x.csv")
    assert {"train": [("1.jpg", "cat"), ("2.jpg", "dog")], "test": [("3.jpg", "cat"), ("4.jpg", "dog")]} == found(
        source, tmp_path
    )
    assert "without a split, so trained on: 2 rows" in source.notes


def test_groups_stay_together(tmp_path: Path) -> None:
    """No patient is on both sides of a drawn split."""
    rows = [f"{i},{['cat', 'dog'][i % 2]},p{i // 4}" for i in range(40)]
    build(tmp_path, "{0-39}.jpg\nx.csv := id,label,patient\\n" + "\\n".join(rows))
    source = read_source(tmp_path / "x.csv")
    group_of = {str(tmp_path / f"{i}.jpg"): i // 4 for i in range(40)}
    training, validation = source.split(0.2, seed=1)
    groups = [{group_of[path] for path in files.paths} for files in (training, validation)]
    assert set() == groups[0] & groups[1]
    assert 8 == len(validation.paths)
    assert "images of a group, of 10 groups, stay together when validation images are drawn" in source.notes


def test_the_last_images_are_for_validation(tmp_path: Path) -> None:
    """Where the config names a column that says when."""
    rows = [f"{i},{['cat', 'dog'][i % 2]},{100 - i}" for i in range(10)]
    build(tmp_path, "{0-9}.jpg\nx.csv := id,label,second\\n" + "\\n".join(rows))
    _, validation = read_source(tmp_path / "x.csv", Reading(order="second")).split(0.3, seed=1)
    assert {"0.jpg", "1.jpg", "2.jpg"} == {os.path.basename(path) for path in validation.paths}  # noqa: PTH119


def test_moments_are_compared_as_numbers(tmp_path: Path) -> None:
    """Digit by digit 10.5 would come before 10.25, and -1 before -2."""
    moments = ["-2", "-1", "9.75", "10.25", "10.5", "1e3"]
    rows = [f"{i},{['cat', 'dog'][i % 2]},{moment}" for i, moment in enumerate(moments)]
    build(tmp_path, "{0-5}.jpg\nx.csv := id,label,second\\n" + "\\n".join(rows))
    source = read_source(tmp_path / "x.csv", Reading(order="second"))
    kept = [{os.path.basename(path)[0] for path in source.split(part, seed=1)[1].paths} for part in (0.2, 0.4, 0.8)]  # noqa: PTH119
    assert [{"5"}, {"4", "5"}, {"1", "2", "3", "4", "5"}] == kept


def test_arrays_come_class_by_class(tmp_path: Path) -> None:
    """As a folder would have them; rows and columns are exchanged where the config says so."""
    images = np.arange(4 * 6, dtype=np.uint8).reshape(4, 2, 3)
    np.savez(tmp_path / "x.npz", x_train=images, y_train=[1, 0, 1, 0])
    plain, turned = (read_source(tmp_path / "x.npz", Reading(transpose=value)) for value in (False, True))
    assert (("1", "3", "0", "2"), (0, 0, 1, 1)) == (plain.splits["train"].paths, plain.splits["train"].labels)
    assert np.array_equal(images, plain.images)  # type: ignore[attr-defined]
    assert np.array_equal(images.transpose(0, 2, 1), turned.images)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "said", "message"),
    [
        ("x.csv", {"splits": "none"}, "data.splits has no meaning for a table; remove it"),
        ("x.csv", {"transpose": True}, "data.transpose has no meaning for a table; remove it"),
        ("p", {"columns": {"label": "x"}}, "data.columns has no meaning for class folders; remove it"),
        ("x.npz", {"label_from": "(?P<label>.)"}, "data.label_from has no meaning for arrays; remove it"),
        ("x.zip", {"order": "x"}, "data.order has no meaning for class folders; remove it"),
    ],
)
def test_what_has_no_meaning_is_refused(name: str, said: dict[str, Any], message: str, tmp_path: Path) -> None:
    """Not ignored."""
    build(tmp_path, "p/{cat,dog}/{1-2}.jpg\nx.csv := path,label\\np/cat/1.jpg,cat\\np/dog/1.jpg,dog")
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 4, 4), np.uint8), y=[0, 1])
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("cat/1.jpg", b"")
        archive.writestr("dog/1.jpg", b"")
    assert message == refusal(tmp_path / name, UsageError, **said)


def test_arrays_without_images_to_train_on_are_refused(tmp_path: Path) -> None:
    """As tables are; evaluation takes those of a test alone."""
    np.savez(tmp_path / "x.npz", x_test=np.zeros((2, 3, 3), np.uint8), y_test=[0, 1])
    assert "x.npz: test without images to train on" == refusal(tmp_path / "x.npz")
    assert {"test"} == set(read_source(tmp_path / "x.npz", Reading(is_training=False)).splits)


@pytest.mark.parametrize(
    ("files", "name", "message"),
    [
        ("x.jpg", "x.jpg", "x.jpg: neither a folder nor a table (.csv, "),
        ("a/1.jpg", "b", "b: no such folder"),
        ("{1-2}.jpg\nx.csv := id,label\\n1,cat\\n2,cat", "x.csv", "x.csv: all images are of class cat"),
        (
            "{1-2}.jpg\nx.csv := id,label,split\\n1,cat,test\\n2,dog,test",
            "x.csv",
            "x.csv: test without images to train on",
        ),
        (
            "{1-3}.jpg\nx.csv := id,label,split\\n1,cat,train\\n2,dog,train\\n3,cow,test",
            "x.csv",
            "x.csv: no images of class cow to train on",
        ),
    ],
)
def test_what_cannot_be_trained_on_is_refused(files: str, name: str, message: str, tmp_path: Path) -> None:
    """With what is missing."""
    assert refusal(build(tmp_path, files) / name).startswith(message)
