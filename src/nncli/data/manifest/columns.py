"""Which column of a manifest means what, by the names that tools give them.

`data.columns` says it where they do not: ``{path: photo, label: kind}``. Names are compared without case, blanks and
punctuation: ``x:image``, ``Image ID`` and ``image_id`` are found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from nncli.data.folder_walk import some
from nncli.data.image.image_format import IMAGE_SUFFIXES
from nncli.data.layout.words import split_of, squeezed
from nncli.errors import UsageError
from nncli.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nncli.data.manifest.table import Table

NAMES = {
    "path": (
        *("filename", "filepath", "filepaths", "path", "imagepath", "imagepaths", "imagefilename", "imagefile"),
        *("imagename", "image", "images", "ximage", "img", "imgpath", "imgname", "imgfile", "file", "fname"),
        *("imageuri", "imagegcsuri", "uri", "photo", "picture", "imageid", "photoid", "pictureid", "id", "name"),
        *("idcode", "center"),
    ),
    "label": (
        *("label", "labels", "class", "classes", "classname", "classlabel", "classid", "category", "categoryname"),
        *("categoryid", "target", "species", "breed", "y", "ylabel", "dx", "emotion", "choice", "choices", "labelname"),
        *("diagnosis", "tag", "tags", "labelid", "variety"),
    ),
    "split": ("split", "set", "subset", "usage", "dataset", "partition", "mode", "phase", "mluse"),
    "is_valid": ("isvalid", "isval", "valid", "isvalidation"),
    "group": ("group", "groupid", "patient", "patientid", "subject", "subjectid", "track", "trackid", "lesionid"),
    "weight": ("weight", "sampleweight", "weights", "sampleweights"),
    "pixels": ("pixels",),
}
"""Purpose of a column -> its names, the most telling ones first."""

LABELS = (
    *("labels", "tags", "label", "findinglabels", "categories", "classes", "genres", "genre", "attributes", "keywords"),
    *("objects", "choices", "tag", "labelnames", "classnames", "category", "class"),
)
"""Names of a column of several labels, the most telling ones first."""

ZERO_ONE = {"0": 0.0, "0.0": 0.0, "false": 0.0, "1": 1.0, "1.0": 1.0, "true": 1.0}
"""Cells of a column that says whether an image has a label, in small letters."""

NOT = "-1"
"""The cell for an image without the label, in tables that have no 0: CelebA's."""

NUMBERS = (
    *("target", "targets", "value", "y", "steering", "steeringangle", "angle", "score", "rating", "age", "price"),
    *("temperature", "distance", "depth", "count", "label", "weight"),
)
"""Names of a column of numbers to be predicted, the most telling ones first."""

DRIVING_LOG = ("center", "left", "right", "steering", "throttle", "brake", "speed")
"""Columns of the well-known driving simulator's log, which has no header."""

SEPARATOR = "separator"
"""The word of `data.columns` for what stands between several labels in a cell."""

_LOOKED_AT = 100


@dataclass(frozen=True)
class Columns:
    """Places of the columns; None where there is no such column.

    Attributes:
        label: One place, or several with a 0 or 1 for a class or label each, or with a number each.
    """

    path: int | None = None
    label: int | tuple[int, ...] | None = None
    split: int | None = None
    is_valid: int | None = None
    group: int | None = None
    weight: int | None = None
    order: int | None = None
    pixels: int | None = None


def find_columns(table: Table, said: Mapping[str, Any], task: str = "classification") -> Columns:
    """The columns of a table.

    Args:
        table: The table.
        said: `data.columns`: what for -> the name of a column, or names for one with a column for each class; a number
            from 1 where there is no header.
        task: ``classification``, ``multilabel`` for several labels, or ``regression`` for numbers as labels.

    Raises:
        UsageError: There is no such column, or it cannot be seen which one holds the images or the labels.
    """
    known_names = NAMES
    if task == "regression":
        known_names = NAMES | {"label": NUMBERS, "weight": ("sampleweight", "sampleweights")}
        _name_driving_log(table)
    elif task == "multilabel":
        known_names = NAMES | {"label": LABELS}
    found = {role: _said(table, role, names) for role, names in said.items() if role != SEPARATOR}
    if not table.header:
        return Columns(**{**_without_header(table), **found})
    taken = {place for places in found.values() for place in (places if isinstance(places, tuple) else (places,))}
    for role, names in known_names.items():
        place = None if role in found else _called(table, role, names, taken)
        if place is not None:
            found[role] = place
            taken.add(place)
    _refuse_twins(table, taken)
    if "path" not in found and "pixels" not in found:
        found |= dict(zip(("path",), _image_columns(table), strict=False))
    if "label" not in found and task != "regression":
        found |= _one_hot(table, taken | {found.get("path")}, task) or _last_left(table, found)
    if task == "multilabel" and isinstance(found.get("label"), int) and _says_whether(table, found["label"], 1.0):
        found["label"] = (found["label"],)
    return Columns(**found)


