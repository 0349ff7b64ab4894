"""From a file to rows of text, whatever separates them.

    .csv .tsv .txt .lst    comma, semicolon, tab, bar or blank, with a header or without; `#` lines are comments in .txt
    .jsonl .ndjson         one object a line
    .json                  a list of objects, FiftyOne's labels, Label Studio's tasks

Every problem is kept with the number of its row; nothing is fixed silently.
"""

from __future__ import annotations

import csv
import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.errors import DataError, UsageError
from nncli.text import counted, lines_of, printable

if TYPE_CHECKING:
    from nncli.data.layout.archive import ArchiveTree

MAX_BYTES = 1 << 29
"""Largest manifest read: some five million rows."""

DELIMITERS = (",", ";", "\t", "|")
_QUOTED = re.compile(r'"([^"]*)"(\.\w+)?\s+(.*)')
_LOOKED_AT = 50


@dataclass
class Table:
    """Rows of text.

    Attributes:
        path: The file, for messages.
        header: Names of the columns; empty where the file has none.
        rows: The cells of each row.
        numbers: The line of each row in the file, from 1.
        problems: (line, what is wrong).
        classes: Class names by index, where the file has them.
        notes: What is worth knowing.
        tree: The archive that holds the file, and its images; None for a file of its own.
        files: Of a table in several files, for each what its line numbers begin after, and its path; else empty.
    """

    path: str
    header: list[str]
    rows: list[list[Any]]
    numbers: list[int]
    problems: list[tuple[int, str]] = field(default_factory=list)
    classes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    tree: ArchiveTree | None = None
    files: list[tuple[int, str]] = field(default_factory=list)

    def place_of(self, number: int) -> str:
        """Where a line is, file and number, safe to print."""
        start, path = next((file for file in reversed(self.files) if file[0] < number), (0, self.path))
        return f"{printable(path)}:{number - start}"

    def name_of(self, place: int) -> str:
        """The name of a column, safe to print."""
        return printable(str(self.header[place])) if self.header else f"column {place + 1}"


def read_table(path: str | Path, content: bytes | None = None) -> Table:
    """Read the rows of a manifest that is text.

    Args:
        path: The file.
        content: What it holds, where it is no file of its own.

    Raises:
        DataError: The file cannot be read, or is too large.
        UsageError: It is no table.
    """
    shown, suffix = printable(str(path)), Path(path).suffix.lower()
    data = _content(Path(path), shown) if content is None else content
    if len(data) > MAX_BYTES:
        raise DataError(_too_large(shown))
    is_utf16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
    text = _decoded(data, "utf-16" if is_utf16 else "utf-8-sig", shown)
    if suffix in (".jsonl", ".ndjson"):
        return _json_lines(str(path), text)
    if suffix == ".json":
        return _json(str(path), text)
    return _separated(str(path), text, suffix)


def _content(file: Path, shown: str) -> bytes:
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise DataError(f"{shown}: not a regular file")
        if status.st_size > MAX_BYTES:
            raise DataError(_too_large(shown))
        return file.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{shown}: no such file") from None
    except OSError as error:
        raise DataError(f"{shown}: cannot be read: {error.strerror or error}") from error


def _too_large(shown: str) -> str:
    return f"{shown}: larger than {MAX_BYTES >> 20} MB; divide it and name the parts as parts/*.csv"


