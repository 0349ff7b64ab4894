"""Archives of arrays: what is written is read, a stranger's file is refused, and a failed write loses nothing."""

from __future__ import annotations

import errno
import io
import os
import pickle
import resource
import stat
import subprocess
import sys
import threading
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.lib import format as npy_format

from nncli.errors import ModelFileError, NncliError
from nncli.machine import atomic_file
from nncli.machine.npz_file import parse_text_array, read_npz, text_array, write_npz

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ARRAYS: dict[str, NDArray[Any]] = {
    "metadata": np.frombuffer(b'{"format": "example"}', np.uint8),
    "W1": np.arange(12, dtype=np.float32).reshape(3, 4) / 7,
    "b1": np.array([[1.5], [-2.0], [np.pi]]),
}


def npy(array: NDArray[Any], version: tuple[int, int] = (1, 0)) -> bytes:
    """An array as NumPy writes it, objects as a pickle."""
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"):
        npy_format.write_array(file, array, version=version)
    return file.getvalue()


def npy_with_header(header: str, data: bytes = b"") -> bytes:
    """An array file with a header of one's own."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data


def write_zip(path: Path, members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_STORED) -> Path:
    """A zip archive made by hand."""
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def assert_refused(path: Path, reason: str) -> None:
    """Reading fails with one line that begins with the path and gives the reason."""
    with pytest.raises(ModelFileError, match=reason) as caught:
        read_npz(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def assert_same(expected: dict[str, Any], found: dict[str, NDArray[Any]]) -> None:
    """The same names, types, shapes and bits."""
    assert list(expected) == list(found)
    for name, array in expected.items():
        assert (np.shape(array), np.asarray(array).dtype) == (found[name].shape, found[name].dtype)
        assert np.asarray(array).tobytes() == found[name].tobytes()


# ---------------------------------------------------------------------------------------------------- what comes back


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 0), (2, 3), (5, 1), (2, 3, 4)])
@pytest.mark.parametrize("dtype", ["uint8", "int8", "uint16", "int32", "int64", "float16", "float32", "float64", ">f4"])
def test_every_type_and_shape_comes_back(tmp_path: Path, dtype: str, shape: tuple[int, ...]) -> None:
    """Any array of plain numbers is read as it was written, an empty one and a single number too."""
    array = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
    write_npz(tmp_path / "a.npz", {"x": array})
    assert_same({"x": array}, read_npz(tmp_path / "a.npz"))


def test_order_of_names_is_kept(tmp_path: Path) -> None:
    """The arrays come back in the order in which they were written."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    assert_same(ARRAYS, read_npz(tmp_path / "a.npz"))


def test_memory_order_does_not_matter(tmp_path: Path) -> None:
    """A transposed view and every other row are written like the copies they stand for."""
    base = np.arange(24.0).reshape(4, 6)
    write_npz(tmp_path / "views.npz", {"T": base.T, "rows": base[::2], "column": base[:, 3:4]})
    write_npz(tmp_path / "copies.npz", {"T": base.T.copy(), "rows": base[::2].copy(), "column": base[:, 3:4].copy()})
    assert (tmp_path / "copies.npz").read_bytes() == (tmp_path / "views.npz").read_bytes()
    assert_same({"T": base.T, "rows": base[::2], "column": base[:, 3:4]}, read_npz(tmp_path / "views.npz"))


def test_infinities_and_nan_are_numbers_here(tmp_path: Path) -> None:
    """Which values make sense is for the caller to say."""
    array = np.array([np.inf, -np.inf, np.nan, -0.0])
    write_npz(tmp_path / "a.npz", {"x": array})
    assert_same({"x": array}, read_npz(tmp_path / "a.npz"))


def test_equal_arrays_give_equal_bytes(tmp_path: Path) -> None:
    """No clock, no path and no process is in the file."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    (tmp_path / "other").mkdir()
    write_npz(tmp_path / "other" / "b.npz", {name: array.copy() for name, array in ARRAYS.items()})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "other" / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {(1980, 1, 1, 0, 0, 0)} == {info.date_time for info in archive.infolist()}


def test_numpy_alone_reads_it(tmp_path: Path) -> None:
    """The file is an ordinary .npz."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    with np.load(tmp_path / "a.npz") as archive:
        assert_same(ARRAYS, dict(archive))


