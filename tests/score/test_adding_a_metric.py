"""The page about adding a metric does what it says: its blocks are put into a copy of the project, which is run."""

import os
import re
import subprocess
import sys

import pandas as pd
import pytest

from support.projects import ROOT, TINY, Project


@pytest.fixture(scope="module")
def blocks():
    """Function, entry and test of the page."""
    page = (ROOT / "docs" / "adding_a_metric.md").read_text()
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)


@pytest.fixture(scope="module")
def project(blocks, tmp_path_factory):
    project = Project.create(tmp_path_factory.mktemp("adding") / "project")
    function, entry, _ = blocks
    path = project.path / "workflow" / "scripts" / "promptseg" / "score" / "metrics.py"
    before, start, rest = path.read_text().partition("METRICS = (\n")
    entries, end, after = rest.partition("\n)\n")
    path.write_text(f"{before}{start}{entries}\n{entry.rstrip()},{end}{after}".replace(start, f"{function}\n\n{start}"))
    return project


def test_the_test_of_the_page_passes(project, blocks):
    (project.path / "test_metrics.py").write_text(blocks[2])
    environment = os.environ | {"PYTHONPATH": "workflow/scripts"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_metrics.py"]
    done = subprocess.run(command, cwd=project.path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_scores_means_and_readme_have_the_metric(project):
    project.configure({**TINY, "run": {**TINY["run"], "datasets": ["blobs"]}})
    project.run("results/tables/summary.csv")
    tables = project.path / "results" / "tables"
    scores = pd.read_parquet(tables / "scores.parquet").query("status == 'ok'")
    assert (scores.loc[scores["method"] == "perfect", "area_error"] == 0).all()
    boxes = scores[(scores["method"] == "box_fill") & (scores["mode"] == "mode5")]
    assert (boxes["area_error"] == 0).all()  # the objects are boxes
    summary = pd.read_csv(tables / "summary.csv")
    assert {f"area_error_mean_{over}" for over in ("images", "patients", "tasks")} <= set(summary.columns)
    assert "area_error" in (tables / "README.md").read_text()
