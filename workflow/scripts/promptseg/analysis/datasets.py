"""How many images of each dataset a run evaluated, beside what the study says of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.columns import MANIFEST, N_FAILED, N_IMAGES, N_OBJECTS
from promptseg.core.columns import DATASET, STATUS
from promptseg.core.files import digest
from promptseg.core.reason import counted
from promptseg.core.tables import INTEGER, STRING, Column, Table, read_table
from promptseg.preprocess.manifests import read_manifest
from promptseg.preprocess.tables import OBJECTS

DATASETS = Table(
    "datasets.csv",
    "How many images of each dataset were evaluated, beside what the study says.",
    [
        DATASET,
        Column("title", STRING, "name to show"),
        STATUS,
        N_IMAGES.but(meaning="images with an object", optional=True),
        Column("n_cases", INTEGER, "patients that they are of", optional=True),
        N_FAILED.but(meaning="cases that could not be read", optional=True),
        N_OBJECTS.but(meaning="objects of all tasks", optional=True),
        Column("objects_of_tasks", STRING, "objects of each task"),
        Column("study", STRING, "the study's name of the dataset"),
        Column("study_images", INTEGER, "the study's number of images", optional=True),
        Column("certain", STRING, "whether a public source states that number"),
        Column("difference", INTEGER, "n_images - study_images", optional=True),
        Column("sampling", STRING, "which slices are taken"),
        Column("licence", STRING, "licence of the data"),
        MANIFEST,
    ],
)


def sampling_text(sampling: Mapping[str, Any] | str) -> str:
    """In words which slices `sampling` of a dataset takes: "all", "one slice in 3; objects of at least 50 pixels"."""
    if isinstance(sampling, str):
        return sampling
    every, per_case, least = sampling.get("every", 1), sampling.get("per_case"), sampling.get("min_area", 1)
    parts = [f"one slice in {every}"] if every > 1 else []
    if per_case:
        parts.append(f"at most {per_case} slices per case, drawn at random (seed {sampling.get('seed', 1)})")
    if not parts:
        parts.append("all")
    if least > 1:
        parts.append(f"objects of at least {least} pixels")
    return "; ".join(parts)


def counts(
    manifests: Sequence[str | Path],
    objects: Sequence[str | Path],
    datasets: Mapping[str, Mapping[str, Any]],
    unavailable: Mapping[str, str],
) -> pd.DataFrame:
    """DATASETS, one row for each dataset of the run, sorted by name; those left out stand there with the reason.

    Args:
        manifests: manifest.csv of each dataset that was run, in a folder of the dataset's name.
        objects: objects.parquet, in the same folders.
        datasets: name -> {title, licence, study, sampling, tasks}; study: {name, images, certain}.
        unavailable: name -> why a dataset was left out.

    Returns:
        n_images are the images with an object (as the study counts), n_cases the patients they are of, n_failed the
        cases that could not be read. `certain`: whether a public source states the study's number of images. `status`
        is ok, how many cases failed for which reasons, or why there is no image. Unknown numbers are NA.
    """
    rows = [
        _row(name, datasets.get(name, {})) | {"status": " ".join(reason.split())}
        for name, reason in unavailable.items()
    ]
    tables = {Path(path).parent.name: path for path in objects}
    for path in map(Path, manifests):
        name = path.parent.name
        manifest = read_manifest(path)
        made = manifest[manifest["status"] == "ok"]
        failed = manifest.loc[manifest["status"] != "ok", "status"]
        about = datasets.get(name, {})
        found = read_table(tables[name], OBJECTS, ["task"])["task"].value_counts()
        tasks = list(about.get("tasks") or sorted(found.index))
        row = _row(name, about) | {
            "status": f"failed: {counted(failed)}" if len(failed) else "ok",
            "n_images": len(made),
            "n_cases": made["case_id"].nunique(),
            "n_failed": len(failed),
            "n_objects": int(found.sum()),
            "objects_of_tasks": ", ".join(f"{task}: {found.get(task, 0)}" for task in tasks),
            "manifest_sha256": digest(path),
        }
        if row.get("study_images"):
            row["difference"] = len(made) - row["study_images"]
        rows.append(row)
    frame = pd.DataFrame(rows, columns=DATASETS.names)
    numbers = {column.name: column.dtype for column in DATASETS.columns if column.type == INTEGER}
    strings = [name for name in DATASETS.names if name not in numbers]
    return frame.astype(numbers).fillna(dict.fromkeys(strings, "")).sort_values("dataset", ignore_index=True)


def _row(name: str, about: Mapping[str, Any]) -> dict[str, Any]:
    """What is known of a dataset without its images."""
    study = about.get("study") or {}
    return {
        "dataset": name,
        "title": about.get("title") or name,
        "study": study.get("name", ""),
        "study_images": study.get("images"),
        "certain": ("yes" if study.get("certain") else "no") if "images" in study else "",
        "sampling": sampling_text(about.get("sampling", "")),
        "licence": about.get("licence", ""),
    }
