"""In which order people see rows of volumes, and how a route is called in one phrase."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from promptseg.core import titles
from promptseg.core.routes import ALL_SLICES, CONTOURS, EXTENTS, LARGEST, NOTHING, SCORED_ROUTES, SLICE_PROMPTS


def before_clicks(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of all tasks together before any click."""
    return rows[(rows["level"] == "all") & (rows["step"] == 0)]


def methods_of(rows: pd.DataFrame, methods: Iterable[str]) -> list[str]:
    """The methods of some rows in the order of the registry, without true contours."""
    found = set(rows["method"]) - {CONTOURS}
    known = [name for name in methods if name in found]
    return [*known, *sorted(found - set(known))]


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of routes, prompts and numbers of slices."""
    keys = pd.DataFrame(
        {
            "route": rows["route"].map(SCORED_ROUTES.index),
            "prompt": rows["prompt"].map([*SLICE_PROMPTS, NOTHING].index),
            "slices": rows["slices"].map(_number),
        },
        index=rows.index,
    )
    return rows.loc[keys.sort_values(list(keys), kind="stable").index]


def choices(rows: pd.DataFrame) -> list[str]:
    """The choices of slices of some rows: numbers, then rules by their names, then every slice."""
    return sorted(set(rows["slices"]), key=lambda name: (_number(name), name))


def ends_of(rows: pd.DataFrame) -> list[str]:
    """Which ends of the object some rows know: given, open, or both."""
    return [extents for extents in EXTENTS if extents in set(rows["extents"])]


def route_words(row: Mapping[str, Any]) -> str:
    """A route in words, with the prompt where the route does not say it: "mask carried (point)".

    Args:
        row: with method, route and prompt.
    """
    said = row["method"] == CONTOURS or row["prompt"] == NOTHING or row["prompt"] in row["route"]
    return titles.ROUTES[row["route"]] + ("" if said else f" ({titles.PROMPTS[row['prompt']]})")


def _number(slices: str) -> float:
    if slices == NOTHING:
        return 0
    if slices in (LARGEST, ALL_SLICES):
        return 1 if slices == LARGEST else 1e9
    return int(slices) if slices.isdigit() else 1e6
