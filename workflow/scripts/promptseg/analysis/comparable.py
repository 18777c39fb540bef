"""Which rows of the tables are set against one another."""

from collections.abc import Collection

import pandas as pd

from promptseg.core.vocabulary import AUTOMATIC, COMPARED_CLICKS, SINGLE_MODES

FIXED = ["protocol", "mode", "step", "selection"]  # what two methods have in common when they are compared


def comparable(rows: pd.DataFrame, controls: Collection[str]) -> pd.DataFrame:
    """Rows of methods under test in modes 1 to 5, of masks from files, and after `COMPARED_CLICKS` and the last click.

    Controls are left out, and images without a task.
    """
    clicks = rows["mode"] == "iterative"
    shown = {*COMPARED_CLICKS, rows.loc[clicks, "step"].max()}
    keep = rows["mode"].isin([*SINGLE_MODES, AUTOMATIC]) | (clicks & rows["step"].isin(shown))
    keep &= ~rows["method"].isin(controls) & (rows["task"] != "")
    return rows[keep]


def stand_ins(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows, and for each selection those of the methods that have a single mask, marked in column `stand_in`.

    A method that gives one mask has only the selection `first`; its most confident and its best mask are the same one,
    so it enters comparisons of `best_score` and `oracle` too.
    """
    rows = rows.assign(stand_in=False)
    kinds = rows[["method", "selection"]].drop_duplicates()
    own = kinds.groupby("method", observed=True)["selection"].agg(set)
    parts = [rows]
    for selection in sorted(set(kinds["selection"].astype(str)) - {"first"}):
        lacking = own.index[[names == {"first"} for names in own]]
        first = rows[rows["method"].isin(lacking)]
        parts.append(first.assign(selection=selection, stand_in=True))
    return pd.concat(parts, ignore_index=True)
