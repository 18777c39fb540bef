"""The stage: equal files, all columns explained, sources of every number."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.analysis.provenance import SOURCES, stamp_from
from promptseg.analysis.readme import TABLES
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import claims
from promptseg.analysis.study.published import read_published
from promptseg.core.files import digest
from promptseg.core.tables import read_csv, write_table
from promptseg.score.tables import SCORES
from support import synthetic
from support.scores import pick, row

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"


def test_variants_of_protocols_are_in_scores_and_ablation_only(tmp_path):
    rows = [
        row("a", "p1", "i1", iou, mode="iterative", protocol="as_released", switch=switch)
        for switch, iou in ((None, 0.5), ("error_region", 0.765432))
    ]
    write_table(tmp_path / "d.parquet", rows, SCORES)
    outputs = aggregate_to(tmp_path / "out", [tmp_path / "d.parquet"], [])
    (line,) = outputs["ablation.csv"].read_text().splitlines()[1:]
    assert line.startswith("m,first,as_released,error_region,1,1,0.500000,0.765432,0.265432,p")
    assert pq.read_metadata(outputs["scores.parquet"]).num_rows == 2
    for name, path in outputs.items():
        if path.suffix == ".csv" and name != "ablation.csv":
            assert "0.765432" not in path.read_text(), name


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return synthetic.write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def manifests(tmp_path_factory):
    """The manifest of one dataset."""
    path = tmp_path_factory.mktemp("datasets") / "chest_xray" / "manifest.csv"
    path.parent.mkdir()
    path.write_text("dataset,image_id\n")
    return [path]


@pytest.fixture(scope="module")
def outputs(run, manifests, tmp_path_factory):
    """The files of the stage."""
    return aggregate_to(tmp_path_factory.mktemp("tables"), *run, manifests)


def aggregate_to(folder, scores, speeds, manifests=()):
    about = About(synthetic.DATASETS, synthetic.METHODS, synthetic.SEEN)
    aggregate(Inputs(scores, speeds, manifests, PUBLISHED), folder, about, 200, 0)
    return {path.name: path for path in folder.rglob("*") if path.is_file()}


def test_files_do_not_depend_on_the_order_of_inputs(run, manifests, tmp_path):
    # Two datasets and four methods, since the stage runs twice.
    chosen = {"grabcut", "perfect", "random_walker", "sam_vit_b"}, {"brain_tumour", "breast_us"}
    scores, speeds = ([path for path in paths if path.parent.name in chosen[0]] for paths in run)
    scores, speeds = ([path for path in paths if path.name.split(".")[0] in chosen[1]] for paths in (scores, speeds))
    assert (len(scores), len(speeds)) == (8, 8)
    one = aggregate_to(tmp_path / "one", scores, speeds, manifests)
    two = aggregate_to(tmp_path / "two", scores[::-1], speeds[::-1], manifests)
    assert set(one) == set(two)
    for name in one:
        assert one[name].read_bytes() == two[name].read_bytes(), name


def test_every_column_of_every_file_is_explained(outputs):
    columns = {table.name: table.names for table in TABLES}
    for name, path in outputs.items():
        if path.suffix == ".csv":
            assert list(pd.read_csv(path, nrows=0).columns) == columns[name], name
    assert "## claims.csv" in outputs["README.md"].read_text()


def test_every_number_leads_to_its_sources(outputs):
    sources = pd.read_csv(outputs["provenance.csv"], dtype=str, keep_default_na=False)
    assert list(sources.columns) == SOURCES.names
    for name, path in outputs.items():
        if path.suffix == ".csv" and "provenance" in (table := pd.read_csv(path, dtype=str, keep_default_na=False)):
            assert set(table["provenance"]) <= set(sources["provenance"]), name
    measured = pd.read_csv(outputs["statistics.csv"])
    line = pick(measured, level="task", dataset="chest_xray", method="grabcut", mode="mode4")
    own = pick(sources, provenance=line["provenance"])
    assert (own["method"], own["dataset"], own["device"]) == ("grabcut", "chest_xray", "cpu")
    assert own["manifest_sha256"] == hashlib.sha256(b"dataset,image_id\n").hexdigest()
    everything = pick(measured, level="all", method="grabcut", mode="mode4")
    assert set(sources.loc[sources["provenance"] == everything["provenance"], "dataset"]) == set(synthetic.DATASETS)
    found = claims(read_published(PUBLISHED), measured, synthetic.METHODS, synthetic.DATASETS)
    claimed = stamp_from(found, outputs["provenance.csv"])
    assert set(claimed["provenance"]) <= set(sources["provenance"])
    theirs = set(claimed.loc[claimed["source"] == "published", "provenance"])
    assert len(theirs) == 1
    assert pick(sources, provenance=theirs.pop())["published_sha256"] == digest(PUBLISHED)
    of_all = measured[(measured["level"] == "all") & (measured["method"] == "grabcut")]
    assert set(claimed.loc[claimed["method"] == "grabcut", "provenance"]) == set(of_all["provenance"])


def test_statistics_are_read_as_written(outputs):
    read = read_csv(outputs["statistics.csv"], STATISTICS)
    assert set(read["level"]) == {"task", "all", "all_unseen"}
    assert read["protocol"].isin(["", "corrected"]).all()
    line = pick(read, level="task", dataset="chest_xray", method="box_fill", mode="mode1")
    assert (line["no_interval"], line["n_images"]) == ("not applicable", 0)
    assert np.isnan(line["iou"])
    perfect = pick(read, level="all", method="perfect", mode="mode4")
    assert (perfect["iou"], perfect["n_tasks"]) == (1.0, 17)
