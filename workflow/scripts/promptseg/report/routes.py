"""The main table of the volumes of a run: Dice of each route by the number of prompted slices."""

import pandas as pd

from promptseg.core import titles
from promptseg.core.routes import CONTOURS, EXTENTS, OPEN
from promptseg.volumes.analysis import order


def routes_table(routes: pd.DataFrame, methods: titles.Titles | None = None) -> pd.DataFrame:
    """Mean Dice over tasks before any click, as text: a row for each method, route and prompt.

    Columns method, route, `ends given, <slices>` and `ends open, <slices>` for each choice of slices, and the mean
    length in mm that was predicted beyond open ends from the fewest slices. A setting that was not run is empty, one
    that fits no object `n/a`, one without a score `failed`.

    Args:
        routes: see `volumes.analysis.routes.ROUTES`.
        methods: name -> {title}, in the order of the rows; names without a title stand as words.
    """
    rows = order.in_order(order.before_clicks(routes))
    heads = [(extents, name) for extents in EXTENTS for name in order.choices(rows[rows["extents"] == extents])]
    table = []
    for method in [CONTOURS, *order.methods_of(rows, methods or {})]:
        for _, own in rows[rows["method"] == method].groupby(["route", "prompt"], sort=False):
            line = {"method": titles.titled(methods, method), "route": order.route_words(own.iloc[0].to_dict())}
            for extents, name in heads:
                here = own[(own["extents"] == extents) & (own["slices"] == name)]
                line[f"{titles.EXTENTS[extents]}, {titles.slice_count(name)}"] = _cell(here, "dice", 3)
            if any(extents == OPEN for extents, _ in heads):
                line["beyond, mm"] = _cell(own[own["extents"] == OPEN].head(1), "overrun_mm", 0)
            table.append(line)
    return pd.DataFrame(table)


def objects_sentence(routes: pd.DataFrame) -> str:
    """Of how many objects the means are, by the number of prompted slices: fewer have five slices than one; and how
    many answers failed, which the means leave out."""
    rows = order.before_clicks(routes)
    most = rows.groupby("slices")["n_objects"].max()
    counts = [f"{titles.slices(name)}: {most[name]}" for name in order.choices(rows) if most[name]]
    failed = int(rows["n_failed"].sum())
    missing = f" Left out of the means: {failed} answers that failed, see report/volumes.html." if failed else ""
    return f"Objects that have as many slices: {', '.join(counts)}.{missing}"


def _cell(rows: pd.DataFrame, column: str, digits: int) -> str:
    if rows.empty:
        return ""
    row = rows.iloc[0]
    if pd.notna(row[column]):
        return f"{row[column]:.{digits}f}"
    return "failed" if row["n_failed"] else "n/a"
