"""The main table of a run: mean IoU over tasks of each method in each mode."""

from collections.abc import Sequence

import pandas as pd

from promptseg.core.titles import SELECTIONS, Titles, titled
from promptseg.core.vocabulary import HEADLINE_CLICKS, SINGLE_MODES


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


def main_table(
    summary: pd.DataFrame,
    methods: Titles | None = None,
    protocols: Titles | None = None,
    clicks: Sequence[int] = HEADLINE_CLICKS,
) -> pd.DataFrame:
    """Mean IoU over tasks, as text: a row for each method and selection, a column for each mode and click.

    Columns method, mask, tasks, 1 to 5 (the modes), and `<protocol>, <n> clicks`; see `cell`.

    Args:
        summary: see `summary.summary`.
        methods, protocols: name -> {title}; names without a title stand as words.
        clicks: numbers of corrective clicks with a column.
    """
    rows = summary[(summary["level"] == "all") & (summary["mode"] != "")]
    clicked_under = sorted(set(rows.loc[rows["mode"] == "iterative", "protocol"]) - {""})
    table = []
    for method in dict.fromkeys(rows["method"]):
        own = rows[rows["method"] == method]
        for selection in [name for name in SELECTIONS if name in set(own["selection"])]:
            mine = own[own["selection"] == selection]
            tasks = mine["n_tasks"].max()
            line = {"method": titled(methods, method), "mask": SELECTIONS[selection]}
            line["tasks"] = str(int(tasks)) if tasks > 0 else ""
            for mode in SINGLE_MODES:
                line[mode[-1]] = cell(mine[mine["mode"] == mode], (rows["mode"] == mode).any())
            for protocol in clicked_under:
                for click in clicks:
                    clicked = rows[
                        (rows["mode"] == "iterative") & (rows["protocol"] == protocol) & (rows["step"] == click)
                    ]
                    ours = clicked[(clicked["method"] == method) & (clicked["selection"] == selection)]
                    column = f"{titled(protocols, protocol)}, {click} click{'s' if click > 1 else ''}"
                    line[column] = cell(ours, len(clicked) > 0)
            table.append(line)
    return pd.DataFrame(table)
