"""The tables of the page of volumes, as text."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number, p_text
from promptseg.core import titles
from promptseg.core.routes import CONTOURS
from promptseg.core.titles import Titles, plain, titled
from promptseg.report.grid import Table, as_table, mark_best
from promptseg.report.routes import routes_table as headline
from promptseg.volumes.analysis import order
from promptseg.volumes.columns import VOLUME_SETTING

_SETTING = ["method", "route", "slices", "shown", "ends", "clicks"]
# Why routes are set against one another, in the order of the page.
_KINDS = {
    "control": "against true contours on as many slices",
    "each": "against a prompt on every slice",
    "extents": "ends given against ends open",
    "methods": "method against method",
}


def ordered(rows: pd.DataFrame, methods: Titles) -> pd.DataFrame:
    """True contours first, then the methods in the order of the registry; within them routes, prompts and slices."""
    place = {name: index for index, name in enumerate([CONTOURS, *methods])}
    return order.in_order(rows).sort_values("method", key=lambda names: names.map(place), kind="stable")


def main_table(routes: pd.DataFrame, methods: Titles) -> Table:
    """Mean Dice of each route by the number of prompted slices; true contours are not among the best."""
    table = headline(routes, methods)
    groups = [None if method == titles.CONTOURS else "" for method in table["method"]]
    heads = [head for head in table.columns[2:] if head.startswith(tuple(titles.EXTENTS.values()))]
    return mark_best(as_table(table.to_numpy().tolist(), list(table.columns), 2), heads, groups)


def setting_cells(row: Any, methods: Titles) -> list[str]:
    """The columns `_SETTING` of a row of any table of volumes."""
    return [
        titled(methods, row["method"]),
        titles.ROUTES[row["route"]],
        titles.slices(row["slices"]),
        titles.PROMPTS[row["prompt"]],
        row["extents"],
        str(row["step"]) if row["step"] else "",
    ]


def routes_table(routes: pd.DataFrame, methods: Titles) -> Table:
    """Scores and effort of each route, of rows of one level and task."""
    columns = ["Dice (95 % interval)", "NSD", "HD95", "slices only", "beyond, mm", "short, mm"]
    columns += ["interactions", "contours", "objects"]
    rows = [
        [
            *setting_cells(row, methods),
            _interval(row, "dice"),
            number(row["nsd"]),
            number(row["hd95"], 1),
            number(row["slice_dice"]),
            number(row["overrun_mm"], 0),
            number(row["short_mm"], 0),
            *(f"{row[name]:.3g}" for name in ("n_interactions", "n_contours")),
            _count(row),
        ]
        for row in ordered(routes, methods).to_dict("records")
    ]
    return as_table(rows, [*_SETTING, *columns], len(_SETTING))


def retention_table(retention: pd.DataFrame, methods: Titles) -> Table:
    """At which distance from a prompted slice half of the Dice is lost, at level `all`."""
    curves = (
        retention[retention["level"] == "all"]
        .groupby([*VOLUME_SETTING, "distance_unit"], sort=False)
        .first()
        .reset_index()
    )
    rows = [
        [*setting_cells(row, methods), number(row["half_distance"], 0) if pd.notna(row["half_distance"]) else "never",
         row["distance_unit"]]
        for row in ordered(curves, methods).to_dict("records")
    ]  # fmt: skip
    return as_table(rows, [*_SETTING, "half is lost at", "unit"], len(_SETTING))


def lesions_table(lesions: pd.DataFrame, methods: Titles) -> Table:
    """Components of the tasks that were found and invented, at level `all`."""
    shares = ["recall_any", "precision_any", "recall_iou50", "rq", "sq", "pq"]
    volumes = ["fp_ml", "fn_ml"]
    rows = [
        [
            *setting_cells(row, methods),
            *(number(row[name]) for name in shares),
            *(number(row[name], 1) for name in volumes),
            row["n_lesions"],
        ]
        for row in ordered(lesions[lesions["level"] == "all"], methods).to_dict("records")
    ]
    heads = [
        "any overlap: recall",
        "precision",
        "IoU 0.5: recall",
        "RQ",
        "SQ",
        "PQ",
        "false ml",
        "missed ml",
        "lesions",
    ]
    return as_table(rows, [*_SETTING, *heads], len(_SETTING))


def pairs_tables(pairs: pd.DataFrame, methods: Titles) -> list[tuple[str, Table]]:
    """Paired differences in Dice at level `all`, one table for each kind of comparison that the run has."""
    rows = ordered(pairs[pairs["level"] == "all"], methods)
    found: list[tuple[str, Table]] = []
    for kind, title in _KINDS.items():
        cells = [
            [
                *setting_cells(row, methods),
                _other(row, methods),
                _difference(row),
                p_text(row["p_holm"]),
                row["n_objects"],
            ]
            for row in rows[rows["kind"] == kind].to_dict("records")
        ]
        if cells:
            heads = [*_SETTING, "against", "difference in Dice", "p (Holm)", "objects"]
            found.append((title, as_table(cells, heads, len(_SETTING) + 1)))
    return found


def times_table(times: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """Seconds for each object and slice."""
    rows = [
        [
            titled(datasets, row["dataset"]),
            *setting_cells(row, methods),
            *(number(row[name], 2) for name in ("seconds_per_object", "seconds_per_slice")),
            number(row["peak_memory_mb"], 0),
        ]
        for row in ordered(times, methods).to_dict("records")
    ]
    return as_table(rows, ["dataset", *_SETTING, "s per object", "s per slice", "memory, MB"], len(_SETTING) + 1)


def failures_table(scores: pd.DataFrame, methods: Titles) -> Table:
    """Objects without a score although the setting fits them, with the first reason."""
    failed = scores[~scores["status"].isin(["ok", "not_applicable"])]
    keys = ["dataset", "method", "route"]
    rows = [
        [dataset, titled(methods, method), titles.ROUTES[route], own["status"].iloc[0], own["object_id"].nunique()]
        for (dataset, method, route), own in failed.groupby(keys, sort=True)
    ]
    return as_table(rows, ["dataset", "method", "route", "the first reason", "objects"], 4)


def _interval(row: Any, name: str) -> str:
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    return number(row[name]) + (f" ({number(low)} to {number(high)})" if pd.notna(low) else "")


def _count(row: Any) -> str:
    failed = f", {row['n_failed']} failed" if row["n_failed"] else ""
    unfit = f", {row['n_not_applicable']} too short" if row["n_not_applicable"] else ""
    return f"{row['n_objects']}{failed}{unfit}"


def _difference(row: Any) -> str:
    ends = f" ({row['ci_low']:+.3f} to {row['ci_high']:+.3f})" if pd.notna(row["ci_low"]) else ""
    return f"{row['mean_difference']:+.3f}{ends}" if pd.notna(row["mean_difference"]) else "-"


def _other(row: Any, methods: Titles) -> str:
    """What of the other setting differs from the first."""
    words: Sequence[tuple[str, Callable[[str], str]]] = [
        ("method", lambda name: titled(methods, name)),
        ("route", lambda name: titles.ROUTES[name]),
        ("slices", titles.slices),
        ("prompt", lambda name: titles.PROMPTS[name]),
        ("extents", lambda name: titles.EXTENTS[name]),
    ]
    told = [of(row[f"b_{name}"]) for name, of in words if row[f"b_{name}"] != row[name]]
    return plain(", ".join(told))
