"""The tables of the report page that say what was run: datasets, training sets, speed, failures, provenance."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.paper import number
from promptseg.core.tables import read_provenance
from promptseg.core.titles import Titles, plain, titled
from promptseg.report.grid import Cell, Table, as_table, explored


def datasets_table(counts: pd.DataFrame) -> Table:
    """The datasets of the run: what was evaluated, and how many images the study had, if it had one of them.

    Args:
        counts: see `datasets.counts`.
    """
    cells = []
    for row in counts.to_dict("records"):
        title = Cell(row["title"], explored(datasets=[row["dataset"]]) if row["status"] == "ok" else "")
        texts = [title, row["status"], row["sampling"], plain(row["objects_of_tasks"]), row["licence"]]
        numbers = [number(row[name], 0) for name in ("n_images", "n_cases", "n_failed", "study_images")]
        numbers[-1] += "?" if numbers[-1] and row["certain"] != "yes" else ""
        cells.append([*texts, *numbers, number(row["difference"], 0, "+"), row["manifest_sha256"][:12]])
    heads = ["dataset", "status", "slices", "objects", "licence", "images", "patients", "failed cases"]
    heads += ["study's images", "difference", "manifest"]
    shown = [place for place in range(len(heads)) if place < 8 or any(row[place] for row in cells)]
    return as_table([[row[place] for place in shown] for row in cells], [heads[place] for place in shown], 5)


def contamination_table(answers: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """What is known of the methods' training sets: a row for each method, answer and source.

    Args:
        answers: see `contamination.contamination`.
        datasets, methods: name -> {title}.
    """
    total = answers["dataset"].nunique()
    cells = []
    for (method, answer, source), rows in answers.groupby(["method", "answer", "source"], sort=False):
        names = [titled(datasets, name) for name in rows["dataset"]]
        where = f"all {total}" if len(names) == total > 1 else ", ".join(names)
        cells.append([titled(methods, method), answer, where, source or "no entry in the configuration"])
    return as_table(cells, ["method", "seen", "datasets", "source"], 4)


def throughput_table(throughput: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """Speed and memory of each method on each dataset; GPU memory and time in a queue where there was any."""
    gpu = throughput["peak_gpu_memory_mb"].notna().any()
    queued = (throughput["queue_seconds"] > 0).any()
    cells = [
        [
            *(titled(datasets, row.dataset), titled(methods, row.method), row.device, row.precision),
            *(number(row.images, 0), number(row.prompts, 0), number(row.predictions, 0)),
            *(number(row.encode_seconds, 1), number(row.decode_seconds, 1), number(row.idle_seconds, 1)),
            *(number(row.wall_seconds, 1), number(row.start_seconds, 1)),
            *([number(row.queue_seconds, 0)] if queued else []),
            *(number(row.images_per_second, 2), number(row.objects_per_second, 2), number(row.peak_memory_mb, 0)),
            *([number(row.peak_gpu_memory_mb, 0)] if gpu else []),
        ]
        for row in throughput.itertuples()
    ]
    heads = ["dataset", "method", "device", "precision", "images", "prompts", "masks"]
    heads += ["encode s", "decode s", "idle s", "wall s", "start s", *(["queue s"] if queued else [])]
    heads += ["images/s", "objects/s", "peak MB"]
    return as_table(cells, [*heads, "peak GPU MB"] if gpu else heads, 4)


def precision_notes(throughput: pd.DataFrame, methods: Titles) -> list[str]:
    """A sentence for each method that was checked against PyTorch in fp32: what becomes of the IoU, all datasets."""
    notes = []
    checked = throughput[throughput["iou_difference"].notna() & (throughput["checked_images"].fillna(0) > 0)]
    for (method, precision, backend), own in checked.groupby(
        ["method", "precision", "backend"], sort=False, dropna=False
    ):
        images = int(own["checked_images"].sum())
        mean = float(np.average(own["iou_difference"], weights=own["checked_images"].astype(float)))
        mean = round(mean, 4) + 0.0  # turns -0.0 into 0.0
        largest = own["largest_iou_difference"].max()
        torch = pd.isna(backend) or backend in ("", "torch")
        low, whole = (precision or "reduced precision", "fp32") if torch else (f"{backend} {precision}", "torch fp32")
        notes.append(
            f"{titled(methods, method)}, {low} against {whole} on "
            f"{images} image{'s' if images != 1 else ''}: mean IoU changes by {mean:+.4f}"
            + (f", at most {largest:.4f} for a single mask." if pd.notna(largest) else ".")
        )
    return notes


def choice_notes(throughput: pd.DataFrame, datasets: Titles, methods: Titles) -> list[str]:
    """A sentence for each method and dataset whose precision was chosen (`precision: auto`): which, and why."""
    rows = throughput[throughput["precision_choice"].fillna("") != ""]
    return [
        f"{titled(methods, row.method)} on {titled(datasets, row.dataset)} ran in {row.precision} "
        f"(precision: auto): {row.precision_choice}."
        for row in rows.itertuples()
    ]


def failures_table(failed: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """What `failures` found; reasons lead to their objects in the explorer."""
    shown = failed.copy()
    names = zip(failed["reason"], failed["datasets"].str.split(", "), failed["methods"].str.split(", "), strict=True)
    shown["reason"] = [
        Cell(reason, explored(datasets=where, methods=who, statuses=[reason])) for reason, where, who in names
    ]
    for column, titles in (("datasets", datasets), ("methods", methods)):
        shown[column] = [", ".join(titled(titles, name) for name in names.split(", ")) for names in failed[column]]
    return as_table(shown.to_numpy().tolist(), shown.columns, 5)


def provenance_table(scores: Path) -> Table:
    """What made the numbers: one row for each fact that the score files carry, with the parts it holds for."""
    facts: dict[tuple[str, str], list[str]] = {}
    parts = read_provenance(scores)
    for part, content in parts.items():
        for name, value in content.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            facts.setdefault((name, text), []).append(part)
    cells = [[*fact, "all" if len(where) == len(parts) else ", ".join(where)] for fact, where in facts.items()]
    return as_table(sorted(cells), ["fact", "value", "method/dataset"], 3)