def test_what_numpy_writes_is_read(tmp_path: Path) -> None:
    """A file from numpy.savez is as good."""
    np.savez(tmp_path / "a.npz", **ARRAYS)  # type: ignore[arg-type]
    assert_same(ARRAYS, read_npz(tmp_path / "a.npz"))


@pytest.mark.parametrize("values", [{}, {"a": [1, 2.5, None, True], "b": {"ä": "\udcff\x1b\n"}}])
def test_text_travels_as_bytes(values: dict[str, Any]) -> None:
    """Names of any kind survive, even those that are no UTF-8."""
    array = text_array(values)
    assert np.uint8 == array.dtype
    assert values == parse_text_array(array)


@pytest.mark.parametrize(
    "array",
    [
        np.frombuffer(b"{}{}{}{}", np.float64),
        np.frombuffer(b"{}", np.int8),
        np.frombuffer(b"{}", np.uint8).reshape(1, 2),
        np.frombuffer(b"[]", np.uint8),
        np.frombuffer(b"\xff\xfe{\x00}\x00", np.uint8),
        np.frombuffer(b"", np.uint8),
        np.frombuffer(b"[" * 100_000, np.uint8),
        np.frombuffer(b'{"a": ' + b"9" * 5000 + b"}", np.uint8),
    ],
    ids=["float64", "int8", "2d", "list", "utf16", "empty", "nested", "digits"],
)
def test_bytes_that_are_no_mapping_are_refused(array: NDArray[Any]) -> None:
    """Only a JSON object in UTF-8 is text."""
    with pytest.raises((ValueError, RecursionError)):
        parse_text_array(array)


# ------------------------------------------------------------------------------------------------------ what is refused


def test_a_missing_file(tmp_path: Path) -> None:
    """The reason is the system's."""
    assert_refused(tmp_path / "a.npz", "cannot be read: No such file or directory")


def test_a_folder(tmp_path: Path) -> None:
    """A folder is no archive."""
    assert_refused(tmp_path, "is not a regular file")


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing permission is not called damage."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    monkeypatch.setattr(Path, "open", failing(errno.EACCES))
    assert_refused(tmp_path / "a.npz", "cannot be read: Permission denied")


def test_a_named_pipe_does_not_hang(tmp_path: Path) -> None:
    """Nobody ever writes to this one."""
    os.mkfifo(tmp_path / "a.npz")
    thread = threading.Thread(target=assert_refused, args=(tmp_path / "a.npz", "is not a regular file"), daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"P",
        b"hello\n" * 20,
        b"\x93NUMPY",
        pickle.dumps(ARRAYS),
        npy(ARRAYS["W1"]),
        b"PK\5\6" + 18 * b"\0",
        20 * b"\0" + b"PK\5\6" + 18 * b"\0",
    ],
    ids=["empty", "short", "text", "magic", "pickle", "npy", "no-members", "no-members-padded"],
)
def test_something_else(tmp_path: Path, content: bytes) -> None:
    """What is no archive of arrays is refused."""
    (tmp_path / "a.npz").write_bytes(content)
    assert_refused(tmp_path / "a.npz", r"is damaged or not written by nncli \(.+\)$")


class Bomb:
    """What an attacker would put into a pickle."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        """Have `os.system` called when it is loaded."""
        return os.system, ("touch exploded",)


def test_a_pickle_inside_is_not_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An array of objects is refused before anything of it runs."""
    monkeypatch.chdir(tmp_path)
    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    write_zip(tmp_path / "a.npz", [("x.npy", npy(bomb))])
    assert_refused(tmp_path / "a.npz", "x.npy is not a plain array of numbers")
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    "array",
    [
        np.array(["text"]),
        np.array([b"bytes"]),
        np.array([True]),
        np.array([1j]),
        np.array(["2020-01-01"], "datetime64[D]"),
        np.zeros(2, [("a", "f4"), ("b", "i4")]),
    ],
    ids=lambda array: str(array.dtype),
)
def test_an_array_that_is_not_of_plain_numbers(tmp_path: Path, array: NDArray[Any]) -> None:
    """Floats and integers are all that is needed."""
    write_zip(tmp_path / "a.npz", [("x.npy", npy(array))])
    assert_refused(tmp_path / "a.npz", "x.npy is not a plain array of numbers")


def test_columns_first(tmp_path: Path) -> None:
    """Arrays in Fortran's order are never written, so they are not read."""
    write_zip(tmp_path / "a.npz", [("x.npy", npy(np.asfortranarray(ARRAYS["W1"])))])
    assert_refused(tmp_path / "a.npz", "x.npy is not a plain array of numbers")


