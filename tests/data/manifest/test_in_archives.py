"""Tables of images that lie in an archive beside their images."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from nncli.data.reading import Reading, read_source
from nncli.errors import DataError, UsageError
from nncli.evaluation.labeled_folder import measured_images
from tests.data.layout.test_archive import pack
from tests.data.layout.test_trees import build
from tests.folders import write_image

if TYPE_CHECKING:
    from pathlib import Path

    from nncli.data.source import LabeledFiles

TABLES = {
    "classification": "train.csv := id,label,patient\\n1,cat,a\\n2,dog,a\\n10,dog,b\\n4,cat,b",
    "multilabel": "train.csv := id,labels,patient\\n1,0;1,a\\n2,,a\\n10,1,b\\n4,0,b",
    "regression": "train.csv := id,angle,patient\\n1,0.5,a\\n2,-1,a\\n10,2,b\\n4,0,b",
}


def short(files: LabeledFiles, root: str) -> tuple[Any, ...]:
    """What is known of images, with their paths below `root`."""
    return tuple(path.removeprefix(f"{root}/") for path in files.paths), files.labels, files.targets


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
@pytest.mark.parametrize("task", TABLES)
def test_a_table_in_an_archive_is_read_as_beside_its_images(task: str, suffix: str, tmp_path: Path) -> None:
    """Classes, labels by a list, numbers, groups and the table of the other split; paths begin as the archive does."""
    build(tmp_path / "p", f"set/images/{{1,2,10,4,5}}.jpg\nset/{TABLES[task]}")
    build(tmp_path / "p", "set/classes.txt := cat\\ndog\nset/test.csv := id,label,labels,angle\\n5,dog,1,7")
    packed = pack(tmp_path / "p", tmp_path / f"x.{suffix}")
    expected = read_source(tmp_path / "p/set/train.csv", Reading(task=task))
    found = read_source(f"{tmp_path}/./x.{suffix}/set/train.csv", Reading(task=task))
    assert (expected.classes, list(expected.splits)) == (found.classes, list(found.splits))
    for split, files in expected.splits.items():
        assert short(files, f"{tmp_path}/p") == short(found.splits[split], f"{tmp_path}/./x.{suffix}")
    assert list("aabb") == sorted(expected.groups.values())[-4:] == sorted(found.groups.values())[-4:]
    assert expected.has_labels == found.has_labels == (task == "multilabel")
    assert f"images are read from {tmp_path}/./{packed.name}/set/images" in found.notes


def test_metadata_in_an_archive_is_found(tmp_path: Path) -> None:
    """Hugging Face's, as in a folder; the hint of an archive with another table names what can be written."""
    build(tmp_path / "p", "{1-2}.png\nmetadata.csv := file_name,angle\\n1.png,1\\n2.png,2")
    source = read_source(pack(tmp_path / "p", tmp_path / "x.zip"), Reading(task="regression"))
    assert ((1.0,), (2.0,)) == source.splits["all"].targets
    (tmp_path / "p/metadata.csv").rename(tmp_path / "p/angles.csv")
    packed = pack(tmp_path / "p", tmp_path / "x.zip")
    for task in ("classification", "regression"):
        with pytest.raises(
            DataError, match=r"angles\.csv may hold the labels: write data\.path: .*/x\.zip/angles\.csv"
        ):
            read_source(packed, Reading(task=task))


def test_numbers_stay_with_their_images(tmp_path: Path) -> None:
    """Evaluation reads an archive from front to back, whatever the order of the table; pixels are those of the file."""
    for number in (3, 1, 2):
        write_image(tmp_path / f"{number}.png", 80 * number - 40, number)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for number in (3, 1, 2):
            archive.write(tmp_path / f"{number}.png", f"{number}.png")
        archive.writestr("t.csv", "image,angle\n1.png,1\n2.png,2\n3.png,3\n")
    images = measured_images(f"{tmp_path}/x.zip/t.csv", None, {"label": ["angle"]})
    assert [(3.0,), (1.0,), (2.0,)] == list(images.targets)
    for (name, content), path, (target,) in zip(images.opened(), images.paths, images.targets, strict=True):
        assert name == path
        assert (tmp_path / f"{target:.0f}.png").read_bytes() == content


def test_parquet_in_an_archive(tmp_path: Path) -> None:
    """With the bytes of its images."""
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    image = [{"bytes": bytes([i]), "path": f"{i}.jpg"} for i in range(2)]
    parquet.write_table(pa.table({"image": image, "label": ["a", "b"]}), tmp_path / "train-0.parquet")
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(tmp_path / "train-0.parquet", "data/train-0.parquet")
    source = read_source(tmp_path / "x.zip")
    assert [b"\0", b"\1"] == [content for _, content in source.opened(source.splits["train"].paths)]


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("image,label\n../2.jpg,a\n/etc/x,a\n9.jpg,a", UsageError, r"t\.csv:2: a path that climbs out"),
        ("image,label\n../2.jpg,a\n/etc/x,a\n9.jpg,a", UsageError, r"t\.csv:3: an absolute path"),
        ("image,label\n../2.jpg,a\n/etc/x,a\n9.jpg,a", UsageError, r"t\.csv:4: no such file: 9\.jpg"),
        ("", DataError, r"t\.csv: no rows in it"),
        (None, DataError, r"x\.zip/t\.csv: no such file in the archive"),
    ],
)
def test_wrong_tables_in_archives_are_refused(
    text: str | None, kind: type[Exception], message: str, tmp_path: Path
) -> None:
    """With their rows, as of tables that are files."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("1.jpg", b"")
        if text is not None:
            archive.writestr("t.csv", text)
    with pytest.raises(kind, match=message):
        read_source(tmp_path / "x.zip/t.csv")


def test_arrays_in_an_archive_are_named(tmp_path: Path) -> None:
    """They are not read there."""
    np.save(tmp_path / "images.npy", np.zeros((2, 4, 4), np.uint8))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.write(tmp_path / "images.npy", "images.npy")
        archive.writestr("about.json", json.dumps({}))
    with pytest.raises(DataError, match=r"x\.zip: arrays are not read from an archive; unpack it"):
        read_source(tmp_path / "x.zip")
