"""The explanations of columns: every column of every table has one, and nothing else does."""

import pytest

from promptseg.analysis.columns import COMMON, TABLES, Table, readme


@pytest.mark.parametrize("name", TABLES)
def test_every_column_is_explained(name):
    table = TABLES[name]
    assert len(table.columns) == len(set(table.columns))
    for column in table.columns:
        assert len(table.meaning(column)) > 5, column
    assert set(table.meanings) <= set(table.columns)


def test_every_common_meaning_is_used():
    assert set(COMMON) <= {column for table in TABLES.values() for column in table.columns}


def test_unknown_column_is_an_error():
    with pytest.raises(KeyError, match="dicee"):
        Table("", ["dicee"]).meaning("dicee")


def test_intervals_and_means_are_explained_by_their_names():
    table = Table("", [])
    assert table.meaning("auc_ci_high") == "upper end of the 95 % interval of auc"
    assert table.meaning("iou_mean_patients") == "mean iou over patients of their means"


def test_readme_has_a_line_for_each_column():
    text = readme()
    assert text.count("\n| `") == sum(len(table.columns) for table in TABLES.values())
    assert "## pairs.csv" in text
    assert "| `p_holm` | the same after Holm's correction within the family |" in text