def _called(table: Table, role: str, names: Sequence[str], taken: set[Any]) -> int | None:
    """The first column of one of these names that is not taken and holds cells of the kind; None if there is none."""
    header = [squeezed(str(name)) for name in table.header]
    places = [place for name in names if name in header and (place := header.index(name)) not in taken]
    fitting = [place for place in places if _fits(table, role, place)]
    if role == "split" and not fitting:
        table.notes += [
            f"column {table.name_of(place)} is not used as splits: few of its cells say train, val or test"
            for place in places[:1]
            if next(_filled(table, place), None) is not None
        ]
    return fitting[0] if fitting else None


def _refuse_twins(table: Table, places: Iterable[int]) -> None:
    """Refuse a table in which another column has the name of one that is used.

    Raises:
        UsageError: It has one.
    """
    for name in (table.header[place] for place in places):
        if table.header.count(name) > 1:
            raise UsageError(f"{printable(table.path)}: two columns are called {printable(str(name))}; rename one")


def has_columns(table: Table, names: Any) -> bool:
    """Whether a table has the column, or all the columns, of an entry of `data.columns`."""
    return all(name in table.header for name in (names if isinstance(names, (list, tuple)) else (names,)))


def _name_driving_log(table: Table) -> None:
    """Give the log of the driving simulator the header that it lacks: three pictures and four numbers a row.

    It names pictures from the root of the machine that recorded them; of that the last folder and the name are left.
    """
    is_as_wide = bool(table.rows) and len(table.rows[0]) == len(DRIVING_LOG)
    if not table.header and is_as_wide and _image_columns(table) == [0, 1, 2]:
        table.header = list(DRIVING_LOG)
        for row in table.rows:
            row[:3] = ["/".join(re.split(r"[\\/]", str(cell).strip())[-2:]) for cell in row[:3]]


def _said(table: Table, role: str, names: Any) -> Any:
    if isinstance(names, (list, tuple)):
        return tuple(_place(table, role, name) for name in names)
    return _place(table, role, names)


def _place(table: Table, role: str, name: Any) -> int:
    if not table.header:
        width = len(table.rows[0]) if table.rows else 0
        if isinstance(name, int) and 1 <= name <= width:
            return name - 1
        raise UsageError(
            f"{printable(table.path)}: no header, so data.columns.{role} is a number from 1 to {width}, not {name!r}"
        )
    if name not in table.header:
        import difflib

        close = difflib.get_close_matches(str(name), table.header, n=1)
        hint = f"; did you mean {printable(close[0])}?" if close else f"; it has {some(table.header)}"
        key = "data.order" if role == "order" else f"data.columns.{role}"
        raise UsageError(f"{printable(table.path)}: no column {printable(str(name))} for {key}{hint}")
    return table.header.index(name)


def _cells(table: Table, place: int) -> list[Any]:
    return [row[place] for row in table.rows[:_LOOKED_AT]]


def _fits(table: Table, role: str, place: int) -> bool:
    """Whether the cells are of the kind that the name promises: many words mean several things."""
    cells = _cells(table, place)
    if role == "split":
        said = [cell for cell in cells if isinstance(cell, str) and cell.strip()]
        return bool(said) and sum(bool(split_of(_usage(cell))) for cell in said) * 2 > len(said)
    if role == "is_valid":
        return all(str(cell).strip().lower() in ("0", "1", "true", "false", "") for cell in cells)
    if role == "path":  # a few others are mistakes of their rows
        return 2 * sum(isinstance(cell, (str, dict, int, bytes)) for cell in cells) >= len(cells)
    return True


def _usage(text: str) -> str:
    """FER2013 calls its splits Training, PublicTest and PrivateTest."""
    return text.strip().removeprefix("Public").removeprefix("Private")


