"""`snakemake compare` on a finished run and a changed copy of its tables."""

import shutil

import pandas as pd
import pyarrow.parquet as pq

from promptseg.core.tables import read_provenance, write_table
from promptseg.score.tables import SCORES


def test_snakemake_compares_two_runs(project):
    for name in ("tables", "predictions"):
        shutil.copytree(project.path / "results" / name, project.path / "runs" / "other" / name)
    scores = project.path / "runs" / "other" / "tables" / "scores.parquet"
    rows, origin = pq.read_table(scores).to_pandas(), read_provenance(scores)
    boxed = (rows["method"] == "slow") & (rows["mode"] == "mode5") & (rows["dataset"] == "blobs")
    rows.loc[boxed, "iou"] += 0.0625
    write_table(scores, rows, SCORES, origin)
    text = project.run("compare", "--config", "run_a=results", "run_b=runs/other")
    assert "page  compare/results-other/index.html" in text
    folder = project.path / "compare" / "results-other"
    found = pd.read_csv(folder / "tables" / "differences.csv", keep_default_na=False)
    found = found[(found["metric"] == "iou") & (found["level"] == "task")]
    moved = found[found["difference"] != 0]
    assert set(zip(moved["dataset"], moved["method"], moved["mode"], strict=True)) == {("blobs", "slow", "mode5")}
    assert moved["difference"].tolist() == [0.0625, 0.0625]
    assert moved["ci_low"].tolist() == moved["ci_high"].tolist() == [0.0625, 0.0625]
    assert "Slow" in (folder / "index.html").read_text()
    assert project.planned("compare", "--config", "run_a=results", "run_b=runs/other") == {}


def test_a_comparison_needs_two_runs(project):
    for settings, sentence in (
        ((), "Which runs are to be compared? Give their folders: --config run_a=FOLDER run_b=FOLDER."),
        (("--config", "run_a=results", "run_b=nowhere"), "nowhere is no folder of results"),
    ):
        done = project.snakemake("compare", *settings)
        assert done.returncode != 0
        assert sentence in done.stdout
