"""Snakemake for real, from images to the report, on a tiny project, shards and bad input included."""

import json
import re
import zipfile

import pandas as pd
import pytest
import yaml
from PIL import Image

NAMES = ["scores", "summary", "statistics", "published", "claims", "datasets", "contamination"]
TABLES = [f"results/tables/{name}.{'parquet' if name == 'scores' else 'csv'}" for name in NAMES]


def config_of(project):
    return yaml.safe_load((project.path / "my.yaml").read_text())


def tables(project):
    return {name: (project.path / name).read_bytes() for name in TABLES}


def test_scores_and_figures_of_a_run(finished):
    scores = pd.read_parquet(finished.path / "results" / "tables" / "scores.parquet")
    perfect = scores[(scores["method"] == "perfect") & (scores["status"] == "ok")]
    assert len(perfect) == 2 * 3 * 2 * (5 + 2)  # datasets x images x objects x (modes + clicks)
    assert (perfect["iou"] == 1).all()
    slow = scores[scores["method"] == "slow"].groupby("status").size().to_dict()
    assert slow == {"not_applicable": 12 * 3, "ok": 12 * 3}
    names = {path.name for path in (finished.path / "results" / "figures").iterdir()}
    for stem in ("modes", "modes_published", "clicks_mean_corrected", "clicks_tasks_published", "examples_blobs"):
        assert {f"{stem}.png", f"{stem}.pdf", f"{stem}.md"} <= names
    assert Image.open(finished.path / "results" / "figures" / "modes.png").width > 500
    page = (finished.path / "results" / "report" / "index.html").read_text()
    assert "<b>Slow</b>: It sleeps before it answers." in page
    shown = set(re.findall(r'<template id="full-(\w+)"><img src="data:image/webp;base64,UklGR', page))
    assert shown == {name.removesuffix(".png") for name in names if name.endswith(".png")}


def test_every_job_says_what_it_took(finished):
    results = finished.path / "results"
    logs, took = (
        {path.relative_to(results / kind).with_suffix("") for path in (results / kind).rglob(f"*.{ending}")}
        for kind, ending in (("logs", "log"), ("benchmarks", "tsv"))
    )
    assert took == logs
    seconds = pd.read_csv(results / "benchmarks" / "predict" / "slow" / "blobs.tsv", sep="\t")["s"].item()
    assert seconds > 0.4  # it sleeps that long at least


def test_notebooks_run_on_the_results(project):
    project.run("notebooks")
    said = {}
    for name in ("explore_results", "add_a_method"):
        notebook = json.loads((project.path / "results" / "notebooks" / f"{name}.ipynb").read_text())
        outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        said[name] = "".join(
            "".join(output.get("text", output.get("data", {}).get("text/plain", ""))) for output in outputs
        )
        assert sum("image/png" in output.get("data", {}) for output in outputs) == (
            3 if name == "explore_results" else 1
        )
    assert "Perfect (control) minus Slow: +" in said["explore_results"]
    assert "otsu_in_box" in said["add_a_method"].split("mode3")[-1]


def test_somebody_else_s_images_are_compared_with_ours(project):
    ours = project.path / "results" / "datasets" / "blobs" / "manifest.csv"
    lines = ours.read_text().splitlines()
    # One image fewer, another one under another name.
    (project.path / "theirs.csv").write_text("\n".join([*lines[:2], lines[2].replace("p1,", "patient_1,"), ""]))
    done = project.snakemake("verify_manifest", "--config", "manifest=theirs.csv")
    assert done.returncode != 0
    assert "blobs, only here: p2\nblobs, other id: p1 (theirs patient_1)\n" in done.stdout
    comparison = pd.read_csv(project.path / "results" / "tables" / "manifest_comparison.csv")
    assert comparison["status"].tolist() == ["only here", "other id", "same"]
    done = project.snakemake("verify_manifest", "--config", "manifest=my.yaml")
    assert "my.yaml is not a manifest" in done.stdout


