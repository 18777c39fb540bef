"""What routes predict beyond the ends of the object, and what the Dice loses where nobody tells these ends."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from promptseg.core import titles
from promptseg.core.routes import CONTOURS, EACH
from promptseg.core.tables import read_csv
from promptseg.figures import dots, route_looks, style
from promptseg.volumes.analysis import order
from promptseg.volumes.analysis.routes import ROUTES

TITLE = "With the object's ends given and open"
_SHOWN = {"dice": "Dice", "overrun_mm": "mm", "overrun_ml": "ml", "short_mm": "mm"}
_HEADINGS = {
    "dice": "Whole volume",
    "overrun_mm": "Beyond the ends",
    "overrun_ml": "Volume beyond",
    "short_mm": "Missing at the ends",
}


def draw(routes: str | Path, methods: Mapping[str, Mapping[str, Any]]) -> Figure:
    """A row for each method, route and prompt, of the fewest prompted slices; given and open ends in each panel.

    Args:
        routes: `routes.csv`.
        methods: as for `style.method_looks`.
    """
    rows = order.before_clicks(read_csv(routes, ROUTES))
    rows = rows[rows["dice"].notna() & (rows["route"] != EACH)]  # whose ends are given by its prompts
    wide = _side_by_side(rows, methods)
    if wide.empty:
        return style.message(TITLE, "No route was scored.")
    labels = [_label(row, methods) for row in wide.to_dict("records")]
    ends = order.ends_of(rows)
    shown = [
        dots.Panel(
            _HEADINGS[name], unit, {f"{name}_{extents}": route_looks.ENDS[extents] for extents in ends},
            "share" if name == "dice" else "length",
        )
        for name, unit in _SHOWN.items()
    ]  # fmt: skip
    return dots.draw(dots.Rows(wide, labels, list(route_looks.ENDS.values())[:1] * len(labels)), shown, TITLE)


def _side_by_side(rows: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row for each method, route and prompt: columns {score}_{given or open}, and their intervals."""
    first = [CONTOURS, *order.methods_of(rows, methods)]
    found = []
    for (method, route, prompt), own in rows.groupby(["method", "route", "prompt"]):
        own = own[own["slices"] == order.choices(own)[0]]
        line = {"method": method, "route": route, "prompt": prompt, "slices": own["slices"].iloc[0]}
        for row in own.to_dict("records"):
            for name in _SHOWN:
                line[f"{name}_{row['extents']}"] = row[name]
                for end in ("ci_low", "ci_high"):
                    line[f"{name}_{row['extents']}_{end}"] = row[f"{name}_{end}"]
        found.append(line)
    if not found:
        return pd.DataFrame()
    wide = order.in_order(pd.DataFrame(found))
    return wide.sort_values("method", key=lambda names: names.map(first.index), kind="stable", ignore_index=True)


def _label(row: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]]) -> str:
    """ "SAM: box carried, 1 slice"; the prompt where the route does not say it, the route alone of true contours."""
    slices = titles.slices(row["slices"]).replace(" ", "\N{NO-BREAK SPACE}")  # a line does not break there
    words = f"{order.route_words(row)}, {slices}"
    return words.capitalize() if row["method"] == CONTOURS else f"{titles.titled(methods, row['method'])}: {words}"
