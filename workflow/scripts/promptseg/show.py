"""`python -m promptseg.show results`: the main table of a finished run in the terminal, and where the rest is."""

import argparse
import sys
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from promptseg.analysis.summary import SUMMARY
from promptseg.core.errors import PromptsegError
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


def main(arguments: list[str] | None = None) -> int:
    """Print the table of a results folder; 1 if there is none."""
    parser = argparse.ArgumentParser(prog="python -m promptseg.show", description=__doc__)
    parser.add_argument("results", nargs="?", default="results", type=Path, help="folder of the results")
    results = parser.parse_args(arguments).results
    try:
        summary = read_csv(results / "tables" / SUMMARY.name, SUMMARY)
    except PromptsegError as error:
        print(error, file=sys.stderr)
        return 1
    print("IoU, mean over tasks (n/a: the method does not take such prompts)\n")
    print(_text(main_table(summary)))
    for row in failures(results / "tables" / SCORES.name).to_dict("records"):
        print(f"\n{row['score rows']} score rows of {row['images']} images failed, the first with\n{row['its status']}")
    print(
        f"\ntables   {results / 'tables'}\nfigures  {results / 'figures'}\nreport   {results / 'report' / 'index.html'}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