def test_report_archive_has_captions_and_figures(project):
    project.run("--report", "report.zip")
    with zipfile.ZipFile(project.path / "report.zip") as archive:
        text = archive.read("report/report.html").decode()
        names = archive.namelist()
        (folder,) = [name.removesuffix("app.js") for name in names if name.endswith("/app.js")]
        packed = {name.removeprefix(folder): archive.read(name) for name in names if name.startswith(folder)}
    explorer = project.path / "results" / "explorer"
    files = {path.relative_to(explorer).as_posix(): path for path in explorer.rglob("*") if path.is_file()}
    del files[".snakemake_timestamp"]
    assert packed == {name: path.read_bytes() for name, path in files.items()}
    assert {"data/run.js", "data/images/0.png", "data/scores/slow/mode3.first/iou.js"} <= packed.keys()
    for words in ("Mazurowski", "Prompt modes", "Clicks", "Examples", "95 %"):
        assert words in text


def test_shards_and_workers_do_not_change_scores(project, finished):
    config = config_of(project)
    config["datasets"]["blobs"]["shards"] = 2
    project.configure(config)
    project.run(*TABLES)
    assert tables(project) == tables(finished)


def test_an_unreadable_image_is_a_row_and_the_run_goes_on(project):
    (project.path / "data" / "blobs" / "images" / "p1.png").write_bytes(b"not a picture")
    project.run(*TABLES, "results/figures/examples_blobs.png")
    scores = pd.read_parquet(project.path / "results" / "tables" / "scores.parquet")
    failed = scores[~scores["status"].isin(["ok", "not_applicable"])]
    assert sorted(failed["method"]) == ["perfect", "slow"]
    assert set(failed["image_id"]) == {"p1"}
    assert failed["status"].str.contains("p1.png").all()
    log = (project.path / "results" / "logs" / "preprocess" / "blobs.log").read_text()
    assert "ERROR" in log
    assert "p1.png" in log

    config = config_of(project) | {"strict": True}
    project.configure(config)
    done = project.snakemake("results/datasets/blobs/images.parquet")
    assert done.returncode != 0
    assert "p1.png" in done.stdout
    assert "strict" in done.stdout
    assert "Traceback" not in done.stdout.split("blobs.log")[-1]


def test_weights_put_there_by_hand_are_checked_before_use(project):
    checkpoint = {"url": "http://127.0.0.1:9/w.pth", "md5": "0" * 32}
    (project.path / "results" / "weights").mkdir()
    (project.path / "results" / "weights" / "slow.pth").write_bytes(b"other")
    project.configure(config_of(project) | {"methods": {"slow": {"adapter": "slow.py:Slow", "checkpoint": checkpoint}}})
    done = project.snakemake("--until", "predict")
    assert done.returncode != 0
    assert "slow.pth does not hold the published weights of slow: expected md5 0000" in done.stdout


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"device": "cuda", "methods": {"slow": {"adapter": "slow.py:Slow", "gpu": True}}},
            ["device: cuda is configured", "finds no GPU"],
        ),
        (
            {
                "methods": {
                    "slow": {
                        "adapter": "slow.py:Slow",
                        "checkpoint": {"url": "http://127.0.0.1:9/w.pth", "md5": "0" * 32, "licence": "MIT"},
                    }
                }
            },
            ["http://127.0.0.1:9/w.pth", "results/weights/slow.pth", "checkpoint: {path: ...}"],
        ),
        (
            {"methods": {"slow": {"adapter": "slow.py:Slow", "checkpoint": {"path": "nowhere.pth"}}}},
            ["Method slow has no weights: nowhere.pth is not there"],
        ),
        (
            {"methods": {"slow": {"adapter": "slow.py:Quick"}}},
            [
                "my.yaml",
                "methods.slow.adapter is slow.py:Quick: slow.py has no class 'Quick'. Its classes: Slow, Likely.",
            ],
        ),
        (
            {"methods": {"slow": {"adapter": "slow.py:Likely"}}},
            [
                "slow (slow.py:Likely) answered none of 6 prompts",
                "masks are float64 between 0 and 0.9; give bool, or exactly",
            ],
        ),
    ],
)
def test_what_cannot_run_is_explained_in_one_error(project, change, words):
    project.configure(config_of(project) | change)
    done = project.snakemake("--until", "predict")
    assert done.returncode != 0
    for word in words:
        assert word in done.stdout
