"""What the page says of methods that should equal another one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.equivalence import DIFFERENT, EQUIVALENCE, EQUIVALENT, MARGIN, UNDECIDED
from promptseg.analysis.paper import number
from promptseg.core.settings import Setting, setting_id
from promptseg.core.tables import read_csv
from promptseg.core.titles import SELECTIONS, Titles, plain, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.core.vocabulary import SELECTIONS as _ORDER
from promptseg.report.findings import Finding
from promptseg.report.grid import Cell, Table, as_table, explored, ordered

_VERDICTS = {
    EQUIVALENT: "is still the same model as {other}, within {margin} of IoU",
    DIFFERENT: "is not the same model as {other}",
    UNDECIDED: "may or may not be the same model as {other}",
}
_HEADS = ["masks", "patients", "IoU", "IoU of the other", "difference", "95 % interval", "largest"]


def equivalence_parts(
    files: Mapping[str, Path], methods: Titles, datasets: Titles, protocols: Titles
) -> dict[str, Any] | None:
    """The findings and tables of a run in which methods should equal others; None without.

    Args:
        files: equivalence.csv under equivalence.
        methods, datasets, protocols: name -> {title}.
    """
    if "equivalence" not in files:
        return None
    table = read_csv(files["equivalence"], EQUIVALENCE)
    rows = ordered(table.sort_values("selection", key=lambda c: c.map(_ORDER.index), kind="stable"), methods)
    over, by_task = rows[rows["level"] == "all"], rows[rows["level"] == "task"]
    pooled = over[(over["mode"] == "") & (over["selection"] == "first")]
    by_task = by_task[(by_task["mode"] == "") & (by_task["selection"] == "first")]
    prompts = [
        [Cell(titled(methods, row.method), _href(row, rows)), *_prompt(row, protocols), row.verdict, *_numbers(row)]
        for row in over.itertuples()
    ]
    tasks = [
        [Cell(titled(methods, row.method), _href(row, rows)), _task(row, datasets), row.verdict, *_numbers(row)]
        for row in by_task.itertuples()
    ]
    return {
        "findings": [
            _finding(row, rows[rows["method"] == row.method], methods, datasets, protocols)
            for row in pooled.itertuples()
        ],
        "speeds": _speeds(pooled, methods),
        "prompts": as_table(prompts, ["method", "prompt", "mask", "verdict", *_HEADS], 4),
        "tasks": as_table(tasks, ["method", "task", "verdict", *_HEADS], 3),
    }


def _finding(row: Any, own: pd.DataFrame, methods: Titles, datasets: Titles, protocols: Titles) -> Finding:
    """The verdict on a method over all tasks and prompts, and what it does not hold for.

    Args:
        own: all rows of the method.
    """
    words = _VERDICTS[row.verdict].format(other=titled(methods, row.against), margin=MARGIN)
    others = own[(own["verdict"] == DIFFERENT) & (row.verdict != DIFFERENT)]
    tasks = others[(others["level"] == "task") & (others["mode"] == "") & (others["selection"] == "first")]
    names = [_task(one, datasets) for one in tasks.itertuples()]
    names += [", ".join(_prompt(one, protocols)) for one in others[others["level"] == "all"].itertuples()]
    proof = [
        f"mean difference {number(row.difference, 4, '+')}",
        f"95 % interval {_interval(row)}" if _interval(row) else "",
        f"the largest of {row.n} masks {number(row.largest_difference, 4)}",
        f"{row.n_failed} prompts failed that the other answers" if row.n_failed else "",
        row.note,
    ]
    sentence = f"{titled(methods, row.method)} {words}" + (f", but not in: {'; '.join(names)}." if names else ".")
    certain = bool(row.verdict != UNDECIDED)
    about = ("still the same model", row.method, sentence, ", ".join(filter(None, proof)))
    return Finding(*about, effect=abs(row.difference), certain=certain, href=_href(row, own))


def _href(row: Any, rows: pd.DataFrame) -> str:
    """The link to the objects of a row, those first at which the method is worst against the other one.

    Of all prompts together those with the largest difference.

    Args:
        rows: all of the table.
    """
    if not row.mode:
        alike = (rows[["method", "dataset", "task"]] == [row.method, row.dataset, row.task]).all(axis=1)
        singles = rows[alike & (rows["selection"] == row.selection) & (rows["mode"] != "")]
        row = next(singles.loc[[singles["largest_difference"].idxmax()]].itertuples())
    setting = setting_id(row.mode, row.selection, int(row.mode == ITERATIVE), row.protocol)
    state = {"methods": [row.method], "settings": [setting], "versus": f"{row.against}@{setting}"}
    where = {"tasks": [f"{row.dataset}:{row.task}"]} if row.dataset else {}
    return explored(**state, **where, sort="diff", direction="asc")


def _speeds(rows: pd.DataFrame, methods: Titles) -> Table:
    gpu = rows["peak_gpu_memory_mb"].notna().any()
    cells = [
        [
            *(titled(methods, row.method), titled(methods, row.against)),
            *(_beside(row.precision, row.against_precision), _beside(row.backend, row.against_backend)),
            _beside(row.device, row.against_device),
            *(number(row.seconds_per_image, 3), number(row.against_seconds_per_image, 3), number(row.times_as_fast, 2)),
            *(number(row.peak_memory_mb, 0), number(row.against_peak_memory_mb, 0)),
            *([number(row.peak_gpu_memory_mb, 0), number(row.against_peak_gpu_memory_mb, 0)] if gpu else []),
        ]
        for row in rows.itertuples()
    ]
    heads = [
        "method",
        "other",
        "precision",
        "back end",
        "device",
        "s/image",
        "s/image of the other",
        "times as fast",
        "peak MB",
    ]
    heads += ["peak MB of the other", *(["peak GPU MB", "peak GPU MB of the other"] if gpu else [])]
    return as_table(cells, heads, 5)


def _beside(own: str, other: str) -> str:
    return own if own == other else f"{own}, other {other}"


def _numbers(row: Any) -> list[str]:
    numbers = [number(row.iou), number(row.against_iou), number(row.difference, 4, "+"), _interval(row)]
    return [str(row.n), str(row.n_patients), *numbers, number(row.largest_difference, 4)]


def _interval(row: Any) -> str:
    ends = row.difference_ci_low, row.difference_ci_high
    return f"{ends[0]:+.4f} to {ends[1]:+.4f}" if pd.notna(ends[0]) else ""


def _prompt(row: Any, protocols: Titles) -> list[str]:
    if not row.mode:
        return ["all prompts", SELECTIONS[row.selection]]
    setting = Setting(row.mode, row.protocol, "", int(row.mode == ITERATIVE), row.selection)
    prompt = setting.title(protocols).rpartition(",")[0]
    return [prompt, SELECTIONS[row.selection]]


def _task(row: Any, datasets: Titles) -> str:
    return f"{titled(datasets, row.dataset)}: {plain(row.task)}"
