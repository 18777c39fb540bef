"""The tables of the report page, as text: one function per table, from the tables of a run."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.paper import number, p_text
from promptseg.core.tables import read_provenance
from promptseg.core.titles import SELECTIONS, Titles, plain, setting, titled
from promptseg.core.vocabulary import COMPARED_CLICKS, SINGLE_MODES
from promptseg.report.headline import cell, main_table
from promptseg.score.metrics import METRICS, Metric

Table = dict[str, Any]  # {columns: list of text, rows: list of lists of text, text: number of leading text columns}


def as_table(rows: Sequence[Sequence[Any]], columns: Sequence[str], text: int) -> Table:
    """Rows of anything as text, of which the first `text` columns are words."""
    return {"columns": list(columns), "rows": [[str(value) for value in row] for row in rows], "text": text}


def _interval(row: Any) -> str:
    return f"{row.ci_low:.3f} to {row.ci_high:.3f}" if pd.notna(row.ci_low) else ""


def _prompt(row: Mapping[str, Any], protocols: Titles) -> list[str]:
    """What a row of a table says of its prompts in columns prompt, protocol and mask."""
    protocol = titled(protocols, row["protocol"]) if row["protocol"] else ""
    mode = setting(row["mode"], int(row["step"]) if pd.notna(row["step"]) else 0) if row["mode"] else ""
    return [mode, protocol, SELECTIONS.get(row["selection"], row["selection"])]


def ordered(rows: pd.DataFrame, methods: Titles) -> pd.DataFrame:
    """The rows with the methods in the order of the registry, unknown ones last."""
    place = {name: index for index, name in enumerate(methods)}
    return rows.sort_values("method", key=lambda names: names.map(place), kind="stable", na_position="last")


def headline_table(summary: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean IoU over tasks of each method and selection in modes 1 to 5 and after 1, 5 and 9 clicks."""
    table = main_table(summary, methods, protocols)
    names = [f"mode {name}" if name in "12345" else name for name in table.columns]
    return as_table(table.to_numpy().tolist(), names, 2)


def means_table(summary: pd.DataFrame, methods: Titles) -> Table:
    """The three kinds of mean of the IoU side by side, and the mean over tasks of each metric, at level `all`."""
    rows = summary[(summary["level"] == "all") & summary["mode"].isin(SINGLE_MODES) & (summary["n_images"] > 0)]
    cells = [
        [
            *(titled(methods, row["method"]), setting(row["mode"]), SELECTIONS[row["selection"]]),
            *(number(row[name]) for name in ("iou_mean_images", "iou_mean_patients")),
            *(_mean(row, metric) for metric in METRICS),
            *(row["n_images"], row["n_patients"], row["n_failed"]),
        ]
        for row in rows.to_dict("records")
    ]
    heads = ["method", "prompt", "mask", "IoU, images", "IoU, patients"]
    heads += [f"{metric.label}, tasks" for metric in METRICS]
    return as_table(cells, [*heads, "masks", "patients", "failed"], 3)


def _mean(row: Mapping[str, Any], metric: Metric) -> str:
    """The mean of a metric over tasks, and the unit of a distance."""
    text = number(row[f"{metric.name}_mean_tasks"], metric.decimals)
    return f"{text} {row['distance_unit']}" if text and metric.is_distance else text


