"""The tables of the report page with scores of methods, as text: one function per table, from the tables of a run."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from promptseg.analysis.paper import number
from promptseg.analysis.statistics import ALONE
from promptseg.core.settings import columns_of, setting_id
from promptseg.core.titles import SELECTIONS, Titles, plain, setting, titled
from promptseg.core.vocabulary import AUTOMATIC, COMPARED_CLICKS, ITERATIVE, SINGLE_MODES
from promptseg.report.grid import Cell, Table, as_table, explored, interval, mark_best, ordered
from promptseg.report.headline import cell, heading, lines, main_table
from promptseg.score.metrics import METRICS, Metric


def _of_method(methods: Titles, method: str, **state: str) -> Cell:
    """The title of a method, which leads to its objects in the explorer."""
    title = titled(methods, method) + (" (reference)" if methods.get(method, {}).get("reference") else "")
    return Cell(title, href=explored(methods=[method], **state))


def _compared(methods: Titles, method: str, selection: str, group: Hashable = "") -> Hashable | None:
    """Among what a row is compared for the mark of the best: controls and oracles do not count."""
    return None if methods.get(method, {}).get("control") or selection == "oracle" else ("", group)


def _intervals(measured: pd.DataFrame, keys: list[str]) -> dict[tuple[Any, ...], str]:
    """The intervals of rows of STATISTICS as text, by some columns."""
    rows = measured[[*keys, "ci_low", "ci_high"]].itertuples(index=False)
    return {tuple(row[: len(keys)]): interval(row) for row in rows}


def headline_table(summary: pd.DataFrame, measured: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean IoU over tasks of each method and selection in modes 1 to 5 and after 1, 5 and 9 clicks.

    Each number leads to its objects in the explorer, the worst first, and has its interval below.

    Args:
        summary: see `summary.summary`.
        measured: see `statistics.statistics`; its intervals.
        methods: name -> {title, control}.
        protocols: name -> {title}.
    """
    keys = ["method", "selection", "mode", "protocol", "step"]
    ends = _intervals(measured[measured["level"] == "all"], keys)
    found = lines(summary)
    cells = [
        [
            *(_of_method(methods, line.method), SELECTIONS[line.selection], line.tasks),
            *(
                _score(text, line.method, setting_id(mode, line.selection, step, protocol), below)
                for (mode, protocol, step), text in line.cells.items()
                for below in [ends.get((line.method, line.selection, mode, protocol, step), "")]
            ),
        ]
        for line in found
    ]
    settings = found[0].cells if found else ()
    heads = [heading(key, protocols) if key[0] == ITERATIVE else setting(key[0]) for key in settings]
    table = as_table(cells, ["method", "mask", "tasks", *heads], 2)
    return mark_best(table, heads, [_compared(methods, line.method, line.selection) for line in found])


def without_interval(measured: pd.DataFrame, datasets: Titles) -> str:
    """Why means over all tasks have no interval, in one sentence; nothing where all of them have one."""
    rows = measured[(measured["level"] == "all") & measured["no_interval"].str.startswith(ALONE)]
    names = sorted({name for text in rows["no_interval"] for name in text.removeprefix(ALONE).strip().split(", ")})
    if not names:
        return ""
    where = ", ".join(titled(datasets, name) for name in names)
    return (
        f"No interval stands where a mean takes in a dataset with a single patient ({where}): how much patients differ "
        "cannot be told from one."
    )


def means_table(summary: pd.DataFrame, methods: Titles) -> Table:
    """The three kinds of mean of the IoU side by side, and the mean over tasks of each metric, at level `all`."""
    rows = summary[
        (summary["level"] == "all") & summary["mode"].isin([*SINGLE_MODES, AUTOMATIC]) & (summary["n_images"] > 0)
    ]
    cells = [
        [
            _of_method(methods, row["method"], settings=setting_id(row["mode"], row["selection"])),
            *(setting(row["mode"]), SELECTIONS[row["selection"]]),
            *(number(row[name]) for name in ("iou_mean_images", "iou_mean_patients")),
            *(_mean(row, metric) for metric in METRICS),
            *(row["n_images"], row["n_patients"], row["n_failed"]),
        ]
        for row in rows.to_dict("records")
    ]
    heads = ["method", "prompt", "mask", "IoU, images", "IoU, patients"]
    heads += [f"{metric.label}, tasks" for metric in METRICS]
    groups = [_compared(methods, *key) for key in rows[["method", "selection", "mode"]].itertuples(index=False)]
    lower = [f"{metric.label}, tasks" for metric in METRICS if metric.is_distance]
    return mark_best(as_table(cells, [*heads, "masks", "patients", "failed"], 3), heads[3:], groups, lower)


def _mean(row: Mapping[str, Any], metric: Metric) -> str:
    """The mean of a metric over tasks, and the unit of a distance."""
    text = number(row[f"{metric.name}_mean_tasks"], metric.decimals)
    return f"{text} {row['distance_unit']}" if text and metric.is_distance else text


def single_masks(summary: pd.DataFrame) -> set[str]:
    """The methods that never answer with several masks, of which one could be chosen."""
    return set(summary["method"]) - set(summary.loc[summary["selection"] != "first", "method"])