def split_said(cell: object) -> str:
    """The split that a cell names: ``train``, ``val``, ``test``, empty for an empty cell, or ``?``."""
    text = str(cell).strip()
    if not text or text.upper() in ("UNASSIGNED", "NONE", "NAN"):
        return ""
    if text == "PublicTest":
        return "val"
    return split_of(_usage(text)) or "?"


def _image_columns(table: Table) -> list[int]:
    """Places of the columns of which most cells end like an image file."""
    places = []
    for place in range(len(table.rows[0]) if table.rows else 0):
        cells = [str(cell).strip().lower() for cell in _cells(table, place)]
        if sum(cell.endswith(IMAGE_SUFFIXES) for cell in cells) * 2 > len(cells):
            places.append(place)
    return places


def _without_header(table: Table) -> dict[str, int]:
    """Columns told by their cells: an image file, a word for a split, a number that counts, and the label."""
    if not table.rows:
        return {}
    width = len(table.rows[0])
    paths = _image_columns(table)
    found = {"path": paths[0] if paths else 0}
    rest = [place for place in range(width) if place != found["path"]]
    for place in rest:
        if _fits(table, "split", place):
            found["split"] = place
            rest.remove(place)
            break
    if table.path.lower().endswith(".lst") and len(rest) > 1:
        rest = rest[1:]  # the first column of a .lst counts its rows
    if rest:
        found["label"] = rest[0]
    return found


def _one_hot(table: Table, taken: set[Any], task: str) -> dict[str, Any]:
    """Columns of 0 and 1: for each class, with one 1 in each row, or for each label, where some cells may be wrong."""
    least = 1.0 if task == "classification" else 0.5
    free = [place for place in range(len(table.header)) if place not in taken]
    places = [place for place in free if _says_whether(table, place, least)]
    if len(places) > 1 and (empty := _empty(table)):
        table.notes.append(f"left out {some(empty)}: nothing but empty cells")
    return {"label": tuple(places)} if len(places) > 1 else {}


def _says_whether(table: Table, place: int, least: float) -> bool:
    """Whether at least this share of the cells of a column that are not empty is 0 or 1, or -1, and there are such."""
    cells = list(islice(_filled(table, place), _LOOKED_AT))
    return bool(cells) and sum(cell in ZERO_ONE or cell == NOT for cell in cells) >= least * len(cells)


def _filled(table: Table, place: int) -> Iterator[str]:
    """The cells of a column that are not empty, in small letters."""
    return (text for row in table.rows if (text := str("" if row[place] is None else row[place]).strip().lower()))


def _empty(table: Table) -> list[str]:
    """Names of the columns without anything in them."""
    places = range(len(table.header)) if table.rows else ()
    return [str(table.header[place]) for place in places if next(_filled(table, place), None) is None]


def _last_left(table: Table, found: Mapping[str, Any]) -> dict[str, int]:
    """The one column that is left, if there is only one."""
    left = [place for place in range(len(table.header)) if place not in found.values() and table.header[place]]
    return {"label": left[0]} if len(left) == 1 else {}


def described(table: Table, columns: Columns, task: str = "classification") -> str:
    """Which column was taken for what, in words."""
    said = []
    for role in ("path", "pixels", "label", "split", "is_valid", "group", "weight", "order"):
        place = getattr(columns, role)
        if isinstance(place, tuple):
            names = ", ".join(table.name_of(each) for each in place)
            said.append(
                f"{role} from {names}" if task == "regression" else f"{role}s from {len(place)} columns of 0 and 1"
            )
        elif place is not None:
            name = printable(str(table.header[place])) if table.header else f"column {place + 1}"
            said.append(f"{role} from {name}")
    return ", ".join(said)


def needed(table: Table, columns: Columns, roles: Sequence[str]) -> None:
    """Refuse a table without a column for one of `roles`.

    Raises:
        UsageError: With its columns and the line to write.
    """
    for role in roles:
        if getattr(columns, role) is None:
            has = f"it has {some(table.header, len(table.header))}" if table.header else "it has no header"
            if empty := _empty(table):
                has += f"; {some(empty)} {'is' if len(empty) == 1 else 'are'} empty"
            raise UsageError(
                f"{printable(table.path)}: no column is known to hold the {role}; {has}; "
                f"write data.columns: {{{role}: ...}}"
            )
