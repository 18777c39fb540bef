"""A results folder for the tests of the page and of the table in the terminal."""

from pathlib import Path

import pandas as pd
import pytest

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS, claims
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv, write_csv, write_table
from promptseg.figures import style
from promptseg.score.tables import SCORES
from support import synthetic
from support.browser import chromium, visit

__all__ = ["chromium", "visit"]

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"
TABLES = (
    "summary",
    "statistics",
    "published",
    "claims",
    "ablation",
    "throughput",
    "contamination",
    "datasets",
    "pairs",
)
CHEST = {"dataset": "chest_xray", "title": "Chest X-ray", "study": "Xray-Chest", "study_images": 704, "certain": "yes"}
CHEST |= {"sampling": "all"}
CHEST |= {"status": "ok", "n_images": 30, "n_cases": 29, "n_failed": 0, "difference": -674}
CHEST |= {"objects_of_tasks": "lungs: 30", "licence": "CC0", "manifest_sha256": "0123456789abcdef"}
LEFT_OUT = {"title": "US-Nerve", "status": "needs a token", "study_images": 2323, "certain": "no"}
COUNTS = pd.DataFrame([CHEST, LEFT_OUT], columns=DATASETS.names).convert_dtypes()


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A results folder with tables and three figures, and its tables by name; one image could not be read."""
    folder = tmp_path_factory.mktemp("results")
    scores, speeds = synthetic.write_run(folder)
    broken = {"dataset": "zz_broken", "method": "grabcut", "image_id": "case<1>", "case_id": "case<1>"}
    scores.append(folder / "scores" / "grabcut" / "zz_broken.parquet")
    write_table(scores[-1], [broken | {"status": "unreadable: truncated"}], SCORES)
    outputs = {name: folder / "tables" / f"{name}.csv" for name in TABLES}
    outputs["scores"] = folder / "tables" / "scores.parquet"
    about = About(synthetic.DATASETS, synthetic.METHODS, synthetic.SEEN)
    aggregate(Inputs(scores, speeds, [], PUBLISHED), folder / "tables", about, 50, 0)
    measured = read_csv(outputs["statistics"], STATISTICS)
    found = claims(read_published(PUBLISHED), measured, synthetic.METHODS, synthetic.DATASETS)
    write_csv(outputs["claims"], found.assign(provenance=""), CLAIMS)
    write_csv(outputs["datasets"], COUNTS, DATASETS)
    for name in ("examples_chest_xray", "examples_breast_us", "modes"):
        path = folder / "figures" / name
        style.save(style.message(name, "A sentence."), [path.with_suffix(".pdf"), path.with_suffix(".png")])
    return folder, outputs