@pytest.mark.parametrize("version", [(2, 0), (3, 0)])
def test_another_version_of_the_array_format(tmp_path: Path, version: tuple[int, int]) -> None:
    """Plain arrays need no other than 1.0."""
    write_zip(tmp_path / "a.npz", [("x.npy", npy(ARRAYS["W1"], version))])
    assert_refused(tmp_path / "a.npz", "x.npy has another version")


def test_compressed(tmp_path: Path) -> None:
    """A few bytes could become gigabytes."""
    write_zip(tmp_path / "a.npz", [("x.npy", npy(np.zeros(100_000)))], zipfile.ZIP_DEFLATED)
    assert_refused(tmp_path / "a.npz", "x.npy is compressed")


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("claimed", [200, 3000])
def test_compressed_with_false_sizes(tmp_path: Path, compression: int, claimed: int) -> None:
    """Sizes in the table of contents that are equal, and are not, do not hide it."""
    noise = np.random.default_rng(0).bytes(1000)
    path = write_zip(tmp_path / "a.npz", [("x.npy", npy(np.frombuffer(noise, np.uint8)))], compression)
    data = bytearray(path.read_bytes())
    size = data.index(b"PK\1\2") + 24
    data[size : size + 4] = data[size - 4 : size] if compression else claimed.to_bytes(4, "little")
    path.write_bytes(data)
    assert_refused(path, r"x\.npy is compressed")


def test_an_array_that_occurs_twice(tmp_path: Path) -> None:
    """Two readers could disagree on which of them counts."""
    write_zip(tmp_path / "a.npz", [("x.npy", npy(np.zeros(1))), ("x.npy", npy(np.ones(1)))])
    assert_refused(tmp_path / "a.npz", "an array occurs twice")


@pytest.mark.parametrize("name", ["x", "x.txt", "x.npy/", "folder/x.npy", "../x.npy", "/x.npy"])
def test_a_name_that_is_no_array_s(tmp_path: Path, name: str) -> None:
    """Members are called like arrays, without a path."""
    write_zip(tmp_path / "a.npz", [(name, npy(np.zeros(1)))])
    assert_refused(tmp_path / "a.npz", "is not an array")


def test_a_name_that_would_repaint_the_terminal(tmp_path: Path) -> None:
    """Names from the file are shown with their control characters escaped."""
    write_zip(tmp_path / "a.npz", [("\x1b[2J", b"")])
    assert_refused(tmp_path / "a.npz", r"\\x1b\[2J is not an array")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1.0,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1L,), }",  # Python 2: NumPy would warn
        "{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1" + 50 * "0" + "), }",
        "{'descr': '<f8', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': '<f8', 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': 'nonsense', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "__import__('os').system('touch exploded')",
        "[" * 1000,
        "(" * 9000,
        "-" * 9000 + "1",
        "'" + "x" * 20_000,
        "\0",
        "",
    ],
)
def test_a_header_of_one_s_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, header: str) -> None:
    """Whatever stands in an array's header, the answer is one line, and nothing is run."""
    monkeypatch.chdir(tmp_path)
    write_zip(tmp_path / "a.npz", [("x.npy", npy_with_header(header, 8 * b"\0"))])
    assert_refused(tmp_path / "a.npz", "is damaged or not written by nncli")
    assert not (tmp_path / "exploded").exists()


# ------------------------------------------------------------------------------------------------------- hostile sizes


def peak_memory(path: Path, reason: str) -> int:
    """Bytes allocated at once while `path` is refused."""
    tracemalloc.start()
    try:
        assert_refused(path, reason)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", ["(1000000000,)", "(1, 1, 100000, 10000)", "(2,)", "(0,)"])