def clicks_table(summary: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean IoU over tasks after every click."""
    rows = summary[(summary["level"] == "all") & (summary["mode"] == "iterative") & (summary["n_images"] > 0)]
    steps = sorted(rows["step"].unique())
    cells, groups = [], []
    for (method, protocol), of_method in rows.groupby(["method", "protocol"], sort=False):
        for selection in [name for name in SELECTIONS if name in set(of_method["selection"])]:
            own = of_method[of_method["selection"] == selection].set_index("step")["iou_mean_tasks"].reindex(steps)
            last = setting_id(ITERATIVE, selection, int(own.last_valid_index() or steps[-1]), protocol)
            about = [titled(protocols, protocol), SELECTIONS[selection]]
            cells.append([_of_method(methods, method, settings=last), *about, *map(number, own)])
            groups.append(_compared(methods, method, selection, protocol))
    heads = [str(int(step)) for step in steps]
    return mark_best(as_table(cells, ["method", "protocol", "mask", *heads], 3), heads, groups)


def _score(text: str, method: str, setting: str, below: str) -> Cell:
    """A number with its interval, which leads to its objects in the explorer; "n/a" leads nowhere."""
    known = text[:1].isdigit()
    return Cell(text, explored(methods=[method], settings=[setting]) if known else "", below)


def ablation_table(ablation: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean IoU over tasks after some clicks under a protocol, then with each of its switches turned off alone.

    Args:
        ablation: see `ablation.ablation`.
        methods: name -> {title}; rows are in this order.
        protocols: name -> {title}.

    Returns:
        For each method, selection and protocol a row for the protocol itself, then one for each switch, with values
        like "0.612 (+0.034)": mean and difference, both over the tasks that were run either way.
    """
    cells = []
    for (method, selection, protocol), own in ordered(ablation, methods).groupby(
        ["method", "selection", "protocol"], sort=False
    ):
        # Where a switch has fewer tasks than the others, the protocol's own mean is the one over most tasks.
        whole = own.sort_values("n_tasks", ascending=False, kind="stable").drop_duplicates("clicks").set_index("clicks")
        labels = [titled(methods, method), SELECTIONS[selection]]
        means = [number(value) for value in whole["iou"].reindex(COMPARED_CLICKS)]
        cells.append([*labels, titled(protocols, protocol), _count(whole["n_tasks"]), *means])
        for switch, rows in own.groupby("switch", sort=False):
            by_click = rows.set_index("clicks").reindex(COMPARED_CLICKS)
            values = [
                f"{number(row.iou_without)} ({number(row.difference, sign='+')})" if pd.notna(row.iou_without) else ""
                for row in by_click.itertuples()
            ]
            cells.append([*labels, f"without {plain(switch)}", _count(rows["n_tasks"]), *values])
    heads = [f"{click} click{'s' if click > 1 else ''}" for click in COMPARED_CLICKS]
    return as_table(cells, ["method", "mask", "protocol", "tasks", *heads], 3)


def unseen_table(summary: pd.DataFrame, answers: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Means over all tasks, and without the datasets that were seen, of the methods that have seen one of the run."""
    known = {titled(methods, name) for name in answers.loc[answers["answer"] == "yes", "method"]}
    levels = {"all": "all", "all_unseen": "not seen"}
    tables = {
        level: {(row["method"], row["mask"]): row for row in table.to_dict("records")}
        for level in levels
        for table in [main_table(summary[summary["level"] == level].assign(level="all"), methods, protocols)]
    }
    names = list(main_table(summary, methods, protocols).columns)
    cells = [
        [*key, words, *(row.get(name, "") for name in names[2:])]
        for key in tables["all"]
        if key[0] in known
        for level, words in levels.items()
        for row in [tables[level].get(key, {"tasks": "0"})]
    ]
    heads = [f"mode {name}" if name in "12345" else name for name in names[2:]]
    return as_table(cells, ["method", "mask", "datasets", *heads], 3)


def _count(numbers: pd.Series) -> str:
    """One number, "28", or "27 to 28" where they differ."""
    low, high = int(numbers.min()), int(numbers.max())
    return str(low) if low == high else f"{low} to {high}"


def task_tables(
    measured: pd.DataFrame, summary: pd.DataFrame, datasets: Titles, methods: Titles
) -> list[dict[str, Any]]:
    """For each dataset a table of its tasks: mean IoU over images in each mode, with its interval below."""
    tables = []
    tasks = summary[(summary["level"] == "task") & (summary["task"] != "")]
    tasks = tasks[tasks["mode"].isin([*SINGLE_MODES, AUTOMATIC])]
    keys = ["dataset", "task", "method", "selection", "mode"]
    tasks = tasks[[*keys, "iou_mean_images", "n_images", "n_patients", "n_failed"]].sort_values("task", kind="stable")
    ends = _intervals(measured[measured["level"] == "task"], keys)
    modes = columns_of(tasks["mode"])
    heads, present = [setting(mode) for mode in modes], set(tasks["mode"])
    for dataset, of_dataset in tasks.groupby("dataset", sort=True):
        cells, groups = [], []
        for (task, method), own in of_dataset.groupby(["task", "method"], sort=False):
            for selection in [name for name in SELECTIONS if name in set(own["selection"])]:
                mine = own[own["selection"] == selection].assign(iou_mean_tasks=own["iou_mean_images"])
                by_mode = dict(list(mine.groupby("mode")))
                values = [
                    Cell(cell(by_mode.get(mode, mine[:0]), mode in present), below=ends.get(key, ""))
                    for mode in modes
                    for key in [(dataset, task, method, selection, mode)]
                ]
                counts = [mine["n_images"].max(), mine["n_patients"].max()]
                about = [plain(task), _of_method(methods, method, tasks=f"{dataset}:{task}"), SELECTIONS[selection]]
                cells.append([*about, *counts, *values])
                groups.append(_compared(methods, method, selection, task))
        table = as_table(cells, ["task", "method", "mask", "images", "patients", *heads], 3)
        tables.append({"title": titled(datasets, dataset), "table": mark_best(table, heads, groups)})
    return tables
