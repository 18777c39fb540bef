"""What all pages share: their templates, and tables of cells with a link, a line below and the mark of the best."""

import re
from collections.abc import Collection, Hashable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promptseg.core.titles import Titles
from promptseg.explorer.address import Value, address

Table = dict[str, Any]  # {columns: list of text, rows: list of lists of Cell, text: number of leading text columns}
_NUMBER = re.compile(r"[-+]?\d*\.?\d+(e[-+]?\d+)?")


def page_environment(*folders: Path) -> Environment:
    """The templates of pages: of some folders, then those here."""
    loader = FileSystemLoader([*folders, Path(__file__).parent])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


class Cell(str):
    """The text of a cell.

    Attributes:
        href: where it leads; empty if nowhere.
        below: what stands below it, smaller, such as an interval.
        best: whether it is the best of those that it is compared with.
    """

    href: str
    below: str
    best: bool

    def __new__(cls, text: Any, href: str = "", below: str = "", best: bool = False) -> "Cell":  # noqa: D102
        made = super().__new__(cls, text)
        made.href, made.below, made.best = href, below, best
        return made


def as_table(rows: Sequence[Sequence[Any]], columns: Sequence[str], text: int) -> Table:
    """Rows of anything as cells, of which the first `text` columns are words."""
    cells = [[value if isinstance(value, Cell) else Cell(value) for value in row] for row in rows]
    return {"columns": list(columns), "rows": cells, "text": text}


def mark_best(
    table: Table, columns: Collection[str], groups: Sequence[Hashable | None], lower: Collection[str] = ()
) -> Table:
    """Mark the best number of some columns, and all that read the same; where there is one number alone, none.

    Args:
        columns: their heads.
        groups: for each row among which ones it is compared; None for a row that does not count.
        lower: heads of columns in which less is better.
    """
    for place, head in enumerate(table["columns"]):
        for group in dict.fromkeys(groups) if head in columns else ():
            own = [row for row, of in zip(table["rows"], groups, strict=True) if group is not None and of == group]
            known = [(float(found[0]), row) for row in own if (found := _NUMBER.match(row[place]))]
            best = (min if head in lower else max)((value for value, _ in known), default=None)
            for value, row in known if len(known) > 1 else ():
                row[place].best = value == best
    return table


def ordered(rows: pd.DataFrame, methods: Titles) -> pd.DataFrame:
    """The rows with the methods in the order of the registry, unknown ones last."""
    place = {name: index for index, name in enumerate(methods)}
    return rows.sort_values("method", key=lambda names: names.map(place), kind="stable", na_position="last")


def interval(row: Any) -> str:
    """The interval of a row with ci_low and ci_high, "0.512 to 0.634"; empty where there is none."""
    return f"{row.ci_low:.3f} to {row.ci_high:.3f}" if pd.notna(row.ci_low) else ""


def explored(**state: Value) -> str:
    """The link from a page to the explorer in a state, see `explorer.address.address`."""
    return f"../{address(None, **state)}"
