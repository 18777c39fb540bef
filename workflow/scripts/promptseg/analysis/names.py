"""names.csv: what a run calls its datasets, tasks, methods and protocols, for whoever reads its folder alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.core.columns import DATASET
from promptseg.core.tables import STRING, Column, Table, read_csv
from promptseg.core.titles import plain

NAMES = Table(
    "names.csv",
    "Names and titles. Methods are those of the whole registry, in its order, which gives each its colour.",
    [
        Column("kind", STRING, "`dataset`, `task`, `method` or `protocol`"),
        DATASET.but(meaning="the dataset of a task; empty otherwise"),
        Column("name", STRING, "as in the other tables"),
        Column("title", STRING, "as figures and page call it"),
        Column("control", STRING, "`yes` for a method that bounds the scores and is no rival"),
        Column("label_values", STRING, "of a task: the label values that form the object, separated by spaces"),
    ],
)

Entries = Mapping[str, Mapping[str, Any]]


def names(datasets: Entries, methods: Entries, protocols: Entries) -> pd.DataFrame:
    """NAMES.

    Args:
        datasets: name -> {title, tasks: task -> label values}.
        methods: name -> {title, control}, in the order of the registry.
        protocols: name -> {title}.
    """
    rows: list[dict[str, str]] = []

    def add(kind: str, name: str, entry: Mapping[str, Any], **more: str) -> None:
        title = str(entry.get("title") or plain(name))
        rows.append({"kind": kind, "dataset": "", "name": name, "title": title, **more})

    for dataset, entry in datasets.items():
        add("dataset", dataset, entry)
        for task, values in entry["tasks"].items():
            add("task", task, {}, dataset=dataset, label_values=" ".join(map(str, values)))
    for name, entry in methods.items():
        add("method", name, entry, control="yes" if entry.get("control") else "")
    for name, entry in protocols.items():
        add("protocol", name, entry)
    return pd.DataFrame(rows, columns=NAMES.names).fillna("")


def titles(path: Path, kind: str) -> dict[str, dict[str, Any]]:
    """Name -> {title, control} of the methods, datasets or protocols in names.csv; nothing where there is no such file.

    Runs of earlier versions have none; they are read all the same.
    """
    if not path.is_file():
        return {}
    known = read_csv(path, NAMES)
    rows = known[known["kind"] == kind]
    return {row.name: {"title": row.title, "control": row.control == "yes"} for row in rows.itertuples(index=False)}


def label_values(path: Path, dataset: str) -> dict[str, list[int]]:
    """Task -> label values that form its object; nothing where there is no names.csv."""
    if not path.is_file():
        return {}
    known = read_csv(path, NAMES)
    rows = known[(known["kind"] == "task") & (known["dataset"] == dataset)]
    return {row.name: [int(value) for value in row.label_values.split()] for row in rows.itertuples(index=False)}