def clicks_table(summary: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Mean IoU over tasks after every click."""
    rows = summary[(summary["level"] == "all") & (summary["mode"] == "iterative") & (summary["n_images"] > 0)]
    steps = sorted(rows["step"].unique())
    cells = []
    for (method, protocol), of_method in rows.groupby(["method", "protocol"], sort=False):
        for selection in [name for name in SELECTIONS if name in set(of_method["selection"])]:
            own = of_method[of_method["selection"] == selection].set_index("step")["iou_mean_tasks"].reindex(steps)
            about = [titled(methods, method), titled(protocols, protocol), SELECTIONS[selection]]
            cells.append([*about, *map(number, own)])
    return as_table(cells, ["method", "protocol", "mask", *(str(int(step)) for step in steps)], 3)


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


def datasets_table(counts: pd.DataFrame) -> Table:
    """The datasets of the run: what was evaluated, and how many images the study had.

    Args:
        counts: see `datasets.counts`.
    """
    cells = []
    for row in counts.to_dict("records"):
        texts = [row["title"], row["status"], row["sampling"], plain(row["objects_of_tasks"]), row["licence"]]
        numbers = [number(row[name], 0) for name in ("n_images", "n_cases", "n_failed", "study_images")]
        numbers[-1] += "?" if numbers[-1] and row["certain"] != "yes" else ""
        cells.append([*texts, *numbers, number(row["difference"], 0, "+"), row["manifest_sha256"][:12]])
    heads = ["dataset", "status", "slices", "objects", "licence", "images", "patients", "failed cases"]
    return as_table(cells, [*heads, "study's images", "difference", "manifest"], 5)


def contamination_table(answers: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """What is known of the methods' training sets: a row for each method, answer and source.

    Args:
        answers: see `contamination.contamination`.
        datasets, methods: name -> {title}.
    """
    total = answers["dataset"].nunique()
    cells = []
    for (method, answer, source), rows in answers.groupby(["method", "answer", "source"], sort=False):
        names = [titled(datasets, name) for name in rows["dataset"]]
        where = f"all {total}" if len(names) == total > 1 else ", ".join(names)
        cells.append([titled(methods, method), answer, where, source or "no entry in the configuration"])
    return as_table(cells, ["method", "seen", "datasets", "source"], 4)


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
    """For each dataset a table of its tasks: mean IoU over images in modes 1 to 5, and the interval of mode 4."""
    tables = []
    tasks = summary[(summary["level"] == "task") & (summary["task"] != "") & summary["mode"].isin(SINGLE_MODES)]
    tasks = tasks.sort_values("task", kind="stable")
    intervals = measured[(measured["level"] == "task") & (measured["mode"] == "mode4")]
    intervals = intervals.set_index(["dataset", "task", "method", "selection"])
    for dataset, of_dataset in tasks.groupby("dataset", sort=True):
        cells = []
        for (task, method), own in of_dataset.groupby(["task", "method"], sort=False):
            for selection in [name for name in SELECTIONS if name in set(own["selection"])]:
                mine = own[own["selection"] == selection].assign(iou_mean_tasks=own["iou_mean_images"])
                values = [cell(mine[mine["mode"] == mode], (tasks["mode"] == mode).any()) for mode in SINGLE_MODES]
                key = (dataset, task, method, selection)
                interval = _interval(intervals.loc[key]) if key in intervals.index else ""
                counts = [mine["n_images"].max(), mine["n_patients"].max()]
                about = [plain(task), titled(methods, method), SELECTIONS[selection]]
                cells.append([*about, *counts, *values, interval])
        heads = ["task", "method", "mask", "images", "patients", *(f"mode {mode[-1]}" for mode in SINGLE_MODES)]
        table = as_table(cells, [*heads, "95 % interval, mode 4"], 3)
        tables.append({"title": titled(datasets, dataset), "table": table})
    return tables


def claims_table(claims: pd.DataFrame, protocols: Titles) -> Table:
    """The findings as sentences: published and ours below one another."""
    cells = []
    for row in claims.itertuples():
        protocol = titled(protocols, row.protocol) if row.protocol else ""
        cells.append([row.source, protocol, row.statement, p_text(row.p), row.note])
    return as_table(cells, ["source", "protocol", "finding", "p", "note"], 5)


def pairs_table(pairs: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """Differences between methods over the tasks, with test, correction and effect size."""
    rows = pairs[(pairs["kind"] == "methods") & (pairs["unit"] == "tasks")]
    cells = [
        [
            *(titled(methods, row.a), titled(methods, row.b), *_prompt(row._asdict(), protocols)),
            *(row.n, number(row.mean_difference, 3, "+"), _interval(row)),
            *(p_text(row.p_holm), number(row.effect, 2, "+"), row.note),
        ]
        for row in rows.itertuples()
    ]
    heads = ["method", "minus", "prompt", "protocol", "mask", "tasks", "difference", "95 % interval"]
    return as_table(cells, [*heads, "p (Holm)", "effect", "note"], 5)


def published_table(published: pd.DataFrame, methods: Titles, protocols: Titles) -> Table:
    """The published values that this run repeats."""
    rows = published[published["our_method"] != ""]
    cells = [
        [
            *(row.task, titled(methods, row.our_method), *_prompt(row._asdict(), protocols)),
            *(int(row.n), number(row.published), number(row.ours), _interval(row)),
            *(number(row.difference, 3, "+"), row.inside),
        ]
        for row in rows.itertuples()
    ]
    heads = ["task", "method", "prompt", "protocol", "mask", "images", "published", "ours"]
    return as_table(cells, [*heads, "95 % interval", "difference", "inside"], 5)


def throughput_table(throughput: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """Speed and memory of each method on each dataset; GPU memory where there was any."""
    gpu = throughput["peak_gpu_memory_mb"].notna().any()
    cells = [
        [
            *(titled(datasets, row.dataset), titled(methods, row.method), row.device, row.precision),
            *(number(row.images, 0), number(row.prompts, 0), number(row.predictions, 0)),
            *(number(row.encode_seconds, 1), number(row.decode_seconds, 1), number(row.wall_seconds, 1)),
            *(number(row.images_per_second, 2), number(row.objects_per_second, 2), number(row.peak_memory_mb, 0)),
            *([number(row.peak_gpu_memory_mb, 0)] if gpu else []),
        ]
        for row in throughput.itertuples()
    ]
    heads = ["dataset", "method", "device", "precision", "images", "prompts", "masks"]
    heads += ["encode s", "decode s", "wall s", "images/s", "objects/s", "peak MB"]
    return as_table(cells, [*heads, "peak GPU MB"] if gpu else heads, 4)


def precision_notes(throughput: pd.DataFrame, methods: Titles) -> list[str]:
    """A sentence for each method that was checked against fp32: what its precision does to the IoU, all datasets."""
    notes = []
    checked = throughput[throughput["iou_difference"].notna() & (throughput["checked_images"].fillna(0) > 0)]
    for (method, precision), own in checked.groupby(["method", "precision"], sort=False):
        images = int(own["checked_images"].sum())
        mean = float(np.average(own["iou_difference"], weights=own["checked_images"].astype(float)))
        mean = round(mean, 4) + 0.0  # turns -0.0 into 0.0
        largest = own["largest_iou_difference"].max()
        notes.append(
            f"{titled(methods, method)}, {precision or 'reduced precision'} against fp32 on "
            f"{images} image{'s' if images != 1 else ''}: mean IoU changes by {mean:+.4f}"
            + (f", at most {largest:.4f} for a single mask." if pd.notna(largest) else ".")
        )
    return notes


def failures_table(failed: pd.DataFrame, datasets: Titles, methods: Titles) -> Table:
    """What `failures` found."""
    shown = failed.copy()
    for column, titles in (("datasets", datasets), ("methods", methods)):
        shown[column] = [", ".join(titled(titles, name) for name in names.split(", ")) for names in failed[column]]
    return as_table(shown.to_numpy().tolist(), shown.columns, 5)


def provenance_table(scores: Path) -> Table:
    """What made the numbers: one row for each fact that the score files carry, with the parts it holds for."""
    facts: dict[tuple[str, str], list[str]] = {}
    parts = read_provenance(scores)
    for part, content in parts.items():
        for name, value in content.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            facts.setdefault((name, text), []).append(part)
    cells = [[*fact, "all" if len(where) == len(parts) else ", ".join(where)] for fact, where in facts.items()]
    return as_table(sorted(cells), ["fact", "value", "method/dataset"], 3)