def test_a_shape_of_another_size_than_the_data(tmp_path: Path, shape: str) -> None:
    """What a header declares is compared with what is there before memory is allocated."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    write_zip(tmp_path / "a.npz", [("x.npy", npy_with_header(header, 8 * b"\0"))])
    assert peak_memory(tmp_path / "a.npz", r"x.npy declares \d+ bytes and has 8") < 1e6


def test_a_member_that_claims_more_than_the_file(tmp_path: Path) -> None:
    """Neither the array's header nor the archive's table of contents is believed."""
    n = 250_000_000
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({n},), }}"
    path = write_zip(tmp_path / "a.npz", [("x.npy", npy_with_header(header, 8 * b"\0"))])
    data = bytearray(path.read_bytes())
    entry = data.index(b"PK\1\2")
    claimed = (128 + 8 * n).to_bytes(4, "little")
    data[entry + 20 : entry + 28] = claimed + claimed  # compressed size and size
    path.write_bytes(data)
    assert peak_memory(path, "its arrays are larger than the file") < 1e6


def test_more_entries_than_anyone_needs(tmp_path: Path) -> None:
    """The table of contents is not even read: a small entry would become a large object."""
    path = write_zip(tmp_path / "a.npz", [(f"{i}.npy", b"") for i in range(25_000)])
    assert peak_memory(path, "too many arrays") < 1e6


def test_a_second_end_record(tmp_path: Path) -> None:
    """The end record of large archives would take the place of the one that was looked at."""
    path = write_zip(tmp_path / "a.npz", [("x.npy", npy(np.zeros(1)))])
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"PK\6\7" + 16 * b"\0" + data[-22:])
    assert_refused(path, "too many arrays")


def test_a_comment_at_the_end(tmp_path: Path) -> None:
    """The end record could hide in it."""
    path = write_zip(tmp_path / "a.npz", [("x.npy", npy(np.zeros(1)))])
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"hello"
    assert_refused(path, "does not end as an archive does")


def test_reading_costs_little_more_than_the_file(tmp_path: Path) -> None:
    """At most three times its size in memory."""
    write_npz(tmp_path / "a.npz", {"W1": np.ones((1000, 1000)), "b1": np.ones((1000, 1))})
    tracemalloc.start()
    try:
        read_npz(tmp_path / "a.npz")
        assert tracemalloc.get_traced_memory()[1] < 3 * (tmp_path / "a.npz").stat().st_size
    finally:
        tracemalloc.stop()


def test_a_file_that_is_cut_anywhere(tmp_path: Path) -> None:
    """No beginning of an archive passes for the whole."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    data = (tmp_path / "a.npz").read_bytes()
    path = tmp_path / "cut.npz"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        assert_refused(path, "is damaged or not written by nncli")


def test_a_file_with_a_piece_missing_or_twice(tmp_path: Path) -> None:
    """As a broken download leaves it."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    data = (tmp_path / "a.npz").read_bytes()
    path = tmp_path / "mixed.npz"
    rng = np.random.default_rng(0)
    for _ in range(100):
        start, end = sorted(rng.integers(1, len(data), 2))
        for mixed in (data[:start] + data[end:], data[:end] + data[start:], data[start:] + data[:start]):
            path.write_bytes(mixed)
            assert_damage_is_seen_or_harmless(path)


def test_a_file_with_a_flipped_byte_anywhere(tmp_path: Path) -> None:
    """Every byte in turn gets another value: the file is refused, or it was a byte that does not matter."""
    write_npz(tmp_path / "a.npz", ARRAYS)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    path = tmp_path / "flipped.npz"
    rng = np.random.default_rng(0)
    for position in range(len(data)):
        before = data[position]
        data[position] ^= int(rng.integers(1, 256))
        path.write_bytes(data)
        assert_damage_is_seen_or_harmless(path)
        data[position] = before


def assert_damage_is_seen_or_harmless(path: Path) -> None:
    """The damaged copy of `ARRAYS` at `path` is refused, or every array in it is as it was."""
    try:
        found = read_npz(path)
    except ModelFileError:
        return
    assert_same(ARRAYS, found)


# ----------------------------------------------------------------------------------------------------- writes that fail


def failing(number: int) -> Callable[..., Any]:
    """A function that fails as the system does."""

    def fail(*arguments: object, **options: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


def full_disk(file: Any, *arguments: object, **options: object) -> None:
    """Instead of writing an array: write its beginning, and then there is no space left."""
    file.write(b"\x93NUMPY")
    failing(errno.ENOSPC)()


OLD = {"x": np.arange(3)}


def assert_old_file_is_whole(path: Path) -> None:
    """`OLD` is still there, and nothing beside it."""
    assert [path] == list(path.parent.iterdir())
    assert_same(OLD, read_npz(path))


@pytest.mark.parametrize(
    ("place", "replacement", "reason"),
    [
        ((npy_format, "write_array"), full_disk, "No space left on device"),
        ((os, "fsync"), failing(errno.EIO), "Input/output error"),
        ((Path, "replace"), failing(errno.EXDEV), "Invalid cross-device link"),
        ((os, "open"), failing(errno.EACCES), "Permission denied"),
    ],
    ids=["write", "fsync", "rename", "open"],
)
def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str], replacement: object, reason: str
) -> None:
    """Wherever it fails: the old file is whole, no temporary file stays, and the message has path and reason."""
    path = tmp_path / "a.npz"
    write_npz(path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(*place, replacement)
        with pytest.raises(NncliError, match=f"^{path}: cannot be written: {reason}"):
            write_npz(path, ARRAYS)
    assert_old_file_is_whole(path)


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second Ctrl-C comes in the middle of the save."""
    path = tmp_path / "a.npz"
    write_npz(path, OLD)

    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(npy_format, "write_array", interrupted)
        with pytest.raises(KeyboardInterrupt):
            write_npz(path, ARRAYS)
    assert_old_file_is_whole(path)


