"""`python -m promptseg.show results`: the main table of a finished run in the terminal, and where the rest is."""

import argparse
import itertools
import sys
from pathlib import Path

import pandas as pd

from promptseg.analysis.summary import SUMMARY
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_csv
from promptseg.report.headline import main_table


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
        summary = read_csv(results / "tables" / SUMMARY.name, SUMMARY)
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
