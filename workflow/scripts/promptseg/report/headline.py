"""The main table of a run: mean IoU over tasks of each method in each mode."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from promptseg.core.settings import columns_of
from promptseg.core.titles import SELECTIONS, Titles, titled
from promptseg.core.titles import setting as words
from promptseg.core.vocabulary import HEADLINE_CLICKS, ITERATIVE


def cell(rows: pd.DataFrame, others: bool) -> str:
    """The number of one setting of one method: its mean over tasks, or why there is none.

    Args:
        rows: the rows of level `all` of that setting.
        others: whether any method has such rows.

    Returns:
        "0.654"; "n/a" where the method does not take such prompts; "failed" where every image failed; "-" where
        nothing was run.
    """
    values = rows["iou_mean_tasks"].dropna()
    if len(values):
        return f"{values.iloc[0]:.3f}"
    if len(rows) and rows["n_failed"].sum():
        return "failed"
    return "n/a" if others or len(rows) else "-"


@dataclass(frozen=True)
class Line:
    """A method with one of its masks in the main table.

    Attributes:
        method, selection: their names.
        tasks: how many tasks its means are over, at most; empty if none.
        cells: (mode, protocol, step) -> its text, see `cell`.
    """

    method: str
    selection: str
    tasks: str
    cells: Mapping[tuple[str, str, int], str]


def lines(summary: pd.DataFrame, clicks: Sequence[int] = HEADLINE_CLICKS) -> list[Line]:
    """Mean IoU over tasks of each method and selection in each mode and, under each protocol, after some clicks."""
    keys = ["mode", "protocol", "step"]
    rows = summary[(summary["level"] == "all") & (summary["mode"] != "")]
    rows = rows[["method", "selection", *keys, "n_tasks", "n_failed", "iou_mean_tasks"]]
    clicked_under = sorted(set(rows.loc[rows["mode"] == ITERATIVE, "protocol"]) - {""})
    settings = [(mode, "", 0) for mode in columns_of(rows["mode"])]
    settings += [(ITERATIVE, protocol, click) for protocol in clicked_under for click in clicks]
    there = set(rows[keys].itertuples(index=False, name=None))
    by_line = dict(list(rows.groupby(["method", "selection"])))
    found = []
    for method in dict.fromkeys(rows["method"]):
        for selection in SELECTIONS:
            if (own := by_line.get((method, selection))) is None:
                continue
            tasks, of_setting = own["n_tasks"].max(), dict(list(own.groupby(keys)))
            cells = {key: cell(of_setting.get(key, own[:0]), key in there) for key in settings}
            found.append(Line(method, selection, str(int(tasks)) if tasks > 0 else "", cells))
    return found


def heading(setting: tuple[str, str, int], protocols: Titles | None = None) -> str:
    """The head of a column: "1" of mode 1, "lasso", "corrected, 5 clicks" of clicks."""
    mode, protocol, step = setting
    prompt = words(mode, step)
    return f"{titled(protocols, protocol)}, {prompt}" if mode == ITERATIVE else prompt.removeprefix("mode ")


def main_table(
    summary: pd.DataFrame,
    methods: Titles | None = None,
    protocols: Titles | None = None,
    clicks: Sequence[int] = HEADLINE_CLICKS,
) -> pd.DataFrame:
    """Mean IoU over tasks, as text: a row for each method and selection, a column for each mode and click.

    Columns method, mask, tasks, 1 to 5 (the modes), those of lines, and `<protocol>, <n> clicks`; see `cell`.

    Args:
        summary: see `summary.summary`.
        methods, protocols: name -> {title}; names without a title stand as words.
        clicks: numbers of corrective clicks with a column.
    """
    return pd.DataFrame(
        [
            {"method": titled(methods, line.method), "mask": SELECTIONS[line.selection], "tasks": line.tasks}
            | {heading(setting, protocols): text for setting, text in line.cells.items()}
            for line in lines(summary, clicks)
        ]
    )
