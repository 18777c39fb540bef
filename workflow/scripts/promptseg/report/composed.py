"""What the page says of objects in one label map."""

from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.composed import COMPOSED
from promptseg.analysis.paper import number
from promptseg.compose.rules import RULES
from promptseg.core import titles
from promptseg.core.tables import read_csv
from promptseg.core.titles import Titles, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.report.grid import Cell, Table, as_table, ordered

TITLES = {
    "largest_probability": "largest probability",
    "largest_score": "highest predicted IoU",
    "first_wins": "first wins",
    "last_wins": "last wins",
}


def composed_table(path: Path | None, methods: Titles) -> Table | None:
    """IoU of objects alone, and what each rule changes, mean over datasets; None without the table of composed maps.

    Args:
        path: composed.csv.
    """
    if path is None:
        return None
    rows = read_csv(path, COMPOSED)
    usable = rows[rows["iou_alone"].notna()]
    rules = [rule for rule in RULES if rule in set(rows["rule"])]
    pooled = ordered(usable[usable["dataset"] == ""], methods)
    cells = []
    for (method, on, setting), own in pooled.groupby(["method", "on", "setting"], sort=False):
        first, by_rule = own.iloc[0], {row.rule: row for row in own.itertuples()}
        about = [titled(methods, method), on, _words(on, setting), first["n_objects"], number(first["iou_alone"])]
        about.append(number(100 * first["overlapping"], 0))
        cells.append([*about, *(_change(by_rule.get(rule)) for rule in rules)])
    heads = ["method", "on", "masks", "objects", "IoU alone", "overlapping, %"]
    return as_table(cells, [*heads, *(TITLES[rule] for rule in rules)], 3)


def _words(on: str, setting: str) -> str:
    """Which masks, in words: "mode 5, first mask", or "box carried, 3 slices, box, ends open"."""
    if on == "volumes":
        route, slices, prompt, extents, clicks = setting.split(".")
        named = ((titles.ROUTES, route), (titles.PROMPTS, prompt), (titles.EXTENTS, extents))
        way, shown, ends = (known.get(name, titles.plain(name)) for known, name in named)
        clicked = [titles.setting(ITERATIVE, int(clicks))] if int(clicks) else []
        return ", ".join([way, titles.slices(slices), shown, ends, *clicked])
    mode, *clicked, selection = setting.split(".")
    words = [titles.setting(mode, int(clicked[1])), titles.plain(clicked[0])] if clicked else [titles.setting(mode)]
    return ", ".join([*words, titles.SELECTIONS[selection]])


def _change(row: Any) -> Cell:
    """What a rule changes, with its interval; `n/a` of one that cannot be used."""
    if row is None:
        return Cell("n/a")
    low, high = row.iou_change_ci_low, row.iou_change_ci_high
    below = f"{low:+.3f} to {high:+.3f}" if pd.notna(low) else ""
    return Cell(f"{row.iou_change:+.3f}", below=below)
