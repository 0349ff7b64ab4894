"""Image folders in archives, and archives that try to do harm."""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from nncli.data.image_folder import scan_image_folder, scan_tree
from nncli.data.layout.archive import Archive, ArchiveTree
from nncli.data.reading import is_archive_name
from nncli.errors import DataError
from tests.data.layout.test_trees import READ, Tree, build

if TYPE_CHECKING:
    from pathlib import Path

MODES = {"zip": "", "tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}


def pack(folder: Path, path: Path) -> Path:
    """Write everything below `folder` into an archive, of the kind that its suffix says."""
    files = sorted(found for found in folder.rglob("*") if found.is_file())
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for file in files:
                archive.write(file, file.relative_to(folder))
    else:
        with tarfile.open(path, MODES[path.name.partition(".")[2]]) as archive:  # type: ignore[call-overload]
            for file in files:
                archive.add(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize("suffix", MODES)
@pytest.mark.parametrize("tree", READ[:1] + READ[16:24:3], ids=lambda tree: tree.name)
def test_an_archive_is_read_as_its_folder_would_be(suffix: str, tree: Tree, tmp_path: Path) -> None:
    """The same classes, splits, order and notes."""
    folder = scan_image_folder(build(tmp_path / "photos", tree.files))
    path = pack(tmp_path / "photos", tmp_path / f"x.{suffix}")
    found = scan_tree(ArchiveTree(Archive(path)))
    assert folder.classes == found.classes
    assert list(folder.splits) == list(found.splits)
    for split, files in folder.splits.items():
        assert files.labels == found.splits[split].labels
        names = [os.path.relpath(name, tmp_path / "photos") for name in files.paths]
        assert [f"{path}/{name}" for name in names] == list(found.splits[split].paths)
    assert [note.replace(str(tmp_path / "photos"), str(path)) for note in folder.notes] == list(found.notes)


@pytest.mark.parametrize("suffix", MODES)
def test_members_are_read_in_their_order(suffix: str, tmp_path: Path) -> None:
    """Whatever order they are asked for in: a compressed tar is read once, front to back."""
    build(tmp_path / "p", "a/1.jpg := one\nb/2.jpg := two\nb/3.jpg := three")
    archive = Archive(pack(tmp_path / "p", tmp_path / f"x.{suffix}"))
    found = list(archive.contents(["b/3.jpg", "a/1.jpg", "b/2.jpg"]))
    assert [("a/1.jpg", b"one"), ("b/2.jpg", b"two"), ("b/3.jpg", b"three")] == found


def test_names_of_windows_and_macos(tmp_path: Path) -> None:
    """Backslashes are folders, and what an archive of macOS adds is junk."""
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name in ("p\\cat\\1.jpg", "p\\dog\\1.jpg", "__MACOSX/p/cat/._1.jpg", "p\\cat\\Thumbs.db"):
            archive.writestr(name, b"")
    found = scan_tree(ArchiveTree(Archive(tmp_path / "x.zip")))
    assert ("cat", "dog") == found.classes
    assert 2 == len(found.splits["all"].paths)


def test_suffixes_are_known() -> None:
    """In any case."""
    assert all(map(is_archive_name, ("x.zip", "X.ZIP", "a.tar.gz", "a.tgz")))
    assert not any(map(is_archive_name, ("x", "x.gz", "zip")))


def zip_with(path: Path, name: str, size: int = 0, *, link: bool = False) -> None:
    """Write a zip of one member of so many zeros."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = (0o120777 if link else 0o100644) << 16
        info.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(info, bytes(size))


def tar_with(path: Path, name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> None:
    """Write the header of one member, which declares a size and has nothing."""
    info = tarfile.TarInfo(name)
    info.size, info.type, info.linkname = size, kind, "/etc/passwd"
    path.write_bytes(info.tobuf() + bytes(1024))


@pytest.mark.parametrize("name", ["../1.jpg", "a/../../1.jpg", "/etc/1.jpg", "C:/1.jpg"])
def test_members_that_climb_out_are_refused(name: str, tmp_path: Path) -> None:
    """In zip and in tar."""
    zip_with(tmp_path / "x.zip", name)
    tar_with(tmp_path / "x.tar", name)
    for path in (tmp_path / "x.zip", tmp_path / "x.tar"):
        with pytest.raises(DataError, match="a member leads out of the archive"):
            Archive(path)


def test_links_are_no_images(tmp_path: Path) -> None:
    """Wherever they lead."""
    zip_with(tmp_path / "x.zip", "cat/1.jpg", link=True)
    tar_with(tmp_path / "x.tar", "cat/1.jpg", kind=tarfile.SYMTYPE)
    assert {} == Archive(tmp_path / "x.zip").members == Archive(tmp_path / "x.tar").members
    assert ["cat/1.jpg"] == Archive(tmp_path / "x.zip").no_files == Archive(tmp_path / "x.tar").no_files
    assert ["ignored 1 as a link, or no file, in the archive: cat/1.jpg"] == ArchiveTree(
        Archive(tmp_path / "x.tar")
    ).ignored.notes()


def test_a_hard_link_is_the_member_that_it_links_to(tmp_path: Path) -> None:
    """As tar keeps a file that lies in two folders; one to nowhere is no file."""
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        first = tarfile.TarInfo("./cat/1.jpg")
        first.size = 3
        archive.addfile(first, io.BytesIO(b"abc"))
        for name, target in (("cat/2.jpg", "./cat/1.jpg"), ("cat/3.jpg", "gone.jpg")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.LNKTYPE, target
            archive.addfile(link)
    found = Archive(tmp_path / "x.tar")
    assert {"cat/1.jpg": b"abc", "cat/2.jpg": b"abc"} == dict(found.contents(list(found.members)))
    assert ["cat/3.jpg"] == found.no_files


def test_bombs_are_refused(tmp_path: Path) -> None:
    """Before they are unpacked: 10 GB declared, and 300 MB of zeros."""
    tar_with(tmp_path / "x.tar", "cat/1.jpg", 10 << 30)
    zip_with(tmp_path / "x.zip", "cat/1.jpg", 300 << 20)
    for path in (tmp_path / "x.tar", tmp_path / "x.zip"):
        with pytest.raises(DataError, match=r"cat/1.jpg declares .* bytes; too much for an archive of its size"):
            Archive(path)


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"no archive at all", bytes(10), b"\x1f\x8b\x08"])
@pytest.mark.parametrize("suffix", ["zip", "tar", "tar.gz"])
def test_what_is_no_archive_is_refused(suffix: str, data: bytes, tmp_path: Path) -> None:
    """In one line."""
    (tmp_path / f"x.{suffix}").write_bytes(data)
    with pytest.raises(
        DataError, match=r"not readable as an archive|neither a zip nor a tar archive: .*; fetch it again"
    ) as caught:
        Archive(tmp_path / f"x.{suffix}")
    assert 1 == len(str(caught.value).splitlines())


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    """There is nobody to ask for the password."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("cat/1.jpg", b"x")
    data = bytearray(buffer.getvalue())
    data[data.index(b"PK\1\2") + 8] |= 1
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(DataError, match=r"cat/1\.jpg is encrypted; unpack it first"):
        Archive(tmp_path / "x.zip")


def test_a_damaged_member_has_its_reason(tmp_path: Path) -> None:
    """The others are still read."""
    build(tmp_path / "p", "a/1.jpg := one\nb/2.jpg := two")
    path = pack(tmp_path / "p", tmp_path / "x.zip")
    path.write_bytes(path.read_bytes().replace(b"one", b"0ne"))
    first, second = Archive(path).contents(["a/1.jpg", "b/2.jpg"])
    assert "damaged in the archive (Bad CRC-32" in str(first[1])
    assert ("b/2.jpg", b"two") == second
