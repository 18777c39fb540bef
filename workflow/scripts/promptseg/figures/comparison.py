"""All methods at one click, task by task: the first mask of each, and the oracle where there is one."""

from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from promptseg.figures import style, taskrows
from promptseg.figures.source import Source, after_clicks, not_clicked


def wins(rows: pd.DataFrame, methods: Sequence[str]) -> dict[str, int]:
    """In how many tasks each method is above all others, of the tasks that all of them have; ties count for none.

    Args:
        rows: columns label, method and iou, one row for each of both.
    """
    wide = rows[rows["method"].isin(methods)].pivot(index="label", columns="method", values="iou").dropna()
    if wide.shape[1] < 2:
        return {}
    best = wide[(wide.eq(wide.max(axis=1), axis=0)).sum(axis=1) == 1].idxmax(axis=1)
    return {method: int((best == method).sum()) for method in methods if (best == method).any()}


def with_oracle(rows: pd.DataFrame) -> pd.DataFrame:
    """The oracle of methods that have one, the first mask of the others."""
    oracle = rows[rows["selection"] == "oracle"]
    return pd.concat([oracle, rows[~rows["method"].isin(oracle["method"])]], ignore_index=True)


def _counted(rows: pd.DataFrame, rivals: Sequence[str], looks: Mapping[str, style.Look]) -> str:
    """In how many tasks which method is highest, a line with first masks and one with oracles."""
    counts = {style.words("Highest in tasks, first mask: "): wins(rows[rows["selection"] == "first"], rivals)}
    if "oracle" in set(rows["selection"]):
        counts[style.words("Highest in tasks, with the oracle where there is one: ")] = wins(with_oracle(rows), rivals)
    lines = [
        words + ", ".join(f"{looks[name].title} {count}" for name, count in found.items())
        for words, found in counts.items()
        if found
    ]
    return "\n".join(lines)


def draw(source: Source) -> Figure:
    """A dot plot of the first click, a row for each task and a mark for each method: filled first, hollow oracle.

    The mean of the rivals orders the tasks, and among them the highest is counted.
    """
    title = style.words("One click: the methods task by task, {source}", source=source.clicked)
    rows = after_clicks(source.tasks)
    rows = rows[rows["step"] == 1]
    if rows.empty:
        return not_clicked(title, source.protocol)
    looks = {name: look for name, look in source.looks.items() if name in set(rows["method"])}
    rivals = [name for name in source.rivals if name in looks]
    plain = rows[(rows["selection"] == "first") & rows["method"].isin(rivals)]
    order = taskrows.mean_last(rows, plain.groupby("label")["iou"].mean())
    means = rows.groupby(["method", "selection"], as_index=False)["iou"].mean().assign(label=taskrows.mean_of_tasks())
    every = pd.concat([rows, means], ignore_index=True)
    note = _counted(rows, rivals, looks)
    return taskrows.draw(title, {"": every.assign(key=every["method"])}, order, looks, note, source.reference)
