"""Declared tables: what is written is cast to the declaration, what is read has its types."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.core import tables
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import (
    FLOAT,
    INTEGER,
    STRING,
    Column,
    Table,
    open_table,
    read_csv,
    read_table,
    write_csv,
    write_table,
)

NAME = Column("name", STRING, "of the row")
TABLE = Table(
    "things.csv",
    "Things.",
    [
        NAME,
        Column("n", INTEGER, "how many"),
        Column("of", pa.int16(), "of how many", optional=True),
        Column("x", FLOAT, ""),
    ],
    {"made": "here"},
)


def test_csv_is_written_in_the_declared_order_with_six_decimals(tmp_path):
    frame = pd.DataFrame({"x": [1, 2.5], "of": [None, 3], "n": [1.0, 2.0], "name": ["NA", None], "other": [0, 0]})
    write_csv(tmp_path / "things.csv", frame, TABLE)
    assert (tmp_path / "things.csv").read_text() == "name,n,of,x\nNA,1,,1.000000\n,2,3,2.500000\n"


def test_no_zero_has_a_sign(tmp_path):
    frame = pd.DataFrame({"name": list("abcd"), "n": 0, "of": 0, "x": [-1e-17, -0.0, -0.0000006, np.nan]})
    write_csv(tmp_path / "things.csv", frame, TABLE)
    written = [line.split(",")[3] for line in (tmp_path / "things.csv").read_text().splitlines()[1:]]
    assert written == ["0.000000", "0.000000", "-0.000001", ""]


def test_p_values_never_read_as_zero(tmp_path):
    table = Table("tests.csv", "Tests.", [NAME, Column("p", FLOAT, "p value", p_value=True), Column("x", FLOAT, "")])
    p = [0.03125, 1.2345678e-13, 0.0, 5e-324, 1.0, np.nan, 0.0001]
    write_csv(tmp_path / "tests.csv", pd.DataFrame({"name": list("abcdefg"), "p": p, "x": p}), table)
    written = [line.split(",")[1] for line in (tmp_path / "tests.csv").read_text().splitlines()[1:]]
    assert written == ["0.03125", "1.23457e-13", "2.22508e-308", "2.22508e-308", "1", "", "0.0001"]
    read = read_csv(tmp_path / "tests.csv", table)
    assert read["p"].dtype == np.float64
    assert (read["p"].dropna() > 0).all()
    assert read["x"].tolist()[1:3] == [0, 0]


def test_csv_is_read_with_the_declared_types(tmp_path):
    (tmp_path / "things.csv").write_text("x,name,extra,of,n\n0.123457,NA,1,,7\n,,2,3,8\n")
    frame = read_csv(tmp_path / "things.csv", TABLE)
    assert list(frame) == ["name", "n", "of", "x"]
    assert frame["name"].tolist() == ["NA", ""]  # a name, not a missing value
    assert frame["n"].dtype == np.int64
    assert (frame["of"].dtype, frame["of"].tolist()) == ("Int64", [pd.NA, 3])
    assert frame["x"].iloc[0] == 0.123457
    assert np.isnan(frame["x"].iloc[1])


def test_empty_csv_keeps_the_types(tmp_path):
    write_csv(tmp_path / "things.csv", pd.DataFrame(columns=TABLE.names), TABLE)
    assert read_csv(tmp_path / "things.csv", TABLE).dtypes.astype(str).tolist() == ["str", "int64", "Int64", "float64"]


def test_csv_that_is_missing_or_of_something_else_is_refused(tmp_path):
    with pytest.raises(PromptsegError, match=r"things.csv does not exist. Run the pipeline first"):
        read_csv(tmp_path / "things.csv", TABLE)
    (tmp_path / "things.csv").write_text("name,x\na,1\n")
    with pytest.raises(PromptsegError, match=r"things.csv lacks the columns n, of: delete it and run again"):
        read_csv(tmp_path / "things.csv", TABLE)
    with pytest.raises(KeyError, match="of"):
        write_csv(tmp_path / "things.csv", pd.DataFrame({"name": [], "n": [], "x": []}), TABLE)


def test_parquet_has_the_declared_schema(tmp_path):
    write_table(tmp_path / "t.parquet", [{"name": "a", "n": 1}], TABLE, {"seed": 7})
    schema = pq.read_schema(tmp_path / "t.parquet")
    assert schema.types == [pa.string(), pa.int64(), pa.int16(), pa.float64()]
    assert schema.metadata == {b"made": b"here", b"promptseg": b'{"seed": 7}'}
    assert read_table(tmp_path / "t.parquet", TABLE, ["n"])["n"].tolist() == [1]


def test_a_column_may_differ_in_one_respect():
    assert NAME.but(meaning="other") == Column("name", STRING, "other")


def test_few_rows_wait_until_they_are_a_row_group(tmp_path, monkeypatch):
    monkeypatch.setattr(tables, "_GROUP", 4)
    table = Table("few.parquet", "", [Column("n", pa.int32(), "a number")])
    with open_table(tmp_path / "few.parquet", table) as writer:
        for n in range(10):
            writer.gather([{"n": n}])
    file = pq.ParquetFile(tmp_path / "few.parquet")
    assert [file.metadata.row_group(index).num_rows for index in range(file.num_row_groups)] == [4, 4, 2]
    assert file.read()["n"].to_pylist() == list(range(10))
