"""Tables as they are declared, written and read: Parquet between stages, CSV for people.

A table is declared once, beside the code that makes it: each column with its type, its meaning and its unit. What is
written is cast to the declaration, what is read has its types, and results/tables/README.md is made from it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic, damaged
from promptseg.core.parquet import ParquetFile, read_arrow, read_schema, writer

Rows: TypeAlias = pa.Table | pd.DataFrame | Iterable[Mapping[str, Any]]

_LEAST_P = 2.22508e-308  # the smallest normal float64, rounded up to six digits
_ZERO = 5e-7  # numbers below have no digit among six decimals
_GROUP = 10_000  # rows of a row group that is gathered, about
STRING, INTEGER, FLOAT = pa.string(), pa.int64(), pa.float64()


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        meaning: what a value says, as results/tables/README.md prints it.
        unit: of the values; empty for words, counts and shares.
        optional: whether an integer may be missing in a CSV file; string and number may everywhere.
        p_value: whether the numbers are p values, whose size matters near 0, see `write_csv`.
    """

    name: str
    type: pa.DataType
    meaning: str
    unit: str = ""
    optional: bool = False
    p_value: bool = False

    def but(self, **changes: Any) -> "Column":
        """The same column where it differs in some respect."""
        return replace(self, **changes)

    @property
    def dtype(self) -> str:
        """What pandas calls the type in a CSV file."""
        if pa.types.is_integer(self.type):
            return "Int64" if self.optional else "int64"
        return "str" if self.type == STRING else "float64"


@dataclass(frozen=True)
class Table:
    """One file: its name, what a row is, and its columns in order.

    Args:
        metadata: of the Parquet schema.
    """

    name: str
    about: str
    columns: Sequence[Column]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def names(self) -> list[str]:
        """Names of the columns."""
        return [column.name for column in self.columns]

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns as Arrow takes them."""
        return pa.schema([(column.name, column.type) for column in self.columns], metadata=self.metadata or None)

    def check(self, path: str | Path, found: Iterable[str]) -> None:
        """Compare with the columns that a file has.

        Raises:
            PromptsegError: one is missing, so the file was made by something else.
        """
        missing = ", ".join(name for name in self.names if name not in set(found))
        if missing:
            raise PromptsegError(f"{path} lacks the columns {missing}: delete it and run again to make it anew.")


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
        self._waiting: list[Mapping[str, Any]] = []

    def gather(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Append a few rows, which wait until they are a row group: many small ones make a file slow to read."""
        self._waiting += rows
        if len(self._waiting) >= _GROUP:
            self.flush()

    def flush(self) -> None:
        """Write the rows that wait."""
        self.write(self._waiting)
        self._waiting = []

    def write(self, rows: Rows) -> None:
        """Append rows; none is fine."""
        table = _as_table(rows, self._schema)
        if table.num_rows:
            self._writer.write_table(table.replace_schema_metadata(self._schema.metadata))


@contextmanager
def open_table(path: str | Path, table: Table, provenance: Mapping[str, Any] | None = None) -> Iterator[TableWriter]:
    """Write a Parquet file piece by piece; it appears at `path` only when the block ends well.

    Args:
        provenance: what made the numbers, stored as JSON under the key `promptseg` of the file's metadata.
    """
    schema = _with_provenance(table.schema, provenance)
    with atomic(path) as temporary, writer(temporary, schema) as file:
        table_writer = TableWriter(file, schema)
        yield table_writer
        table_writer.flush()


def write_table(path: str | Path, rows: Rows, table: Table, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a whole Parquet file, atomically."""
    with open_table(path, table, provenance) as opened:
        opened.write(rows)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """What `open_table` stored under `provenance`, or an empty dictionary."""
    metadata = read_schema(path).metadata or {}
    return json.loads(metadata.get(b"promptseg", b"{}"))


def read_table(path: str | Path, table: Table, columns: list[str] | None = None, filters: Any = None) -> pd.DataFrame:
    """Read a Parquet file of this project as a data frame.

    Args:
        columns: only these.
        filters: which rows, as `pyarrow.parquet.read_table` takes them.

    Raises:
        PromptsegError: a column of `table` is missing, so the file was made by something else; or it is damaged.
    """
    table.check(path, read_schema(path).names)
    return read_arrow(path, columns=columns or table.names, filters=filters).to_pandas()


def batches(path: str | Path, size: int, columns: list[str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Rows of a Parquet file as lists of dictionaries, `size` at a time, so that memory does not grow with the file."""
    for batch in ParquetFile(path).iter_batches(batch_size=size, columns=columns):
        yield batch.to_pylist()


def write_csv(path: str | Path, frame: pd.DataFrame, table: Table) -> None:
    """Write the columns of `table` in their order as CSV, atomically.

    Numbers have six decimals, so that equal numbers give equal files, and no zero has a sign; missing values are empty.
    p values have six significant digits and are never 0: those that a float64 cannot hold are written as the smallest
    normal one, 2e-308.

    Raises:
        KeyError: the frame lacks a column.
    """
    numbers = {column.name: column.dtype for column in table.columns if column.type != STRING}
    written = frame[table.names].astype(numbers)
    for name in [column.name for column in table.columns if column.p_value]:
        written[name] = [None if np.isnan(p) else f"{max(p, _LEAST_P):.6g}" for p in written[name]]
    floats = written.select_dtypes("float")
    written[floats.columns] = floats.mask(floats.abs() < _ZERO, 0.0)  # -1e-17 would be -0.000000
    with atomic(path) as temporary:
        written.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")


def read_csv(path: str | Path, table: Table) -> pd.DataFrame:
    """Read a CSV file of this project: the declared columns, in their order and with their types.

    An empty string is "", an empty number NaN, and an empty integer NA where the column declares that it may be.

    Raises:
        PromptsegError: there is no such file, it is damaged, or it lacks a column, so it was made by something else.
    """
    path = Path(path)
    if not path.is_file():
        raise PromptsegError(
            f"{path} does not exist. Run the pipeline first (snakemake --cores 8), or give the folder of its results."
        )
    dtypes = {column.name: column.dtype for column in table.columns}
    empty = {name: [""] for name, dtype in dtypes.items() if dtype != "str"}
    with whole_csv(path):
        table.check(path, pd.read_csv(path, nrows=0).columns)
        return pd.read_csv(path, usecols=table.names, dtype=dtypes, keep_default_na=False, na_values=empty)[table.names]


@contextmanager
def whole_csv(path: Path) -> Iterator[None]:
    """Around the reading of a CSV file of this project: one that was cut off, or is no CSV any more, is refused.

    Raises:
        PromptsegError: it is damaged.
    """
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        stream.seek(max(size - 1, 0))
        if stream.read() != b"\n":  # every line that is written ends with one
            raise damaged(path, "its last line is not whole")
    try:
        yield
    except ValueError as error:  # of pandas and of text that is no UTF-8
        raise damaged(path, str(error)) from error