def _decoded(data: bytes, encoding: str, shown: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{shown}:{line}: not UTF-8; save the table as UTF-8") from None


def _separated(path: str, text: str, suffix: str) -> Table:
    lines = lines_of(text)
    if suffix == ".txt":
        lines = ["" if line.startswith("#") else line for line in lines]
    first = [line for line in lines[: 2 * _LOOKED_AT] if line.strip()][:_LOOKED_AT]
    if not first:
        raise DataError(f"{printable(path)}: no rows in it")
    delimiter = "\t" if suffix == ".lst" else _delimiter(first)
    if delimiter == " ":
        return _without_titles(_by_blanks(path, lines))
    table = Table(path, [], [], [])
    reader = csv.reader(lines_of(text, keepends=True) if suffix != ".txt" else lines, delimiter=delimiter)
    try:
        for row in reader:
            if row:
                table.rows.append(row)
                table.numbers.append(reader.line_num)
    except csv.Error as error:
        table.problems.append((reader.line_num + 1, f"not readable as a table ({error})"))
    if table.rows and not _has_no_header(table.rows[0], suffix):
        table.header = [name.strip() for name in table.rows.pop(0)]
        table.numbers.pop(0)
    _check_widths(table)
    return table


def _delimiter(lines: list[str]) -> str:
    """The delimiter: it occurs in every line, most often as often as in the first; a blank where nothing else does."""
    counts = {mark: [line.count(mark) for line in lines] for mark in DELIMITERS}
    counts = {mark: found for mark, found in counts.items() if found[0] and sum(map(bool, found)) * 2 > len(found)}
    if not counts:
        return " "
    return max(counts, key=lambda mark: (sum(n == counts[mark][0] for n in counts[mark]), counts[mark][0]))


def _has_no_header(row: list[str], suffix: str) -> bool:
    """Whether the first row names an image, and so no columns."""
    return suffix == ".lst" or any(cell.strip().lower().endswith(IMAGE_SUFFIXES) for cell in row)


def _by_blanks(path: str, lines: list[str]) -> Table:
    """``name label`` and more numbers, or ``name`` and a label of several words, or names alone."""
    table = Table(path, [], [], [])
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        quoted = _QUOTED.fullmatch(line)
        name, rest = (quoted[1] + (quoted[2] or ""), quoted[3]) if quoted else (*line.split(maxsplit=1), "")[:2]
        table.rows.append([name, rest.strip()])
        table.numbers.append(number)
    if all(all(_is_integer(word) for word in rest.split()) and rest for _, rest in table.rows[:_LOOKED_AT]):
        for row in table.rows:
            row[1] = row[1].split()[0] if row[1] else ""
    return table


def _without_titles(table: Table) -> Table:
    """A list without its first line, if that names no image and all others do: ``image label``, or ``image`` alone."""
    are_images = [name.lower().endswith(IMAGE_SUFFIXES) for name, _ in table.rows]
    if len(table.rows) > 1 and not are_images[0] and all(are_images[1:]):
        del table.rows[0], table.numbers[0]
    return table


def _is_integer(text: str) -> bool:
    return text.removeprefix("-").isdecimal() and text.isascii()


def _check_widths(table: Table) -> None:
    """Name rows of another number of cells than the header or most rows have, and leave them out."""
    if not table.rows:
        return
    width = len(table.header) or len(table.rows[0])
    if all(len(row) == width for row in table.rows):
        return
    kept = []
    for i, row in enumerate(table.rows):
        while len(row) > width and not row[-1].strip():
            row.pop()
        if len(row) == width:
            kept.append(i)
        else:
            table.problems.append((table.numbers[i], f"{counted(len(row), 'cell')} instead of {width}"))
    table.rows = [table.rows[i] for i in kept]
    table.numbers = [table.numbers[i] for i in kept]


def _json_lines(path: str, text: str) -> Table:
    table = Table(path, [], [], [])
    objects = []
    for number, line in enumerate(lines_of(text), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            table.problems.append((number, f"no JSON ({str(error).partition(':')[0]})"))
            continue
        if not isinstance(found, dict):
            table.problems.append((number, "not an object in braces"))
            continue
        objects.append(found)
        table.numbers.append(number)
    _fill(table, objects)
    return table


def _fill(table: Table, objects: list[dict[str, Any]]) -> None:
    """Rows from objects; a key that is missing is an empty cell."""
    header: dict[str, None] = {}
    for found in objects:
        if found.keys() - header.keys():
            header.update(dict.fromkeys(found))
    table.header = [str(name) for name in header]
    names = list(header)
    table.rows = [[found.get(name, "") for name in names] for found in objects]


def _json(path: str, text: str) -> Table:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{printable(path)}: no JSON ({printable(str(error))[:80]})") from None
    table = Table(path, [], [], [])
    if isinstance(found, dict) and isinstance(found.get("labels"), dict) and isinstance(found.get("classes"), list):
        table.classes = tuple(map(str, found["classes"]))  # FiftyOne's image classification dataset
        objects: list[Any] = [{"image_id": key, "label": value} for key, value in found["labels"].items()]
    elif isinstance(found, list):
        objects = [_label_studio(entry) if _is_task(entry) else entry for entry in found]
    else:
        raise UsageError(f"{printable(path)}: neither a list of objects nor an object with classes and labels")
    table.numbers = list(range(1, len(objects) + 1))
    bad = [i for i, entry in enumerate(objects) if not isinstance(entry, dict)]
    table.problems += [(i + 1, "not an object in braces, or no task as Label Studio has them") for i in bad]
    table.numbers = [number for number in table.numbers if number - 1 not in set(bad)]
    _fill(table, [entry for entry in objects if isinstance(entry, dict)])
    return table


def _is_task(entry: Any) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("data"), dict) and "annotations" in entry


def _label_studio(entry: dict[str, Any]) -> dict[str, str] | None:
    """A task of Label Studio's JSON as a flat row; None where its annotations are none."""
    try:
        choices = [
            str(choice)
            for annotation in entry["annotations"] or ()
            for result in annotation.get("result") or ()
            for choice in (result.get("value") or {}).get("choices") or ()
        ]
    except (AttributeError, TypeError):
        return None
    image = next((value for value in entry["data"].values() if isinstance(value, str)), "")
    return {"image": image, "label": json.dumps(choices) if len(set(choices)) > 1 else (choices or [""])[0]}
