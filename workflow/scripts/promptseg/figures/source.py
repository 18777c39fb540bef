"""IoU by task and on average in one form, as published and as measured, for the figures that show either."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.figures import style


@dataclass(frozen=True)
class Source:
    """What is shown, and how.

    Attributes:
        tasks: columns label, modality, method, mode, step, selection (first or oracle), iou (NaN where there is none),
            ci_low, ci_high (NaN where there is no interval); one row for each task, method and prompt.
        means: the same over all tasks, with n_tasks and without label and modality.
        looks: see `style.method_looks`; methods are drawn in this order.
        rivals: the methods that are no controls.
        words: where the values are from, for titles.
        protocol: title of that of the clicks; empty for the published ones.
    """

    tasks: pd.DataFrame
    means: pd.DataFrame
    looks: Mapping[str, style.Look]
    rivals: Sequence[str]
    words: str
    protocol: str = ""

    @property
    def clicked(self) -> str:
        """Where the values after clicks are from: "this run, protocol corrected"."""
        if not self.protocol:
            return self.words
        return style.words("{source}, protocol {protocol}", source=self.words, protocol=self.protocol)


def after_clicks(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `Source.tasks` or `Source.means` after clicks, where there is a value."""
    return rows[(rows["mode"] == ITERATIVE) & rows["iou"].notna()]


def not_clicked(title: str, protocol: str) -> Figure:
    """The figure of a protocol under which nothing was clicked."""
    if not protocol:
        return style.message(title, style.words("No method of this run was clicked iteratively."))
    sentence = "No method of this run was clicked iteratively under the protocol {protocol}."
    return style.message(title, style.words(sentence, protocol=protocol))


def published(path: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Source:
    """The values of the study.

    Args:
        path: the table in `resources/published`, where the name of a task begins with its modality.
        methods: as for `style.method_looks`.
    """
    tasks = read_published(path).rename(columns={"task": "label"}).assign(ci_low=float("nan"), ci_high=float("nan"))
    groups = tasks.groupby(["method", "mode", "step", "selection"], as_index=False)
    means = groups.agg(
        iou=("iou", "mean"), ci_low=("ci_low", "mean"), ci_high=("ci_high", "mean"), n_tasks=("iou", "size")
    )
    tasks = tasks.assign(modality=tasks["label"].str.split("-").str[0].str.lower())
    looks = style.study_looks(methods)
    return Source(tasks, means, looks, list(looks), style.words("as published (Mazurowski et al. 2023)"))


def measured(
    path: str | Path,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    protocol: str,
    protocols: Titles | None = None,
) -> Source:
    """The values of this run, those after clicks under one protocol.

    Args:
        path: `statistics.csv`.
        datasets: name -> {title, modality}.
        methods: as for `style.method_looks`.
        protocol: which.
        protocols: name -> {title}.
    """
    rows = read_csv(path, STATISTICS)
    shown = rows["mode"].isin(style.modes()) | ((rows["mode"] == ITERATIVE) & (rows["protocol"] == protocol))
    rows = rows[shown & rows["selection"].isin(style.selections())]
    tasks = style.labelled(rows[rows["level"] == "task"], datasets)
    tasks = tasks.assign(modality=[datasets.get(name, {}).get("modality") or "other" for name in tasks["dataset"]])
    looks = style.method_looks(methods)
    return Source(
        tasks,
        rows[rows["level"] == "all"],
        looks,
        style.rivals(methods),
        style.words("this run"),
        titled(protocols, protocol),
    )
