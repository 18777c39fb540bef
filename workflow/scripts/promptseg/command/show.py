"""`promptseg show`: the main table of a finished run in the terminal, and where the rest is."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from tabulate import tabulate

from promptseg.analysis.summary import SUMMARY
from promptseg.core.tables import read_csv
from promptseg.report.failures import failures
from promptseg.report.headline import main_table
from promptseg.score.tables import SCORES


def _text(table: pd.DataFrame) -> str:
    """Columns side by side, numbers right-aligned; what groups of columns have in common stands above their first."""
    heads, before = [], ""
    for column in table.columns:
        group, _, head = column.rpartition(", ")
        group = group or ("mode" if head.isdigit() else "")
        heads.append(f"{'' if group == before else group}\n{head}")
        before = group
    aligned = ["left", "left", *["right"] * (len(heads) - 2)]
    return tabulate(table.to_numpy().tolist(), heads, tablefmt="plain", disable_numparse=True, colalign=aligned)


def show(
    results: Annotated[Path, typer.Argument(help="folder of the results")] = Path("results"),
) -> None:
    """Print the main table of a finished run, and where the rest is.

    Example: promptseg show runs/my_xray
    """
    summary = read_csv(results / "tables" / SUMMARY.name, SUMMARY)
    print("IoU, mean over tasks (n/a: the method does not take such prompts)\n")
    print(_text(main_table(summary)))
    for row in failures(results / "tables" / SCORES.name).to_dict("records"):
        print(f"\n{row['score rows']} score rows of {row['images']} images failed, the first with\n{row['its status']}")
    print(
        f"\ntables   {results / 'tables'}\nfigures  {results / 'figures'}\nreport   {results / 'report' / 'index.html'}"
    )
