"""How routes, prompts and ends appear in every figure of volumes."""

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
    FILES,
    GIVEN,
    INTERPOLATE,
    LASSO,
    MASK,
    MEMORY,
    NATIVE,
    NOTHING,
    OPEN,
    POINT,
    SCRIBBLE,
)
from promptseg.figures import style

ROUTES = {
    route: style.Look(titles.ROUTES[route], colour, marker)
    for route, colour, marker in (
        (EXTRUDE, "#8a8a8a", "s"), (INTERPOLATE, "#222222", "o"), (EACH, style.BLUE, "o"), (BETWEEN, style.SKY, "s"),
        (CARRY_BOX, style.VERMILION, "^"), (CARRY_POINT, style.ORANGE, "v"), (CARRY_MASK, style.WINE, "D"),
        (MEMORY, style.GREEN, "P"), (NATIVE, style.INDIGO, "X"), (FILES, style.PINK, "*"),
    )
}  # fmt: skip
# Of prompts; points are hollow as well.
LINES: dict[str, Literal["-", "--", ":", "-."]] = {
    BOX: "-",
    POINT: "--",
    MASK: ":",
    SCRIBBLE: "-.",
    LASSO: "-.",
    NOTHING: "-",
}
ENDS = {
    GIVEN: style.Look(titles.EXTENTS[GIVEN], style.BLUE, "o"),
    OPEN: style.Look(titles.EXTENTS[OPEN], style.VERMILION, "D"),
}


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
