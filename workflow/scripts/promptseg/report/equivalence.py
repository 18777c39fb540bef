"""What the page says of methods that should equal another one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from promptseg.analysis.equivalence import DIFFERENT, EQUIVALENCE, EQUIVALENT, MARGIN, UNDECIDED
from promptseg.analysis.paper import number
from promptseg.core.settings import Setting
from promptseg.core.tables import read_csv
from promptseg.core.titles import SELECTIONS, Titles, plain, titled
from promptseg.core.vocabulary import ITERATIVE
from promptseg.core.vocabulary import SELECTIONS as _ORDER
from promptseg.report.grid import Cell, Table, as_table, explored, ordered

_VERDICTS = {
    EQUIVALENT: f"is still the same model within {MARGIN} of IoU",
    DIFFERENT: "is not the same model",
    UNDECIDED: "may or may not be the same model",
}
_HEADS = ["masks", "patients", "IoU", "IoU of the other", "difference", "95 % interval", "largest", "verdict", "note"]


def equivalence_parts(
    files: Mapping[str, Path], methods: Titles, datasets: Titles, protocols: Titles
) -> dict[str, Any] | None:
    """The sentences and tables of a run in which methods should equal others; None without.

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
        [titled(methods, row.method), titled(methods, row.against), *_prompt(row, protocols), *_judged(row)]
        for row in over.itertuples()
    ]
    tasks = [
        [_linked(row, methods), titled(methods, row.against), _task(row, datasets), *_judged(row)]
        for row in by_task.itertuples()
    ]
    return {
        "sentences": [
            _sentence(row, methods) + _apart(row, rows[rows["method"] == row.method], datasets, protocols)
            for row in pooled.itertuples()
        ],
        "speeds": _speeds(pooled, methods),
        "prompts": as_table(prompts, ["method", "other", "prompt", "mask", *_HEADS], 4),
        "tasks": as_table(tasks, ["method", "other", "task", *_HEADS], 3),
    }


def _sentence(row: Any, methods: Titles) -> str:
    """The verdict on a method over all tasks and prompts."""
    known = f", 95 % interval {_interval(row)}" if pd.notna(row.difference_ci_low) else ""
    failed = f" It failed to answer {row.n_failed} prompts that the other answers." if row.n_failed else ""
    return (
        f"{titled(methods, row.method)} {_VERDICTS[row.verdict]} as {titled(methods, row.against)}: mean difference "
        f"{number(row.difference, 4, '+')}{known}, the largest of {row.n} masks {number(row.largest_difference, 4)}"
        f"{f' ({row.note})' if row.note else ''}.{failed}"
    )


def _apart(row: Any, own: pd.DataFrame, datasets: Titles, protocols: Titles) -> str:
    """Of a method that is not another one as a whole: the tasks, prompts and selections in which it is."""
    others = own[own["verdict"] == DIFFERENT]
    tasks = others[(others["level"] == "task") & (others["mode"] == "") & (others["selection"] == "first")]
    names = [_task(one, datasets) for one in tasks.itertuples()]
    names += [", ".join(_prompt(one, protocols)) for one in others[others["level"] == "all"].itertuples()]
    return f" But not in: {'; '.join(names)}." if names and row.verdict != DIFFERENT else ""


def _speeds(rows: pd.DataFrame, methods: Titles) -> Table:
    gpu = rows["peak_gpu_memory_mb"].notna().any()
    cells = [
        [
            *(titled(methods, row.method), titled(methods, row.against)),
            *(_beside(row.precision, row.against_precision), _beside(row.device, row.against_device)),
            *(number(row.seconds_per_image, 3), number(row.against_seconds_per_image, 3), number(row.times_as_fast, 2)),
            *(number(row.peak_memory_mb, 0), number(row.against_peak_memory_mb, 0)),
            *([number(row.peak_gpu_memory_mb, 0), number(row.against_peak_gpu_memory_mb, 0)] if gpu else []),
        ]
        for row in rows.itertuples()
    ]
    heads = ["method", "other", "precision", "device", "s/image", "s/image of the other", "times as fast", "peak MB"]
    heads += ["peak MB of the other", *(["peak GPU MB", "peak GPU MB of the other"] if gpu else [])]
    return as_table(cells, heads, 4)


def _beside(own: str, other: str) -> str:
    return own if own == other else f"{own}, other {other}"


def _judged(row: Any) -> list[str]:
    numbers = [number(row.iou), number(row.against_iou), number(row.difference, 4, "+"), _interval(row)]
    return [str(row.n), str(row.n_patients), *numbers, number(row.largest_difference, 4), row.verdict, row.note]


def _interval(row: Any) -> str:
    ends = row.difference_ci_low, row.difference_ci_high
    return f"{ends[0]:+.4f} to {ends[1]:+.4f}" if pd.notna(ends[0]) else ""


def _prompt(row: Any, protocols: Titles) -> list[str]:
    if not row.mode:
        return ["all prompts", SELECTIONS[row.selection]]
    setting = Setting(row.mode, row.protocol, "", int(row.mode == ITERATIVE), row.selection)
    prompt = setting.title(protocols).rpartition(",")[0]
    return [prompt, SELECTIONS[row.selection]]


def _linked(row: Any, methods: Titles) -> Cell:
    return Cell(titled(methods, row.method), explored(methods=[row.method, row.against], datasets=[row.dataset]))


def _task(row: Any, datasets: Titles) -> str:
    return f"{titled(datasets, row.dataset)}: {plain(row.task)}"
