"""A damaged Parquet file is one error that names it, wherever the damage is."""

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.parquet import ParquetFile, count_rows, read_arrow, read_schema, writer

TABLE = pa.table({"name": [f"n{row % 97}" for row in range(3000)], "value": [row * 0.5 for row in range(3000)]})
READERS = {
    "table": read_arrow,
    "column": lambda path: read_arrow(path, ["name"], [("value", ">", 3)]),
    "batches": lambda path: list(ParquetFile(path).iter_batches(batch_size=100)),
    "groups": lambda path: [ParquetFile(path).read_row_group(0), ParquetFile(path).read_row_groups([0])],
}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "table.parquet"
    with writer(path, TABLE.schema) as opened:
        opened.write_table(TABLE)
    return path


def test_what_is_whole_is_read(file):
    assert read_arrow(file).equals(TABLE)
    assert read_arrow(file, ["value"], [("value", ">", 1499)])["value"].to_pylist() == [1499.5]
    assert pa.Table.from_batches(ParquetFile(file).iter_batches(batch_size=700)).equals(TABLE)
    assert (count_rows(file), read_schema(file).names) == (3000, ["name", "value"])


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_file_that_was_cut_off(file, reader):
    file.write_bytes(file.read_bytes()[:-40])
    for read in (reader, count_rows, read_schema):
        with pytest.raises(PromptsegError, match=r"table\.parquet is damaged \(.*\)\. Delete it and run again"):
            read(file)


def test_no_flipped_bit_gives_other_values(file):
    """Without checksums of pages three of four flips in them do, without an error."""
    whole, draw = file.read_bytes(), random.Random(1)
    end = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")  # of the pages, before the footer and its length
    for _ in range(60):
        content = bytearray(whole)
        content[draw.randrange(4, end)] ^= 1 << draw.randrange(8)
        file.write_bytes(content)
        with pytest.raises(PromptsegError, match=r"table\.parquet is damaged"):
            read_arrow(file)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_a_flipped_bit_in_a_page(file, reader):
    place = pq.read_metadata(file).row_group(0).column(0).data_page_offset + 60
    content = bytearray(file.read_bytes())
    content[place] ^= 4
    file.write_bytes(content)
    with pytest.raises(PromptsegError, match=r"table\.parquet is damaged \(.*\)"):
        reader(file)


def test_what_no_file_could_give_keeps_its_error(file):
    with pytest.raises(pa.ArrowInvalid, match="no_such"):
        read_arrow(file, filters=[("no_such", "=", 1)])
    with pytest.raises(FileNotFoundError):
        read_arrow(file.with_name("other.parquet"))
