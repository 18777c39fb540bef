"""Parquet files, read so that damage is seen and named: each page is compared with its checksum.

Without a checksum a flipped bit mostly gives other numbers without a word: compressed pages have none of their own.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from promptseg.core.errors import PromptsegError
from promptseg.core.files import damaged


def writer(path: str | Path, schema: pa.Schema) -> pq.ParquetWriter:
    """An open file (zstd, a checksum for each page)."""
    return pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True)


def read_arrow(path: str | Path, columns: Sequence[str] | None = None, filters: Any = None, **more: Any) -> pa.Table:
    """A whole file, or some of its columns and rows.

    Args:
        columns: only these.
        filters, more: as `pyarrow.parquet.read_table` takes them.

    Raises:
        PromptsegError: the file is damaged.
    """
    with _readable(path):
        columns = None if columns is None else list(columns)
        if columns and isinstance(filters, list) and not more:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                needed = {*columns, *(name for name, *_ in filters)}
                if file.num_row_groups == 1 and needed <= set(file.schema_arrow.names):
                    # None can be left out, and a scan would take twice as long.
                    return file.read(list(needed)).filter(pq.filters_to_expression(filters)).select(columns)
        return pq.read_table(path, columns=columns, filters=filters, page_checksum_verification=True, **more)


def read_schema(path: str | Path) -> pa.Schema:
    """The columns of a file; raises a PromptsegError where it is damaged."""
    with _readable(path):
        return pq.read_schema(path)


def count_rows(path: str | Path) -> int:
    """Number of rows of a file; raises a PromptsegError where it is damaged."""
    with _readable(path):
        rows: int = pq.read_metadata(path).num_rows
        return rows


class ParquetFile(pq.ParquetFile):
    """A file that is read in parts; each part raises a PromptsegError where it is damaged."""

    def __init__(self, path: str | Path):
        self._path = path
        with _readable(path):
            super().__init__(path, page_checksum_verification=True)

    def iter_batches(self, *args: Any, **more: Any) -> Iterator[pa.RecordBatch]:
        """As that of pyarrow."""
        with _readable(self._path):
            yield from super().iter_batches(*args, **more)

    def read_row_group(self, *args: Any, **more: Any) -> pa.Table:
        """As that of pyarrow."""
        with _readable(self._path):
            return super().read_row_group(*args, **more)

    def read_row_groups(self, *args: Any, **more: Any) -> pa.Table:
        """As that of pyarrow."""
        with _readable(self._path):
            return super().read_row_groups(*args, **more)


@contextmanager
def _readable(path: str | Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        # Arrow raises the same kinds where it was asked for what no file could give.
        if _errno(error) is None and (problem := _damage(path)):
            raise damaged(path, problem) from error
        raise


def _damage(path: str | Path) -> str | None:
    """What is wrong with a file, all of which is read; None if nothing is."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            for _ in file.iter_batches():
                pass
    except (pa.ArrowException, OSError, PromptsegError) as error:
        return None if _errno(error) else str(error)
    return None


def _errno(error: Exception) -> int | None:
    return error.errno if isinstance(error, OSError) else None
