"""Metadata of cases are joined when tables are made: nothing before that is made again."""

import copy

import pandas as pd
import pyarrow.parquet as pq

from support.projects import RUN

TABLES = ("results/tables/groups.csv", "results/figures/groups.png")
BEFORE = {"collect_files", "preprocess", "manifest", "prompts", "predict", "score"}


def test_metadata(project):
    config = copy.deepcopy(RUN)
    config["datasets"]["blobs"]["metadata"] = "cases.csv"
    config["groups"] = {"age": [50]}
    project.configure(config)
    (project.path / "cases.csv").write_text("case;sex;age\np0;f;40\np1;m;50\nelse;m;60\n", encoding="utf-8-sig")
    planned = project.planned()
    assert planned["aggregate"] == planned["tabulate_groups"] == planned["plot_groups"] == planned["build_page"] == 1
    assert not BEFORE & set(planned)
    said = project.run(*TABLES)
    assert "1 of 3 cases of blobs have no row in its metadata: p2" in said
    assert "1 rows of the metadata of blobs name no case of it: else" in said
    scores = pq.read_table(project.path / "results/tables/scores.parquet").to_pandas()
    known = scores[scores["dataset"] == "blobs"].drop_duplicates("case_id").set_index("case_id")
    assert known["age"].fillna(0).to_dict() == {"p0": 40, "p1": 50, "p2": 0}
    assert scores.loc[scores["dataset"] == "stripes", "sex"].isna().all()
    groups = pd.read_csv(project.path / "results/tables/groups.csv")
    assert set(groups["group"]) == {"below 50", "50 and above", "not stated", "f", "m"}
    perfect = groups[(groups["method"] == "perfect") & (groups["mode"] == "mode4")]
    assert set(perfect["iou"]) == {1}
    assert project.planned(*TABLES) == {}
    (project.path / "cases.csv").touch()
    assert project.planned(*TABLES) == {}
    (project.path / "cases.csv").write_text("case;sex;age\np0;f;40\np1;m;51\n")
    assert project.planned(*TABLES) == {"aggregate": 1, "tabulate_groups": 1, "plot_groups": 1}
    (project.path / "cases.csv").unlink()
    missing = project.snakemake("-n").stdout.splitlines()[-1]
    assert missing.endswith(f"cases.csv is not a file. A relative path starts at {project.path}.")
