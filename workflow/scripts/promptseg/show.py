"""`python -m promptseg.show results`: the main table of a finished run in the terminal, and where the rest is."""

import argparse
import itertools
import sys
from pathlib import Path

import pandas as pd

from promptseg.core.errors import PromptsegError

MODES = ["mode1", "mode2", "mode3", "mode4", "mode5"]
CLICKS = [1, 5, 9]
_TEXT = ["level", "dataset", "task", "method", "protocol", "mode", "selection", "seen"]


def read_summary(path: str | Path) -> pd.DataFrame:
    """`summary.csv`: empty keys are empty texts, empty numbers NaN.

    Raises:
        PromptsegError: there is no such file.
    """
    path = Path(path)
    if not path.is_file():
        raise PromptsegError(
            f"{path} does not exist. Run the pipeline first (snakemake --cores 8), or give the folder of its results."
        )
    frame = pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str))
    return frame.fillna(dict.fromkeys(_TEXT, ""))


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
    order = {"first": 0, "best_score": 1, "oracle": 2}
    table = []
    for method in dict.fromkeys(rows["method"]):
        own = rows[rows["method"] == method]
        for selection in sorted(set(own["selection"]), key=lambda name: order.get(name, 3)):
            mine = own[own["selection"] == selection]
            tasks = mine["n_tasks"].max()
            line = {"method": method, "selection": selection, "tasks": str(int(tasks)) if tasks > 0 else ""}
            for mode in MODES:
                line[mode[-1]] = cell(mine[mine["mode"] == mode], (rows["mode"] == mode).any())
            for protocol in protocols:
                for click in clicks or CLICKS:
                    ours = mine[
                        (mine["mode"] == "iterative") & (mine["protocol"] == protocol) & (mine["step"] == click)
                    ]
                    column = f"{protocol}, {click} click{'s' if click > 1 else ''}"
                    line[column] = cell(ours, True)
            table.append(line)
    return pd.DataFrame(table)


def _text(table: pd.DataFrame) -> str:
    """Columns side by side, numbers right-aligned; what groups of columns have in common stands above them."""
    names = [column.rpartition(", ") for column in table.columns]
    heads = [head for _, _, head in names]
    groups = [group or ("mode" if head.isdigit() else "") for group, _, head in names]
    widths = [max(len(head), *table[column].map(len)) for head, column in zip(heads, table.columns, strict=True)]
    above = []
    for group, members in itertools.groupby(zip(groups, widths, strict=True), key=lambda pair: pair[0]):
        room = [width for _, width in members]
        above.append(group.center(sum(room) + 2 * (len(room) - 1)))
    lines = ["  ".join(above).rstrip()]
    for values in [heads, *table.to_numpy().tolist()]:
        cells = [
            value.ljust(width) if index < 2 else value.rjust(width)
            for index, (value, width) in enumerate(zip(values, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the table of a results folder; 1 if there is none."""
    parser = argparse.ArgumentParser(prog="python -m promptseg.show", description=__doc__)
    parser.add_argument("results", nargs="?", default="results", type=Path, help="folder of the results")
    results = parser.parse_args(arguments).results
    try:
        summary = read_summary(results / "tables" / "summary.csv")
    except PromptsegError as error:
        print(error, file=sys.stderr)
        return 1
    print("IoU, mean over tasks (n/a: the method does not take such prompts)\n")
    print(_text(main_table(summary)))
    print(
        f"\ntables   {results / 'tables'}\nfigures  {results / 'figures'}\nreport   {results / 'report' / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
