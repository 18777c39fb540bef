"""results/tables/README.md: every column of every table is explained, in the order of the files."""

import pytest

from promptseg.analysis.columns import ends, made
from promptseg.analysis.readme import TABLES, readme
from promptseg.core.tables import FLOAT, STRING, Column, Table


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_has_its_own_name_and_a_meaning(table):
    assert len(table.names) == len(set(table.names))
    assert all(len(column.meaning) > 5 for column in table.columns)


def test_readme_has_a_line_for_each_column():
    text = readme()
    assert text.count("\n| `") == sum(len(table.columns) for table in TABLES)
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [table.name for table in TABLES]
    assert "| `p_holm` | number |  | the same after Holm's correction within the family |" in text
    assert "| `wall_seconds` | number | s | time of the whole loop |" in text


def test_distances_are_never_said_to_be_infinite():
    """`scoring.score_masks` gives the diagonal of the image where the method's mask is empty."""
    assert "finite" not in readme()
    assert "| `hd95` | number | `distance_unit` | 95th percentile of the Hausdorff distance, the diagonal" in readme()


def test_an_interval_is_explained_by_its_name():
    low, high = ends(Column("auc", FLOAT, "area", "clicks"))
    assert high == Column("auc_ci_high", FLOAT, "upper end of the 95 % interval of auc", "clicks")
    assert low.name == "auc_ci_low"


def test_provenance_is_added_when_a_table_is_written():
    provenance = Column("provenance", STRING, "key of provenance.csv")
    assert made(Table("t.csv", "", [Column("a", STRING, "first"), provenance])) == ["a"]
