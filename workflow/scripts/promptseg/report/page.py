"""The report page: one HTML file with the tables, findings, figures and provenance of a run, to read or to mail."""

import base64
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.contamination import CONTAMINATION
from promptseg.analysis.datasets import DATASETS
from promptseg.analysis.pairs import PAIRS
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS
from promptseg.analysis.study.comparison import COMPARISON
from promptseg.analysis.summary import SUMMARY
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.files import atomic
from promptseg.core.provenance import commit, versions
from promptseg.core.tables import read_csv, read_provenance
from promptseg.core.vocabulary import COMPARED_CLICKS, SELECTIONS, SINGLE_MODES
from promptseg.report.headline import cell, main_table

PACKAGES = [
    "numpy",
    "pandas",
    "pyarrow",
    "scipy",
    "scikit-image",
    "opencv-python-headless",
    "monai",
    "torch",
    "snakemake",
]
FAILURES = 100  # rows shown

# By the stem of the file: heading, and how to read the figure. Names may go on with a dataset, a method or a protocol.
FIGURES = {
    "modes": (
        "Five prompt modes, this run",
        "Mean IoU over the images of each task. Filled: first mask; hollow: oracle, the candidate closest to truth. "
        "n/a: the method does not take such prompts. Tasks are ordered by their mean in mode 4.",
    ),
    "modes_published": (
        "Five prompt modes, as published",
        "The values of the study's figure 2 for SAM ViT-H, drawn in the same way.",
    ),
    "modalities": (
        "Modalities, this run",
        "Mean IoU of the first mask over the tasks of each imaging modality (marker) and the tasks (faint bars), in "
        "modes 1 to 5 and after the first and the last click.",
    ),
    "modalities_published": (
        "Modalities, as published",
        "The study's values, drawn in the same way.",
    ),
    "distributions": (
        "IoU of single objects",
        "A box holds the middle half of the objects of a task, whiskers reach from the 5th to the 95th percentile; "
        "line: median, diamond: mean, points: single objects, at most 200 of a row. In brackets the number of objects.",
    ),
    "size_point": (
        "IoU against size, one point",
        "Size is the area of the object divided by that of the image. Markers: means of half decades with 95 % "
        "intervals over patients; points: single objects; above, Spearman's rank correlation.",
    ),
    "size_box": ("IoU against size, a box around each component", "As the figure before."),
    "one_click": (
        "One click, the methods task by task, this run",
        "Left the first mask, right the oracle (hollow) of the methods that give several masks beside the only mask of "
        "the others. Lines: 95 % intervals over patients. Above: in how many tasks each method is the highest.",
    ),
    "one_click_published": (
        "One click, the methods task by task, as published",
        "The study's values, drawn in the same way.",
    ),
    "clicks_tasks": (
        "Clicks, task by task, this run",
        "Mean IoU over the images after 1 to 9 clicks. Bands: 95 % bootstrap intervals over patients, where a task has "
        "at least two. Dashed: the trajectory whose clicks follow the oracle's masks; it is not an upper bound.",
    ),
    "clicks_tasks_published": (
        "Clicks, task by task, as published",
        "The values of the study's figure 3.",
    ),
    "clicks_mean": (
        "Clicks, mean over tasks, this run",
        "There is no band where one of the datasets has a single patient, since it would be too narrow.",
    ),
    "clicks_mean_published": ("Clicks, mean over tasks, as published", "The values of the study's figure 4."),
    "click_metrics": (
        "What clicks achieve, this run",
        "Number of clicks until the IoU is 0.80, 0.85 and 0.90, where an object that never gets there counts with the "
        "largest number; share of those objects; area under IoU against clicks; share of clicks that make it worse.",
    ),
    "ranks": (
        "Ranks of the methods",
        "Mean rank over the tasks, 1 the best. Bars join methods that are not told apart (Nemenyi's test at 0.05).",
    ),
    "reproduced": (
        "Published against this run",
        "Published value along x, ours with its 95 % interval along y; on the diagonal they are equal.",
    ),
    "robustness": (
        "Robustness",
        "Mean IoU where prompts are inexact, with 95 % intervals over patients; below each panel, in what share of "
        "tasks and seeds the order of the methods, and the best method, is another than with exact prompts.",
    ),
    "candidates": (
        "Three masks for one prompt",
        "IoU of the first, the most confident and the best mask; how alike the three are; how alike the most confident "
        "and the other two are to the region grown from the same point.",
    ),
    "calibration": (
        "Predicted against true IoU",
        "Means of bins of all masks with 95 % intervals over patients; below the diagonal a method is too confident.",
    ),
    "recall": (
        "Segment everything",
        "IoU of the best match of each object among the masks that a method finds without a prompt, share of objects "
        "whose best match reaches an IoU, and masks of an image.",
    ),
    "examples": (
        "Examples",
        "For each task the object of median area (of a single task the quartiles), chosen by area alone. "
        "One box where the method takes boxes, else one point; the number is the IoU that was scored.",
    ),
    "extremes": (
        "Worst, median and best",
        "For each method the objects with its worst, median and best IoU, given one point and one box.",
    ),
    "trajectories": (
        "Click by click",
        "The object of median area of the first task. Stars: clicks on the object; crosses: on what is not; the last "
        "one is larger.",
    ),
    "ambiguity": (
        "Three masks for one point",
        "The objects whose masks agree least, in the median, and most, with predicted and true IoU.",
    ),
    "everything": (
        "Segment everything",
        "All masks that a method finds without a prompt (colours only tell them apart), and the best match of "
        "the object.",
    ),
    "contamination": (
        "Datasets seen in training, this run",
        "Whether images of the dataset were in the training set of the method's weights. A score on such images says "
        "little about others. The sources of the answers stand under Contamination.",
    ),
    "throughput": (
        "Speed and memory, this run",
        "A mark for each dataset, a line at their median. Time in the image encoder and for all prompts of an image, "
        "which are not the same for all methods; memory of the process (filled) and of the GPU (hollow).",
    ),
}

