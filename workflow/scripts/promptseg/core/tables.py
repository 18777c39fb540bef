"""Writing and reading of the Parquet files between stages; each room declares its own in its tables.py."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic

Rows: TypeAlias = pa.Table | pd.DataFrame | Iterable[Mapping[str, Any]]


def _as_table(rows: Rows, schema: pa.Schema) -> pa.Table:
    if isinstance(rows, pa.Table):
        return rows.select(schema.names).cast(schema)
    if isinstance(rows, pd.DataFrame):
        return pa.Table.from_pandas(rows, schema=schema, preserve_index=False).replace_schema_metadata(schema.metadata)
    return pa.Table.from_pylist(list(rows), schema=schema)


def _with_provenance(schema: pa.Schema, provenance: Mapping[str, Any] | None) -> pa.Schema:
    if not provenance:
        return schema
    metadata = dict(schema.metadata or {})
    metadata[b"promptseg"] = json.dumps(provenance, sort_keys=True).encode()
    return schema.with_metadata(metadata)


class TableWriter:
    """Appends rows to an open Parquet file; every call to `write` becomes one row group."""

    def __init__(self, writer: pq.ParquetWriter, schema: pa.Schema):
        self._writer = writer
        self._schema = schema

    def write(self, rows: Rows) -> None:
        """Append rows; none is fine."""
        table = _as_table(rows, self._schema)
        if table.num_rows:
            self._writer.write_table(table.replace_schema_metadata(self._schema.metadata))


@contextmanager
def open_table(
    path: str | Path, schema: pa.Schema, provenance: Mapping[str, Any] | None = None
) -> Iterator[TableWriter]:
    """Write a Parquet file (zstd) piece by piece; it appears at `path` only when the block ends well.

    Args:
        provenance: what made the numbers, stored as JSON under the key `promptseg` of the file's metadata.
    """
    schema = _with_provenance(schema, provenance)
    with atomic(path) as temporary, pq.ParquetWriter(temporary, schema, compression="zstd") as writer:
        yield TableWriter(writer, schema)


def write_table(path: str | Path, rows: Rows, schema: pa.Schema, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a whole Parquet file (zstd), atomically."""
    with open_table(path, schema, provenance) as table:
        table.write(rows)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """What `open_table` stored under `provenance`, or an empty dictionary."""
    metadata = pq.read_schema(path).metadata or {}
    return json.loads(metadata.get(b"promptseg", b"{}"))


def read_table(
    path: str | Path, schema: pa.Schema, columns: list[str] | None = None, filters: Any = None
) -> pd.DataFrame:
    """Read a Parquet file of this project as a data frame.

    Args:
        columns: only these.
        filters: which rows, as `pyarrow.parquet.read_table` takes them.

    Raises:
        PromptsegError: a column of `schema` is missing, so the file was made by something else.
    """
    found = pq.read_schema(path).names
    missing = [name for name in schema.names if name not in found]
    if missing:
        raise PromptsegError(f"{path} lacks the columns {', '.join(missing)}: delete it and run again to make it anew.")
    return pq.read_table(path, columns=columns or schema.names, filters=filters).to_pandas()


def batches(path: str | Path, size: int, columns: list[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Rows of a Parquet file as lists of dictionaries, `size` at a time, so that memory does not grow with the file."""
    for batch in pq.ParquetFile(path).iter_batches(batch_size=size, columns=columns):
        yield batch.to_pylist()
