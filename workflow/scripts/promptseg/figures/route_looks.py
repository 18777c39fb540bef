"""How routes, prompts and ends appear in every figure of volumes."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd

from promptseg.core import titles
from promptseg.core.routes import (
    BETWEEN,
    BOX,
    CARRY_BOX,
    CARRY_MASK,
    CARRY_POINT,
    CONTOURS,
    EACH,
    EXTRUDE,
    GIVEN,
    INTERPOLATE,
    MASK,
    MEMORY,
    NATIVE,
    OPEN,
    POINT,
)
from promptseg.figures import style

ROUTES = {
    route: style.Look(titles.ROUTES[route], colour, marker)
    for route, colour, marker in (
        (EXTRUDE, "#8a8a8a", "s"), (INTERPOLATE, "#222222", "o"), (EACH, style.BLUE, "o"), (BETWEEN, style.SKY, "s"),
        (CARRY_BOX, style.VERMILION, "^"), (CARRY_POINT, style.ORANGE, "v"), (CARRY_MASK, style.WINE, "D"),
        (MEMORY, style.GREEN, "P"), (NATIVE, style.INDIGO, "X"),
    )
}  # fmt: skip
LINES: dict[str, Literal["-", "--", ":"]] = {BOX: "-", POINT: "--", MASK: ":"}  # of prompts; points are hollow as well
ENDS = {
    GIVEN: style.Look(titles.EXTENTS[GIVEN], style.BLUE, "o"),
    OPEN: style.Look(titles.EXTENTS[OPEN], style.VERMILION, "D"),
}


def methods_of(rows: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The methods of some rows in the order of the registry, without true contours."""
    found = set(rows["method"]) - {CONTOURS}
    return [*(name for name in methods if name in found), *sorted(found - set(methods))]


def in_order(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of routes, prompts and numbers of slices."""
    keys = pd.DataFrame(
        {
            "route": rows["route"].map(list(ROUTES).index),
            "prompt": rows["prompt"].map(list(LINES).index),
            "slices": rows["slices"].map(_number),
        },
        index=rows.index,
    )
    return rows.loc[keys.sort_values(list(keys), kind="stable").index]


def choices(rows: pd.DataFrame) -> list[str]:
    """The choices of slices of some rows: numbers, then rules by their names, then every slice."""
    return sorted(set(rows["slices"]), key=lambda name: (_number(name), name))


def handles(rows: pd.DataFrame) -> list[Any]:
    """Legend entries of the routes and prompts of some rows; of the controls only the colour."""
    neutral = style.Look("", style.GREY, "o")
    routes = [style.handle(ROUTES[route], line="-") for route in ROUTES if route in set(rows["route"])]
    shown = set(rows.loc[rows["method"] != CONTOURS, "prompt"])
    prompts = [
        style.handle(neutral, hollow=prompt == POINT, line=line, label=f"prompt: {titles.PROMPTS[prompt]}")
        for prompt, line in LINES.items()
        if prompt in shown
    ]
    return [*routes, *(prompts if len(prompts) > 1 else [])]


def before_clicks(rows: pd.DataFrame, level: str = "all") -> pd.DataFrame:
    """The rows of a level before any click."""
    return rows[(rows["level"] == level) & (rows["step"] == 0)]


def ends_of(rows: pd.DataFrame) -> Sequence[str]:
    """Which ends some rows have: given, open, or both."""
    return [extents for extents in ENDS if extents in set(rows["extents"])]


def _number(slices: str) -> float:
    if slices == "all":
        return 1e9
    return 1 if slices == "largest" else int(slices) if slices.isdigit() else 1e6
