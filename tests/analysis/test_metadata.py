"""Files of metadata as people and spreadsheets write them, and how they find their cases."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.metadata import Metadata, partner_warnings, read_metadata
from promptseg.analysis.sums import merge_scores
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_table, write_table
from promptseg.score.tables import SCORES
from support.scores import SMALL


def written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("case_id,sex,age\np1,f,40\np2,m,50.5\n", "utf-8"),
        ("case_id;sex;age\r\np1;f;40\r\np2;m;50,5\r\n", "utf-8-sig"),
        ("sep=;\r\ncase_id;sex;age;;\r\n p1 ; f;40;;\r\np2;m;50,5;;\r\n;;;;\r\n", "utf-8-sig"),
        ('sex\tCase\tage\nf\t"p1"\t40\n\nm\tp2\t50.5\n', "utf-8"),
    ],
)
def test_what_spreadsheets_write(tmp_path, text, encoding):
    metadata = Metadata({"d": written(tmp_path / "a.csv", text, encoding)})
    assert [(column.name, column.dtype) for column in metadata.columns] == [("sex", "str"), ("age", "float64")]
    found = metadata.of("d", ["p2", "p1", "p3"], ["p2", "p1", "p3"])
    assert found["sex"].fillna("").tolist() == ["m", "f", ""]
    assert found["age"].tolist()[:2] == [50.5, 40.0]
    assert np.isnan(found["age"][2])


def test_rows_of_images_cases_and_patients(tmp_path):
    text = "case,age\nanna_1,30\nanna,40\nbert_2_z003,50\n"
    metadata = Metadata({"d": written(tmp_path / "a.csv", text)})
    images = ["anna_1_z001", "anna_2_z001", "anna_1", "bert_2_z003", "bert_2_z004"]
    assert metadata.of("d", ["anna", "anna", "anna", "bert", "bert"], images)["age"].tolist()[:4] == [30, 40, 30, 50]
    assert metadata.of("other", ["anna"], ["anna"])["age"].isna().all()


def test_words_and_numbers(tmp_path):
    first = written(tmp_path / "a.csv", "case,site,stage,zip,empty\nx,A,1,007,\ny,,2,012,\n")
    second = written(tmp_path / "b.csv", "case,stage,age\nz,II,1e2\n")
    kinds = {column.name: column.dtype for column in Metadata({"a": first, "b": second}).columns}
    assert kinds == {"site": "str", "stage": "str", "zip": "str", "empty": "str", "age": "float64"}
    assert Metadata({"a": first, "b": second}).of("a", ["y"], ["y"]).iloc[0].fillna("").tolist()[:3] == ["", "2", "012"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no column `case_id` or `case`.*its columns are none"),
        ("patient,age\nx,1\n", "has no column `case_id` or `case`.*its columns are patient, age"),
        ("case,age,age\nx,1,2\n", "has two columns age: rename one"),
        ("case,method\nx,1\n", r"has a column method, and so has scores.parquet \(there: name of the method\): rename"),
        ("case_id,case\nx,1\n", "has a column case, and so has"),
        ("case,age\nx,1\nx,2\n", "has two rows for the case x, with age 1 and 2: keep one"),
        ("case,age\nx,\nx,2\n", "with age empty and 2"),
    ],
)
def test_refused(tmp_path, text, message):
    with pytest.raises(PromptsegError, match=message):
        read_metadata(written(tmp_path / "a.csv", text))


def test_refused_files(tmp_path):
    with pytest.raises(PromptsegError, match="save it as `CSV UTF-8`"):
        read_metadata(written(tmp_path / "a.csv", "case,ort\nx,Köln\n", "latin-1"))
    with pytest.raises(PromptsegError, match="cannot be read"):
        read_metadata(tmp_path / "b.csv")
    assert len(read_metadata(written(tmp_path / "c.csv", "case,age\nx,1\nx,1\n"))) == 1  # equal rows are one


def test_partners_are_counted_and_said(tmp_path):
    cases = [f"p{index:03d}" for index in range(1, 9)]
    metadata = Metadata({"d": written(tmp_path / "a.csv", "case,age\np001,1\n7,2\n8,3\n")})
    partners = metadata.partners("d", cases, [f"{case}_z001" for case in cases])
    assert partners == {
        "dataset": "d",
        "columns": "age",
        "n_rows": 3,
        "n_cases": 8,
        "n_without_row": 7,
        "without_row": "p002, p003, p004, p005, p006, ...",
        "n_unused": 2,
        "unused": "7, 8",
    }
    assert partner_warnings(partners) == [
        "7 of 8 cases of d have no row in its metadata: p002, p003, p004, p005, p006, ...",
        "2 rows of the metadata of d name no case of it (a spreadsheet may have cut leading zeros): 7, 8",
    ]
    assert partner_warnings({**partners, "n_without_row": 0, "n_unused": 0}) == []


def test_scores_gain_the_columns(tmp_path):
    write_table(tmp_path / "d.parquet", SMALL, SCORES)
    plain = merge_scores([tmp_path / "d.parquet"], tmp_path / "plain.parquet")
    metadata = Metadata({"d": written(tmp_path / "a.csv", "case,sex,age\np1,f,40\np3,m,\n")})
    sums = merge_scores([tmp_path / "d.parquet"], tmp_path / "scores.parquet", metadata)
    pd.testing.assert_frame_equal(sums, plain)
    rows = pq.read_table(tmp_path / "scores.parquet").to_pandas()
    assert list(rows.columns) == [*SCORES.names, "sex", "age"]
    known = rows[["case_id", "sex", "age"]].drop_duplicates().set_index("case_id")
    assert known["sex"].fillna("").to_dict() == {"p1": "f", "p2": "", "p3": "m"}
    assert known["age"].fillna(-1).to_dict() == {"p1": 40, "p2": -1, "p3": -1}
    pd.testing.assert_frame_equal(
        read_table(tmp_path / "scores.parquet", SCORES), read_table(tmp_path / "plain.parquet", SCORES)
    )
    assert pq.read_schema(tmp_path / "plain.parquet").names == SCORES.names
