"""results/tables/README.md: every column of every table is explained, in the order of the files."""

import re
from pathlib import Path

import numpy as np
import pytest

from promptseg.analysis.columns import ends, made
from promptseg.analysis.readme import TABLES, readme
from promptseg.core.masks import decode, encode
from promptseg.core.tables import FLOAT, STRING, Column, Table, write_table
from promptseg.predict.tables import PREDICTIONS


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


EXPORTS = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()
RLE = [(readme(), "predictions/METHOD/DATASET.parquet"), (EXPORTS, "results/predictions/sam_small/abdomen_ct.parquet")]


def run_block(text, containing):
    """The names that the one block of Python with these words defines."""
    (block,) = [block for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if containing in block]
    scope = {}
    exec(block, scope)
    return scope


@pytest.mark.parametrize(("text", "path"), RLE, ids=["tables", "docs"])
def test_masks_are_decoded_as_it_is_said(text, path, tmp_path, monkeypatch):
    mask = np.random.default_rng(3).random((7, 5)) < 0.4
    row = {"object_id": "a", "mode": "mode1", "status": "ok", "rle": encode(mask)}
    write_table(tmp_path / path, [row], PREDICTIONS)
    monkeypatch.chdir(tmp_path)
    assert np.array_equal(run_block(text, "read_table")["pixels"], mask)


def test_the_decoder_without_a_library():
    own = run_block(EXPORTS, "def decode")["decode"]
    random = np.random.default_rng(0)
    for share in (0, 0.002, 0.03, 0.5, 0.999, 1):
        code = encode(random.random((97, 143)) < share)
        assert np.array_equal(own(code), decode(code))
    wide = np.zeros((400, 300), bool)
    wide[3:397, 100] = wide[0, 0] = True  # long runs, and a first one of no pixel
    assert np.array_equal(own(encode(wide)), wide)
