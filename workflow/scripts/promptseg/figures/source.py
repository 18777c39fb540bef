"""IoU by task and on average in one form, as published and as measured, for the figures that show either."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE
from promptseg.figures import style

_COLUMNS = [
    "level", "dataset", "task", "protocol", "method", "mode", "step", "selection", "iou", "ci_low", "ci_high",
    "n_tasks",
]  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """The line to beat: the masks of a method that answers no prompt.

    Attributes:
        name, title: of the method.
        tasks: as `Source.tasks`, a row for each task.
        means: as `Source.means`, one row.
    """

    name: str
    title: str
    tasks: pd.DataFrame
    means: pd.DataFrame

    @property
    def handle(self) -> Line2D:
        """Its legend entry."""
        return Line2D([], [], color="black", linewidth=1, linestyle="-.",
                      label=style.words("{method} (reference)", method=self.title))  # fmt: skip

    def across(self, axis: Axes, label: str = "") -> None:
        """Draw it across a panel whose y is the IoU, with its interval as a band.

        Args:
            label: of the task; empty for the mean of all.
        """
        rows = self.means if not label else self.tasks[self.tasks["label"] == label]
        for row in rows.itertuples():
            axis.axhline(row.iou, color="black", linewidth=0.8, linestyle="-.", zorder=1.8, label="reference")
            if pd.notna(row.ci_low):
                axis.axhspan(row.ci_low, row.ci_high, color="black", alpha=0.08, linewidth=0, zorder=1)

    def upright(self, axis: Axes, places: Mapping[str, float], mean: str = "") -> None:
        """Draw it through the rows of a panel whose x is the IoU.

        Args:
            places: label of a task -> y of its row.
            mean: label of the row of the mean, if there is one.
        """
        values = dict(zip(self.tasks["label"], self.tasks["iou"], strict=True))
        values |= dict.fromkeys([mean] if mean else [], float(self.means["iou"].mean()))
        there = [label for label in values if label in places]
        y = [places[label] for label in there]
        axis.vlines(
            [values[label] for label in there], [one - 0.46 for one in y], [one + 0.46 for one in y], color="black",
            linewidth=1, zorder=2.5, label="reference",
        )  # fmt: skip


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
        reference: the line to beat, if the run has one.
    """

    tasks: pd.DataFrame
    means: pd.DataFrame
    looks: Mapping[str, style.Look]
    rivals: Sequence[str]
    words: str
    protocol: str = ""
    reference: Reference | None = None

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
    rows = read_csv(path, STATISTICS)[_COLUMNS]
    looks = style.method_looks(methods)
    shown = rows["mode"].isin(style.modes()) | ((rows["mode"] == ITERATIVE) & (rows["protocol"] == protocol))
    rows = rows[shown & rows["selection"].isin(style.selections())]
    tasks = style.labelled(rows[rows["level"] == "task"], datasets)
    tasks = tasks.assign(modality=[datasets.get(name, {}).get("modality") or "other" for name in tasks["dataset"]])
    means = rows[rows["level"] == "all"]
    reference = None
    for name in (name for name, entry in methods.items() if entry.get("reference")):
        own = [
            part[(part["method"] == name) & (part["mode"] == AUTOMATIC) & part["iou"].notna()]
            for part in (tasks, means)
        ]
        reference = Reference(name, looks[name].title, *own) if len(own[0]) else reference
    known = means[means["iou"].notna()]
    unasked = set(known.loc[known["mode"] == AUTOMATIC, "method"])
    if reference and unasked == {reference.name} and unasked < set(known["method"]):
        # A panel of its own would show the line once more.
        tasks, means = (part[part["mode"] != AUTOMATIC] for part in (tasks, means))
    return Source(
        tasks, means, looks, style.rivals(methods), style.words("this run"), titled(protocols, protocol), reference
    )
