"""The main table of a run: mean IoU over tasks of each method in each mode."""

import pandas as pd

from promptseg.core.vocabulary import HEADLINE_CLICKS, SELECTIONS, SINGLE_MODES


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


def main_table(summary: pd.DataFrame, clicks: list[int] | None = None) -> pd.DataFrame:
    """Mean IoU over tasks, as text: a row for each method and selection, a column for each mode and click.

    Columns method, selection, tasks, 1 to 5 (the modes), and `<protocol>, <n> clicks`; see `cell`.
    """
    rows = summary[(summary["level"] == "all") & (summary["mode"] != "")]
    protocols = sorted(set(rows.loc[rows["mode"] == "iterative", "protocol"]) - {""})
    table = []
    for method in dict.fromkeys(rows["method"]):
        own = rows[rows["method"] == method]
        for selection in [name for name in SELECTIONS if name in set(own["selection"])]:
            mine = own[own["selection"] == selection]
            tasks = mine["n_tasks"].max()
            line = {"method": method, "selection": selection, "tasks": str(int(tasks)) if tasks > 0 else ""}
            for mode in SINGLE_MODES:
                line[mode[-1]] = cell(mine[mine["mode"] == mode], (rows["mode"] == mode).any())
            for protocol in protocols:
                for click in clicks or HEADLINE_CLICKS:
                    clicked = rows[
                        (rows["mode"] == "iterative") & (rows["protocol"] == protocol) & (rows["step"] == click)
                    ]
                    ours = clicked[(clicked["method"] == method) & (clicked["selection"] == selection)]
                    column = f"{protocol}, {click} click{'s' if click > 1 else ''}"
                    line[column] = cell(ours, len(clicked) > 0)
            table.append(line)
    return pd.DataFrame(table)
