"""Parquet tables through pyarrow, an extra: manifests, and Hugging Face's data sets with the images in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nncli.data.manifest.table import Table
from nncli.errors import DataError, UsageError
from nncli.machine.extras import install_command
from nncli.text import printable

if TYPE_CHECKING:
    from pathlib import Path

MAX_RATIO, FREE_BYTES = 200, 1 << 28
"""How many times its size a file may declare, and up to how many bytes nobody asks."""


def read_parquet_table(path: Path, content: bytes | None = None) -> Table:
    """The rows of a parquet file.

    Args:
        path: The file.
        content: What it holds, where it is no file of its own.

    Raises:
        UsageError: pyarrow is not installed.
        DataError: The file cannot be read, or is larger than memory should take.
    """
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise UsageError(f"{printable(str(path))}: parquet needs pyarrow: {install_command('parquet')}") from None
    try:
        n_stored = path.stat().st_size if content is None else len(content)
        file = parquet.ParquetFile(path if content is None else pa.BufferReader(content))
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if size > max(FREE_BYTES, MAX_RATIO * n_stored):
            raise DataError(f"{printable(str(path))}: declares {size:,} bytes; too much for a file of its size")
        columns = file.read().to_pydict()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = printable(str(error).partition("\n")[0])[:100]
        raise DataError(f"{printable(str(path))}: not readable as parquet ({reason})") from None
    header = list(columns)
    rows: list[list[Any]] = [list(row) for row in zip(*columns.values(), strict=True)]
    table = Table(str(path), header, rows, list(range(1, len(rows) + 1)))
    table.classes = _class_names(file.schema_arrow.metadata or {}, header)
    return table


def _class_names(metadata: dict[bytes, bytes], header: list[str]) -> tuple[str, ...]:
    """The names that Hugging Face's schema gives to the numbers of its label column, or of the lists in it."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        for name in header:
            kind = features.get(name, {})
            kind = kind.get("feature", kind) if isinstance(kind, dict) else kind  # of a list: what its values are
            kind = kind[0] if isinstance(kind, list) and kind else kind
            if kind.get("_type") == "ClassLabel":
                return tuple(map(str, kind["names"]))
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        pass
    return ()