def test_a_folder_that_cannot_be_flushed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rename may not survive a power cut; the new file is whole."""
    path = tmp_path / "a.npz"
    write_npz(path, OLD)
    with monkeypatch.context() as patch:
        patch.setattr(atomic_file, "_sync_folder", failing(errno.EIO))
        with pytest.raises(NncliError, match="cannot be written: Input/output error"):
            write_npz(path, ARRAYS)
    assert [path] == list(tmp_path.iterdir())
    assert_same(ARRAYS, read_npz(path))


def test_everything_is_flushed_before_the_rename_and_the_folder_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another order a power cut could leave an empty file under the right name."""
    order = ["fsync file", "rename", "fsync folder"]
    calls: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def watched_fsync(descriptor: int) -> None:
        calls.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync file")
        fsync(descriptor)

    def watched_replace(self: Path, target: Path) -> Path:
        calls.append("rename")
        with zipfile.ZipFile(self) as archive:  # complete by now
            assert archive.testzip() is None
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", watched_fsync)
    monkeypatch.setattr(Path, "replace", watched_replace)
    write_npz(tmp_path / "a.npz", ARRAYS)
    assert order == calls


def test_a_real_full_disk(tmp_path: Path) -> None:
    """A limit on the size of files, set by the system: one error, no noise, the old file whole."""
    path = tmp_path / "a.npz"
    write_npz(path, OLD)
    program = (
        "import resource, signal, sys, numpy, pathlib, nncli.errors, nncli.machine.npz_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))\n"
        "try: nncli.machine.npz_file.write_npz(\n"
        "    pathlib.Path(sys.argv[1]), {'x': numpy.zeros(20_000), 'y': numpy.zeros(100)})\n"
        "except nncli.errors.NncliError as error: print(error)"
    )
    for limit in (0, 10, 4096, 100_000, 160_500, 161_000):
        result = subprocess.run(
            [sys.executable, "-X", "dev", "-c", program, path, str(limit)], capture_output=True, text=True, check=False
        )
        assert (f"{path}: cannot be written: File too large\n", "") == (result.stdout, result.stderr)
        assert_old_file_is_whole(path)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    """Folders are not made on the way."""
    with pytest.raises(NncliError, match=f"^{tmp_path}/gone/a.npz: cannot be written: No such file or directory$"):
        write_npz(tmp_path / "gone" / "a.npz", ARRAYS)


def test_a_folder_in_the_file_s_place(tmp_path: Path) -> None:
    """A folder of that name is not replaced."""
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(NncliError, match=r"a\.npz: cannot be written: Is a directory"):
        write_npz(tmp_path / "a.npz", ARRAYS)
    assert [tmp_path / "a.npz"] == list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    """A read-only folder gives the system's reason."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(NncliError, match="cannot be written: Permission denied"):
            write_npz(tmp_path / "a.npz", ARRAYS)
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_the_mode_follows_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    """A model is as readable as any file the user makes."""
    before = os.umask(umask)
    try:
        write_npz(tmp_path / "a.npz", ARRAYS)
    finally:
        os.umask(before)
    assert mode == stat.S_IMODE((tmp_path / "a.npz").stat().st_mode)


def test_a_path_that_would_repaint_the_terminal(tmp_path: Path) -> None:
    """The path in a message is escaped."""
    with pytest.raises(NncliError, match=r"gone\\x1b\[2J/a.npz: cannot be written"):
        write_npz(tmp_path / "gone\x1b[2J" / "a.npz", ARRAYS)