Table = dict[str, Any]  # {columns: list of text, rows: list of lists of text, text: number of leading text columns}


def _table(rows: Sequence[Sequence[Any]], columns: Sequence[str], text: int) -> Table:
    return {"columns": list(columns), "rows": [[str(value) for value in row] for row in rows], "text": text}


def _number(value: float, digits: int = 3, sign: str = "") -> str:
    return "" if pd.isna(value) else f"{value:{sign}.{digits}f}"


def _interval(row: Any) -> str:
    return f"{row.ci_low:.3f} to {row.ci_high:.3f}" if pd.notna(row.ci_low) else ""


def _titled(names: Mapping[str, Mapping[str, Any]], name: str) -> str:
    return str(names.get(name, {}).get("title") or name)


def _ordered(summary: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The rows with the methods in the order of the registry."""
    place = {name: index for index, name in enumerate(methods)}
    return summary.sort_values(
        "method", key=lambda names: names.map(lambda name: place.get(name, len(place))), kind="stable"
    )


def headline_table(summary: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """Mean IoU over tasks of each method and selection in modes 1 to 5 and after 1, 5 and 9 clicks."""
    table = main_table(summary)
    rows = [[_titled(methods, row[0]), *row[1:]] for row in table.itertuples(index=False)]
    names = [f"mode {name}" if name in "12345" else name for name in table.columns]
    return _table(rows, names, 2)


def means_table(summary: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """The three kinds of mean side by side, with Dice, surface Dice and Hausdorff distance, at level `all`."""
    rows = summary[(summary["level"] == "all") & summary["mode"].isin(SINGLE_MODES) & (summary["n_images"] > 0)]
    names = ["iou_mean_images", "iou_mean_patients", "iou_mean_tasks", "dice_mean_tasks", "nsd_mean_tasks"]
    cells = [
        [
            *(_titled(methods, row["method"]), row["mode"], row["selection"]),
            *(_number(row[name]) for name in names),
            f"{row['hd95_mean_tasks']:.1f} {row['distance_unit']}" if pd.notna(row["hd95_mean_tasks"]) else "",
            *(row["n_images"], row["n_patients"], row["n_failed"]),
        ]
        for row in rows.to_dict("records")
    ]
    heads = ["method", "mode", "selection", "IoU, images", "IoU, patients", "IoU, tasks", "Dice, tasks", "NSD, tasks"]
    return _table(cells, [*heads, "HD95, tasks", "masks", "patients", "failed"], 3)


def clicks_table(summary: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """Mean IoU over tasks after every click."""
    rows = summary[(summary["level"] == "all") & (summary["mode"] == "iterative") & (summary["n_images"] > 0)]
    steps = sorted(rows["step"].unique())
    cells = []
    for (method, protocol), of_method in rows.groupby(["method", "protocol"], sort=False):
        for selection in [name for name in SELECTIONS if name in set(of_method["selection"])]:
            own = of_method[of_method["selection"] == selection].set_index("step")["iou_mean_tasks"].reindex(steps)
            cells.append([_titled(methods, method), protocol, selection, *map(_number, own)])
    return _table(cells, ["method", "protocol", "selection", *(str(int(step)) for step in steps)], 3)


def ablation_table(ablation: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """Mean IoU over tasks after some clicks under a protocol, then with each of its switches turned off alone.

    Args:
        ablation: see `ablation.ablation`.
        methods: name -> {title}; rows are in this order.

    Returns:
        For each method, selection and protocol a row for the protocol itself, then one for each switch, with values
        like "0.612 (+0.034)": mean and difference, both over the tasks that were run either way.
    """
    cells = []
    for (method, selection, protocol), own in _ordered(ablation, methods).groupby(
        ["method", "selection", "protocol"], sort=False
    ):
        # Where a switch has fewer tasks than the others, the protocol's own mean is the one over most tasks.
        whole = own.sort_values("n_tasks", ascending=False, kind="stable").drop_duplicates("clicks").set_index("clicks")
        labels = [_titled(methods, method), selection]
        means = [_number(value) for value in whole["iou"].reindex(COMPARED_CLICKS)]
        cells.append([*labels, protocol, _count(whole["n_tasks"]), *means])
        for switch, rows in own.groupby("switch", sort=False):
            by_click = rows.set_index("clicks").reindex(COMPARED_CLICKS)
            values = [
                f"{_number(row.iou_without)} ({_number(row.difference, sign='+')})" if pd.notna(row.iou_without) else ""
                for row in by_click.itertuples()
            ]
            cells.append([*labels, f"without {switch}", _count(rows["n_tasks"]), *values])
    heads = [f"{click} click{'s' if click > 1 else ''}" for click in COMPARED_CLICKS]
    return _table(cells, ["method", "selection", "protocol", "tasks", *heads], 3)


def datasets_table(counts: pd.DataFrame) -> Table:
    """The datasets of the run: what was evaluated, and how many images the study had.

    Args:
        counts: see `datasets.counts`.
    """
    cells = []
    for row in counts.to_dict("records"):
        numbers = ["" if pd.isna(row[name]) else f"{row[name]:d}" for name in ("n_images", "n_cases", "n_failed")]
        study = (
            "" if pd.isna(row["study_images"]) else f"{row['study_images']:d}{'' if row['certain'] == 'yes' else '?'}"
        )
        difference = "" if pd.isna(row["difference"]) else f"{row['difference']:+d}"
        texts = [row["title"], row["status"], row["sampling"], row["objects_of_tasks"], row["licence"]]
        cells.append([*texts, *numbers, study, difference, row["manifest_sha256"][:12]])
    heads = ["dataset", "status", "slices", "objects", "licence", "images", "patients", "failed cases"]
    return _table(cells, [*heads, "study's images", "difference", "manifest"], 5)


def contamination_table(
    answers: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]], methods: Mapping[str, Mapping[str, Any]]
) -> Table:
    """What is known of the methods' training sets: a row for each method, answer and source.

    Args:
        answers: see `contamination.contamination`.
        datasets, methods: name -> {title}.
    """
    total = answers["dataset"].nunique()
    cells = []
    for (method, answer, source), rows in answers.groupby(["method", "answer", "source"], sort=False):
        names = [_titled(datasets, name) for name in rows["dataset"]]
        where = f"all {total}" if len(names) == total > 1 else ", ".join(names)
        cells.append([_titled(methods, method), answer, where, source or "no entry in the configuration"])
    return _table(cells, ["method", "seen", "datasets", "source"], 4)


def unseen_table(summary: pd.DataFrame, answers: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """Means over all tasks, and without the datasets that were seen, of the methods that have seen one of the run."""
    known = set(answers.loc[answers["answer"] == "yes", "method"])
    levels = {"all": "all", "all_unseen": "not seen"}
    tables = {
        level: {(row["method"], row["selection"]): row for row in table.to_dict("records")}
        for level in levels
        for table in [main_table(summary[summary["level"] == level].assign(level="all"))]
    }
    names = list(main_table(summary).columns)
    cells = [
        [_titled(methods, key[0]), key[1], words, *(row.get(name, "") for name in names[2:])]
        for key in tables["all"]
        if key[0] in known
        for level, words in levels.items()
        for row in [tables[level].get(key, {"tasks": "0"})]
    ]
    heads = [f"mode {name}" if name in "12345" else name for name in names[2:]]
    return _table(cells, ["method", "selection", "datasets", *heads], 3)


def _count(numbers: pd.Series) -> str:
    """One number, "28", or "27 to 28" where they differ."""
    low, high = int(numbers.min()), int(numbers.max())
    return str(low) if low == high else f"{low} to {high}"


def task_tables(
    measured: pd.DataFrame,
    summary: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
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
                cells.append([task, _titled(methods, method), selection, *counts, *values, interval])
        heads = ["task", "method", "selection", "images", "patients", *(f"mode {mode[-1]}" for mode in SINGLE_MODES)]
        table = _table(cells, [*heads, "95 % interval, mode 4"], 3)
        tables.append({"title": _titled(datasets, dataset), "table": table})
    return tables


def claims_table(claims: pd.DataFrame) -> Table:
    """The findings as sentences: published and ours below one another."""
    cells = [
        [row.source, row.protocol, row.statement, "" if np.isnan(row.p) else f"{row.p:.2g}", row.note]
        for row in claims.itertuples()
    ]
    return _table(cells, ["source", "protocol", "finding", "p", "note"], 5)


def pairs_table(pairs: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """Differences between methods over the tasks, with test, correction and effect size."""
    rows = pairs[(pairs["kind"] == "methods") & (pairs["unit"] == "tasks")]
    cells = [
        [
            *(_titled(methods, row.a), _titled(methods, row.b), row.mode, row.step or "", row.protocol, row.selection),
            *(row.n, _number(row.mean_difference, 3, "+"), _interval(row)),
            *(_number(row.p_holm), _number(row.effect, 2, "+"), row.note),
        ]
        for row in rows.itertuples()
    ]
    heads = ["method", "minus", "mode", "click", "protocol", "selection", "tasks", "difference", "95 % interval"]
    return _table(cells, [*heads, "p (Holm)", "effect", "note"], 6)


def published_table(published: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> Table:
    """The published values that this run repeats."""
    rows = published[published["our_method"] != ""]
    cells = [
        [
            *(row.task, _titled(methods, row.our_method), row.mode, row.step, row.selection, row.protocol),
            *(int(row.n), _number(row.published), _number(row.ours), _interval(row)),
            *(_number(row.difference, 3, "+"), row.inside),
        ]
        for row in rows.itertuples()
    ]
    heads = ["task", "method", "mode", "click", "selection", "protocol", "images", "published", "ours"]
    return _table(cells, [*heads, "95 % interval", "difference", "inside"], 3)


def throughput_table(
    throughput: pd.DataFrame, datasets: Mapping[str, Mapping[str, Any]], methods: Mapping[str, Mapping[str, Any]]
) -> Table:
    """Speed and memory of each method on each dataset; GPU memory where there was any."""
    gpu = throughput["peak_gpu_memory_mb"].notna().any()
    cells = [
        [
            *(_titled(datasets, row.dataset), _titled(methods, row.method), row.device, row.precision),
            *(_number(row.images, 0), _number(row.prompts, 0), _number(row.predictions, 0)),
            *(_number(row.encode_seconds, 1), _number(row.decode_seconds, 1), _number(row.wall_seconds, 1)),
            *(_number(row.images_per_second, 2), _number(row.objects_per_second, 2), _number(row.peak_memory_mb, 0)),
            *([_number(row.peak_gpu_memory_mb, 0)] if gpu else []),
        ]
        for row in throughput.itertuples()
    ]
    heads = ["dataset", "method", "device", "precision", "images", "prompts", "masks"]
    heads += ["encode s", "decode s", "wall s", "images/s", "objects/s", "peak MB"]
    return _table(cells, [*heads, "peak GPU MB"] if gpu else heads, 4)


def precision_notes(throughput: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A sentence for each method that was checked against fp32: what its precision does to the IoU, all datasets."""
    notes = []
    checked = throughput[throughput["iou_difference"].notna() & (throughput["checked_images"].fillna(0) > 0)]
    for (method, precision), own in checked.groupby(["method", "precision"], sort=False):
        images = int(own["checked_images"].sum())
        weights = own["checked_images"].astype(float)
        # Adding zero after rounding turns -0.0 into 0.0.
        mean = round(float((own["iou_difference"] * weights).sum() / weights.sum()), 4) + 0.0
        largest = own["largest_iou_difference"].max()
        notes.append(
            f"{_titled(methods, method)}, {precision or 'reduced precision'} against fp32 on "
            f"{images} image{'s' if images != 1 else ''}: mean IoU changes by {mean:+.4f}"
            + (f", at most {largest:.4f} for a single mask." if pd.notna(largest) else ".")
        )
    return notes


def failures_table(scores: Path) -> tuple[int, Table]:
    """Number of rows without a score that should have one, and the first of them with their reasons."""
    names = ["dataset", "method", "image_id", "task", "mode", "step", "selection", "status"]
    keep = ~pc.field("status").isin(["ok", "not_applicable"])
    failed = pq.read_table(scores, columns=names, filters=keep)
    cells = [
        ["" if row[name] is None else row[name] for name in names] for row in failed.slice(0, FAILURES).to_pylist()
    ]
    return failed.num_rows, _table(cells, names, len(names))


def figure_items(figures: Sequence[Path], names: Mapping[str, Mapping[str, Any]]) -> list[dict[str, str]]:
    """Figures (PNG files) with heading, explanation and content as data URI, in the order of `FIGURES`.

    Args:
        names: datasets and methods: name -> {title}.
    """
    items = []
    for path in figures:
        kinds = [kind for kind in FIGURES if path.stem == kind or path.stem.startswith(f"{kind}_")]
        kind = max(kinds, key=len, default=path.stem)
        heading, words = FIGURES.get(kind, (path.stem, ""))
        about = path.stem.removeprefix(kind).lstrip("_")
        if about:
            heading = f"{heading}: {_titled(names, about)}"
        content = base64.b64encode(path.read_bytes()).decode("ascii")
        place = list(FIGURES).index(kind) if kind in FIGURES else len(FIGURES)
        items.append((place, path.name, {"title": heading, "words": words, "data": f"data:image/png;base64,{content}"}))
    return [item for *_, item in sorted(items, key=lambda entry: entry[:2])]


def provenance_table(scores: Path) -> Table:
    """What made the numbers: one row for each fact that the score files carry, with the parts it holds for."""
    facts: dict[tuple[str, str], list[str]] = {}
    parts = read_provenance(scores)
    for part, content in parts.items():
        for name, value in content.items():
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            facts.setdefault((name, text), []).append(part)
    cells = [
        [name, text, "all" if len(where) == len(parts) else ", ".join(where)] for (name, text), where in facts.items()
    ]
    return _table(sorted(cells), ["fact", "value", "method/dataset"], 3)


def _by_text(notes: Mapping[str, str]) -> list[tuple[str, str]]:
    """Notes as (titles, text): methods with one note share it."""
    titles: dict[str, list[str]] = {}
    for title, text in notes.items():
        titles.setdefault(text, []).append(title)
    return [(", ".join(names), text) for text, names in titles.items()]


def build_page(
    tables: Mapping[str, Path],
    figures: Sequence[Path],
    output: str | Path,
    title: str,
    configuration: Mapping[str, Any],
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    notes: Mapping[str, str],
) -> None:
    """Write the page.

    Args:
        tables: files under scores, summary, statistics, published, claims, ablation, throughput, datasets,
            contamination and pairs.
        figures: PNG files; the name chooses heading and explanation (see `FIGURES`).
        title: heading of the page.
        configuration: what to show of the configuration: name -> anything that JSON can hold.
        datasets, methods: name -> {title}.
        notes: title of a method -> what readers have to know of it.
    """
    summary = _ordered(read_csv(tables["summary"], SUMMARY), methods)
    measured = read_csv(tables["statistics"], STATISTICS)
    speeds = read_csv(tables["throughput"], THROUGHPUT)
    answers = read_csv(tables["contamination"], CONTAMINATION)
    failed, failures = failures_table(tables["scores"])
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.jinja").render(
        title=title,
        commit=commit() or "unknown",
        versions=versions(PACKAGES),
        notes=_by_text(notes),
        headline=headline_table(summary, methods),
        means=means_table(summary, methods),
        clicks=clicks_table(summary, methods),
        ablation=ablation_table(read_csv(tables["ablation"], ABLATION), methods),
        counts=datasets_table(read_csv(tables["datasets"], DATASETS)),
        contamination=contamination_table(answers, datasets, methods),
        unseen=unseen_table(summary, answers, methods),
        tasks=task_tables(measured, summary, datasets, methods),
        claims=claims_table(read_csv(tables["claims"], CLAIMS)),
        pairs=pairs_table(read_csv(tables["pairs"], PAIRS), methods),
        published=published_table(read_csv(tables["published"], COMPARISON), methods),
        throughput=throughput_table(speeds, datasets, methods),
        precision=precision_notes(speeds, methods),
        failed=failed,
        failures=failures,
        figures=figure_items(figures, {**methods, **datasets}),
        provenance=provenance_table(tables["scores"]),
        configuration={
            name: value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            for name, value in configuration.items()
        },
    )
    with atomic(output) as path:
        path.write_text(page, encoding="utf-8")
