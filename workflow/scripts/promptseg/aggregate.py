"""From the scores of single images to the tables: means, intervals, comparison with the study, findings.

Three kinds of mean are kept apart, because they answer different questions and differ in value:
over images (each object mask counts once; what the study reports), over patients (first within each patient), and over
tasks (the mean of the tasks' means over images). An object mask is one task in one image, so within a task images and
masks are the same; over all tasks an image counts once for each of its tasks.

All numbers are made from one table of sums for each patient, so a run never needs all scores in memory.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from promptseg.ablation import ablation, is_variant
from promptseg.errors import PromptsegError
from promptseg.files import atomic
from promptseg.published import methods_of_study, read_published
from promptseg.randomness import generator
from promptseg.tables import SCORES, open_table, read_provenance, read_table

METRICS = ("iou", "dice", "nsd", "hd95")
SETTING = ["method", "protocol", "mode", "step", "selection"]
ORDER = ["dataset", "task", "image_id", "object_id", *SETTING]
_TEXT = ["dataset", "task", "case_id", "image_id", "object_id", "method", "protocol", "mode", "selection"]

# A task counts as one that more clicks make worse if it ends this far below its best click.
LOSS = 0.02


# --- scores.parquet, and the sums of each patient -----------------------------------------------------------------


def merge_scores(inputs: Iterable[str | Path], output: str | Path) -> pd.DataFrame:
    """Write all score rows to one sorted Parquet file and return the sums of each patient (see `patient_sums`).

    The file does not depend on the order of `inputs`. One task is in memory at a time. The provenance of the inputs
    is kept under "<method>/<dataset>".

    Raises:
        PromptsegError: a file is not a score table, or two files hold the same row.
    """
    files: dict[tuple[str, bool, str], list[Path]] = {}
    provenance: dict[str, Any] = {}
    for path in sorted(map(Path, inputs)):
        content = read_table(path, SCORES, ["dataset", "method", "task"]).drop_duplicates()
        for dataset, task in content[["dataset", "task"]].drop_duplicates().itertuples(index=False):
            missing = pd.isna(task)  # an image that could not be read; sorted behind the tasks, as Arrow does
            files.setdefault((dataset, missing, "" if missing else task), []).append(path)
        for row in content.itertuples():
            provenance[f"{row.method}/{row.dataset}"] = read_provenance(path)
    sums = [patient_sums([])]
    with open_table(output, SCORES, provenance) as table:
        for (dataset, missing, task), paths in sorted(files.items()):
            of_task = pc.field("task").is_null() if missing else pc.field("task") == task
            keep = (pc.field("dataset") == dataset) & of_task
            parts = [pq.read_table(path, columns=SCORES.names, filters=keep).cast(SCORES) for path in paths]
            parts = [part.replace_schema_metadata(None) for part in parts]
            rows = pa.concat_tables(parts).sort_by([(name, "ascending") for name in ORDER])
            try:
                sums.append(patient_sums(rows))
            except PromptsegError as error:
                raise PromptsegError(f"{error} The files are: {', '.join(map(str, paths))}.") from error
            table.write(rows)
    return pd.concat(sums, ignore_index=True)


def patient_sums(rows: pa.Table | Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Sums of the scores of each patient: what every mean and interval is made of.

    Args:
        rows: rows of `tables.SCORES`.

    Returns:
        One row per (dataset, task, case_id, method, protocol, mode, step, selection), sorted by these; a missing key
        is an empty text. Columns n (scored masks), n_failed, n_not_applicable, n_mm and n_px (scored masks by distance
        unit), and for each metric {metric}_sum and {metric}_n, over the scored masks where it is finite.

    Raises:
        PromptsegError: a row occurs twice.
    """
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(list(rows), schema=SCORES)
    frame = table.to_pandas(categories=[*_TEXT, "distance_unit", "status"])
    if frame.duplicated(ORDER).any():
        first = frame.loc[frame.duplicated(ORDER), ORDER].iloc[0].to_dict()
        raise PromptsegError(f"A score row occurs twice: {first}. Delete one of the score files and run again.")
    for name in _TEXT:
        categories = frame[name].cat.categories
        frame[name] = frame[name].cat.set_categories(["", *(c for c in categories if c)]).fillna("")
    scored = frame["status"].eq("ok")
    columns = {
        "n": scored,
        "n_failed": ~scored & frame["status"].ne("not_applicable"),
        "n_not_applicable": frame["status"].eq("not_applicable"),
        "n_mm": scored & frame["distance_unit"].eq("mm"),
        "n_px": scored & frame["distance_unit"].eq("px"),
    }
    for metric in METRICS:
        known = scored & np.isfinite(frame[metric].to_numpy(dtype=float))
        columns[f"{metric}_sum"] = frame[metric].where(known, 0.0).astype(float)
        columns[f"{metric}_n"] = known
    keys = ["dataset", "task", "case_id", *SETTING]
    frame["step"] = frame["step"].fillna(0).astype(int)
    values = pd.DataFrame({name: c if c.dtype == float else c.astype(int) for name, c in columns.items()})
    sums = values.groupby([frame[name] for name in keys], observed=True).sum().reset_index()
    sums = sums.astype({name: str for name in keys if name != "step"})
    return sums.sort_values(keys, ignore_index=True)


# --- summary.csv --------------------------------------------------------------------------------------------------


def _ratios(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean of each metric over the images of each group; NaN where there is none."""
    groups = sums.groupby(keys)[[f"{metric}_{part}" for metric in METRICS for part in ("sum", "n")]].sum()
    return pd.DataFrame({metric: groups[f"{metric}_sum"] / groups[f"{metric}_n"] for metric in METRICS})


def _mean_of_means(sums: pd.DataFrame, keys: list[str], over: list[str]) -> pd.DataFrame:
    """Mean over the patients or tasks (`over`) of their means; those without a value do not count."""
    return _ratios(sums, list(dict.fromkeys([*keys, *over]))).groupby(level=keys).mean()


def _counts(sums: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Numbers of tasks, images and patients with a score, and of rows without one, in each group."""
    groups = sums.groupby(keys)
    scored = sums[sums["n"] > 0]

    def distinct(what: list[str]) -> pd.Series:
        return scored.drop_duplicates([*dict.fromkeys([*keys, *what])]).groupby(keys).size()

    counts = pd.DataFrame(
        {
            "n_tasks": distinct(["dataset", "task"]),
            "n_images": groups["n"].sum(),
            "n_patients": distinct(["dataset", "case_id"]),
            "n_failed": groups["n_failed"].sum(),
            "n_not_applicable": groups["n_not_applicable"].sum(),
        }
    )
    return counts.fillna(0).astype(int)


def _summary_level(sums: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    frame = _counts(sums, keys)
    groups = sums.groupby(keys)
    mm, px = groups["n_mm"].sum() > 0, groups["n_px"].sum() > 0
    frame["distance_unit"] = np.select([mm & px, mm, px], ["mixed", "mm", "px"], default="")
    frame["n_hd95"] = groups["hd95_n"].sum()
    means = {"images": _ratios(sums, keys), "patients": _mean_of_means(sums, keys, ["dataset", "case_id"])}
    if level == "all":
        means["tasks"] = _mean_of_means(sums, keys, ["dataset", "task"])
    for over, values in means.items():
        values["hd95"] = values["hd95"].mask(frame["distance_unit"] == "mixed")
        frame = frame.join(values.add_suffix(f"_mean_{over}"))
    return frame.reset_index().assign(level=level)


def summary(sums: pd.DataFrame) -> pd.DataFrame:
    """The table of means.

    Rows of level `task` hold one task, rows of level `all` pool every task; dataset and task are empty there.
    `{metric}_mean_images`, `_mean_patients` and `_mean_tasks` are the three kinds of mean (the last at level `all`
    only). Rows without a score (failures, methods that do not take the prompt) are counted and left out of the means.
    Images that could not be read belong to no task: their rows have an empty task and count in n_failed.
    hd95 is in `distance_unit`; where a row pools mm and px, the unit is `mixed` and the mean of hd95 empty. It is a
    mean over the `n_hd95` masks where it is finite.
    """
    levels = [_summary_level(sums, "task", ["dataset", "task", *SETTING]), _summary_level(sums, "all", SETTING)]
    frame = pd.concat(levels, ignore_index=True).reindex(columns=SUMMARY_COLUMNS)
    frame[["dataset", "task"]] = frame[["dataset", "task"]].fillna("")
    return frame.assign(n_tasks=frame["n_tasks"].where(frame["level"] == "all").astype("Int64"))


SUMMARY_COLUMNS = [
    *("level", "dataset", "task", *SETTING),
    *("n_tasks", "n_images", "n_patients", "n_failed", "n_not_applicable"),
    *(f"{metric}_mean_{over}" for metric in METRICS for over in ("images", "patients", "tasks")),
    *("distance_unit", "n_hd95"),
]


# --- statistics.csv -----------------------------------------------------------------------------------------------


def resampled_means(sums: np.ndarray, counts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean over images in each bootstrap resample.

    Args:
        sums, counts: (patients, settings) sum of the metric and number of images.
        weights: (resamples, patients) how often each patient was drawn.

    Returns:
        (resamples, settings) float64; NaN where a resample has no image.
    """
    with np.errstate(invalid="ignore"):
        return (weights @ sums) / (weights @ counts)


def draw_patients(patients: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(resamples, patients) float64: how often each patient occurs when as many are drawn with replacement."""
    return rng.multinomial(patients, np.full(patients, 1 / patients), size=resamples).astype(float)


def _interval(means: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """2.5th and 97.5th percentile of each column of (resamples, settings); NaN is left out."""
    low, high = np.nanpercentile(means, [2.5, 97.5], axis=0)
    return low, high


def _mean_known(values: np.ndarray) -> np.ndarray:
    """Mean over the tasks of (tasks, resamples), leaving out NaN; NaN where nothing is left."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.where(known, values, 0).sum(axis=0) / known.sum(axis=0)


def _by_patient(block: pd.DataFrame) -> tuple[list[tuple[Any, ...]], list[str], np.ndarray, np.ndarray]:
    """Settings, patients, and (patients, settings) sums and counts of the IoU, of scored rows of one task."""
    wide = block.set_index(["case_id", *SETTING])[["iou_sum", "iou_n"]].unstack(SETTING, fill_value=0)
    sums = wide["iou_sum"].sort_index(axis=1).sort_index()
    counts = wide["iou_n"].sort_index(axis=1).sort_index()
    return list(sums.columns), list(sums.index), sums.to_numpy(float), counts.to_numpy(float)


def statistics(sums: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> pd.DataFrame:
    """The mean IoU of each setting with its 95 % interval.

    The interval is the percentile bootstrap over patients: all images of a patient stay together, so it covers the
    spread between patients and not only between the slices of one. All settings of a task share the same resamples,
    which are a function of the seed and the names. At level `task` the statistic is the mean over images; at level
    `all` the mean over tasks, where the patients of a dataset are drawn once for all its tasks and a task that a
    resample leaves empty is left out of that resample's mean.

    There is no interval where it would claim too much: with fewer than two patients, and at level `all` if any of
    the datasets has only one. `no_interval` says why.
    """
    intervals: dict[tuple[Any, ...], tuple[float, float]] = {}
    totals: dict[tuple[Any, ...], list[np.ndarray]] = {}
    tasks = sums[sums["task"] != ""]
    scored = tasks[tasks["iou_n"] > 0]
    for dataset, of_dataset in scored.groupby("dataset", sort=True):
        cases = sorted(of_dataset["case_id"].unique())
        shared = draw_patients(len(cases), resamples, generator(seed, "bootstrap", dataset))
        for task, block in of_dataset.groupby("task", sort=True):
            settings, present, total, count = _by_patient(block)
            own = draw_patients(len(present), resamples, generator(seed, "bootstrap", dataset, task))
            lows, highs = _interval(resampled_means(total, count, own))
            joint = resampled_means(total, count, shared[:, np.searchsorted(cases, present)])
            for column, setting in enumerate(settings):
                if (count[:, column] > 0).sum() > 1:
                    intervals["task", dataset, task, *setting] = (lows[column], highs[column])
                totals.setdefault(setting, []).append(joint[:, column])
    lonely = _single_patient(scored)
    for setting, parts in totals.items():
        if setting not in lonely:
            lows, highs = _interval(_mean_known(np.stack(parts))[:, None])
            intervals["all", "", "", *setting] = (lows[0], highs[0])
    levels = [_statistics_level(tasks, "task", ["dataset", "task", *SETTING]), _statistics_level(tasks, "all", SETTING)]
    frame = pd.concat(levels, ignore_index=True)
    frame[["dataset", "task"]] = frame[["dataset", "task"]].fillna("")
    found = [intervals.get(key, (np.nan, np.nan)) for key in zip(*(frame[name] for name in _ROW), strict=True)]
    frame[["ci_low", "ci_high"]] = np.array(found, dtype=float).reshape(-1, 2)
    settings = list(zip(*(frame[name] for name in SETTING), strict=True))
    reasons = [
        (frame["n_images"] == 0) & (frame["n_not_applicable"] > 0),
        frame["n_images"] == 0,
        frame["ci_low"].notna(),
        frame["level"] == "task",
    ]
    texts = ["not applicable", "no image was scored", "", "one patient: an interval needs two"]
    otherwise = [f"one patient only in {', '.join(lonely.get(setting, []))}" for setting in settings]
    frame["no_interval"] = np.select(reasons, texts, default=np.array(otherwise, dtype=object))
    frame["n_tasks"] = frame["n_tasks"].where(frame["level"] == "all").astype("Int64")
    return frame[STATISTICS_COLUMNS]


def _statistics_level(tasks: pd.DataFrame, level: str, keys: list[str]) -> pd.DataFrame:
    iou = _mean_of_means(tasks, keys, ["dataset", "task"])["iou"]
    statistic = "mean_images" if level == "task" else "mean_tasks"
    return _counts(tasks, keys).join(iou).reset_index().assign(level=level, statistic=statistic)


def _single_patient(scored: pd.DataFrame) -> dict[tuple[Any, ...], list[str]]:
    """For each setting the datasets of which only one patient has a score, if there are any."""
    patients = scored.drop_duplicates([*SETTING, "dataset", "case_id"]).groupby([*SETTING, "dataset"]).size()
    found: dict[tuple[Any, ...], list[str]] = {}
    for *setting, dataset in patients[patients < 2].index:
        found.setdefault(tuple(setting), []).append(dataset)
    return found


_ROW = ["level", "dataset", "task", *SETTING]
STATISTICS_COLUMNS = [
    *("level", "dataset", "task", *SETTING, "statistic", "n_tasks", "n_images", "n_patients"),
    *("iou", "ci_low", "ci_high", "no_interval"),
]


def read_statistics(path: str | Path) -> pd.DataFrame:
    """`statistics.csv` as `statistics` returned it: empty keys are empty texts, empty numbers NaN."""
    text = ["level", "dataset", "task", "method", "protocol", "mode", "selection", "statistic", "no_interval"]
    frame = pd.read_csv(path, dtype=dict.fromkeys(text, str), keep_default_na=False, na_values={"n_tasks": [""]})
    for name in ("iou", "ci_low", "ci_high"):
        frame[name] = pd.to_numeric(frame[name], errors="coerce")
    return frame


# --- published.csv ------------------------------------------------------------------------------------------------


def compare(
    published: pd.DataFrame,
    measured: pd.DataFrame,
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> pd.DataFrame:
    """Every published value beside ours: one row for each of our methods, tasks and protocols that repeat it.

    Args:
        published: see `published.read_published`.
        measured: see `statistics`.
        datasets: name -> {published: {our task: the study's task}}.
        methods: name -> {published: the study's method or None}.

    Returns:
        The published rows in their order, with our_method, dataset, our_task, protocol, n (images), ours (mean over
        images, as in the study), ci_low, ci_high, difference (ours - published) and inside (yes or no: whether the
        published value lies in our interval). Empty where we have no value or no interval.
    """
    names = pd.DataFrame(
        [
            {"dataset": dataset, "our_task": ours, "task": theirs}
            for dataset, entry in datasets.items()
            for ours, theirs in (entry.get("published") or {}).items()
        ],
        columns=["dataset", "our_task", "task"],
    )
    adapters = pd.DataFrame(list(methods_of_study(methods).items()), columns=["our_method", "method"])
    ours = measured[(measured["level"] == "task") & measured["iou"].notna()]
    ours = ours.rename(columns={"task": "our_task", "method": "our_method", "iou": "ours", "n_images": "n"})
    ours = ours.merge(names, on=["dataset", "our_task"]).merge(adapters, on="our_method")
    keys = ["task", "method", "mode", "step", "selection"]
    columns = ["our_method", "dataset", "our_task", "protocol", "n", "ours", "ci_low", "ci_high"]
    left = published.rename(columns={"iou": "published"}).assign(row=np.arange(len(published)))
    frame = left.merge(ours[keys + columns], on=keys, how="left")
    frame = frame.sort_values(["row", "our_method", "dataset", "our_task", "protocol"], ignore_index=True)
    known = frame["ci_low"].notna()
    inside = (frame["published"] >= frame["ci_low"]) & (frame["published"] <= frame["ci_high"])
    return frame.assign(
        n=frame["n"].astype("Int64"),
        difference=frame["ours"] - frame["published"],
        inside=np.where(known, np.where(inside, "yes", "no"), ""),
    )[[*keys, "published", *columns, "difference", "inside"]]


# --- claims.csv ---------------------------------------------------------------------------------------------------

CLAIMS_COLUMNS = ["claim", "source", "method", "protocol", "selection", "value", "unit", "detail", "note"]
_NOTES = {
    "single_point_max": "The study's abstract states 0.8650 (Xray-Hip: Ilium), its table holds 0.8692 (CT-Spleen).",
    "single_point_min": "The study's abstract states 0.1135 (spine MRI), its table holds 0.1136.",
    "best_mode": "The study: best when a box is given for each component.",
    "boxes_minus_points": "Mean of modes 3 to 5 minus mean of modes 1 and 2. The study: boxes clearly better.",
    "first_at_1_click": "The study: SAM is better than the others in almost all single-point settings.",
    "overtaken": "First click at which the mean over tasks is above the reference's.",
    "gain": "Mean over tasks at the last click minus at the first. The study: SAM gains little from more points.",
    "loses_with_clicks": f"Tasks whose IoU at the last click is more than {LOSS} below that of their best click.",
    "oracle_below_first": "The clicks of the iterative oracle follow its own masks, so it is not an upper bound.",
}
_ABOUT_PUBLISHED = ("single_point_max", "single_point_min")


def _notes(names: pd.Series, source: str) -> list[str]:
    return ["" if source == "ours" and name in _ABOUT_PUBLISHED else _NOTES.get(name, "") for name in names]


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Tasks in rows, `column` in columns; tasks that lack one of the values are left out, so that means compare."""
    return rows.pivot(index="task", columns=column, values="iou").dropna()


def mode_findings(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Findings on the five modes of one method and one selection.

    Args:
        rows: columns task, mode, iou: the mean over images of each task in modes 1 to 5, as far as there are any.

    Returns:
        claim, value, unit and detail of each finding that the rows allow.
    """
    found = []
    point = rows[rows["mode"] == "mode1"].sort_values(["iou", "task"])
    if len(point):
        for claim, row in (("single_point_min", point.iloc[0]), ("single_point_max", point.iloc[-1])):
            found.append({"claim": claim, "value": row["iou"], "unit": "IoU", "detail": row["task"]})
    wide = _wide(rows, "mode")
    if wide.shape[1] > 1 and len(wide):
        best = wide.mean().idxmax()
        found.append({"claim": "best_mode", "value": wide[best].mean(), "unit": "IoU", "detail": best})
        others = wide.drop(columns=best).max(axis=1)
        tied = int((wide[best] == others).sum())
        detail = f"{best} is the best{f', {tied} more tied' if tied else ''}"
        unit = f"of {len(wide)} tasks"
        found.append({"claim": "best_mode_tasks", "value": (wide[best] > others).sum(), "unit": unit, "detail": detail})
    pairs = {
        "boxes_minus_points": (["mode3", "mode4", "mode5"], ["mode1", "mode2"]),
        "box_minus_point_largest_component": (["mode3"], ["mode1"]),
        "boxes_minus_points_each_component": (["mode4"], ["mode2"]),
    }
    for claim, (boxes, points) in pairs.items():
        if {*boxes, *points} <= set(wide) and len(wide):
            gap = wide[boxes].mean(axis=1) - wide[points].mean(axis=1)
            better = f"boxes are better in {int((gap > 0).sum())} of {len(gap)} tasks"
            found.append({"claim": claim, "value": gap.mean(), "unit": "IoU", "detail": better})
    return found


def click_findings(rows: pd.DataFrame, references: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Findings on iterative clicks, of all methods of one protocol.

    Args:
        rows: columns task, method, step, selection, iou.
        references: the methods that others may overtake (SAM).

    Returns:
        claim, method, selection, value, unit and detail of each finding that the rows allow.
    """
    found: list[dict[str, Any]] = []
    if rows.empty:
        return found
    first = rows[rows["selection"] == "first"]
    clicks = sorted(rows["step"].unique())
    for click in (clicks[0], clicks[-1]):
        plain = _wide(first[first["step"] == click], "method")
        oracle = rows[(rows["selection"] == "oracle") & (rows["step"] == click)]
        for method in plain.columns if plain.shape[1] > 1 else []:
            for selection, own in (("first", first), ("oracle", oracle)):
                own = own[(own["method"] == method) & (own["step"] == click)].set_index("task")["iou"]
                table = plain.assign(**{method: own}).dropna()
                if len(table):
                    wins = table.idxmax(axis=1) == method
                    lost = ", ".join(f"{task} ({table.loc[task].idxmax()})" for task in table.index[~wins])
                    found.append(
                        {
                            "claim": f"first_at_{click}_click{'s' if click > 1 else ''}",
                            "method": method,
                            "selection": selection,
                            "value": int(wins.sum()),
                            "unit": f"of {len(table)} tasks",
                            "detail": f"not in {lost}" if 0 < (~wins).sum() <= 6 else "",
                        }
                    )
    for (method, selection), own in rows.groupby(["method", "selection"], sort=True):
        labels = {"method": method, "selection": selection}
        wide = _wide(own, "step")
        if wide.shape[1] < 2 or wide.empty:
            continue
        start, end = wide.columns[0], wide.columns[-1]
        means = wide.mean()
        detail = f"{means[start]:.4f} at click {start}, {means[end]:.4f} at click {end}"
        found.append({"claim": "gain", **labels, "value": means[end] - means[start], "unit": "IoU", "detail": detail})
        loss = (wide[end] - wide.max(axis=1)).sort_values(kind="stable")
        worse = loss[loss < -LOSS]
        detail = ", ".join(f"{task} {value:+.3f}" for task, value in worse.items())
        unit = f"of {len(wide)} tasks"
        found.append({"claim": "loses_with_clicks", **labels, "value": len(worse), "unit": unit, "detail": detail})
        if selection == "oracle":
            plain = _wide(first[first["method"] == method], "step")
            common = wide.index.intersection(plain.index)
            below = [task for task in common if wide.loc[task, end] < plain.loc[task, end]]
            detail = f"at click {end}: {', '.join(below)}" if below else ""
            unit = f"of {len(common)} tasks"
            found.append({"claim": "oracle_below_first", **labels, "value": len(below), "unit": unit, "detail": detail})
    for reference in references:
        for method in sorted(set(first["method"]) - {*references}):
            pair = first[first["method"].isin([reference, method])].pivot(
                index="task", columns=["method", "step"], values="iou"
            )
            pair = pair.dropna()
            if reference in pair and not pair.empty:
                means = pair.mean()
                passed = [click for click in clicks if means[method].get(click, -1) > means[reference].get(click, 2)]
                detail = f"{method} passes {reference}" if passed else f"{method} never passes {reference}"
                value = int(passed[0]) if passed else np.nan
                labels = {"method": reference, "selection": "first"}
                found.append({"claim": "overtaken", **labels, "value": value, "unit": "click", "detail": detail})
    return found


def findings(rows: pd.DataFrame, source: str, references: Sequence[str]) -> pd.DataFrame:
    """The study's findings as computed statements.

    Args:
        rows: columns task, method, protocol, mode, step, selection, iou; the same for published rows and for ours.
        source: `published` or `ours`.
        references: the methods that stand for SAM.

    Returns:
        CLAIMS_COLUMNS, one row a finding; `value` is a number in `unit`, `detail` says of what.
    """
    found: list[dict[str, Any]] = []
    rows = rows[rows["iou"].notna() & rows["selection"].isin(["first", "oracle"])]
    modes = rows[rows["mode"].str.match(r"mode\d")]
    for (method, selection), group in modes.groupby(["method", "selection"], sort=True):
        found += [
            {"method": method, "protocol": "", "selection": selection, **finding} for finding in mode_findings(group)
        ]
    for protocol, group in rows[rows["mode"] == "iterative"].groupby("protocol", sort=True):
        found += [{"protocol": protocol, **finding} for finding in click_findings(group, references)]
    frame = pd.DataFrame(found, columns=[name for name in CLAIMS_COLUMNS if name != "note"])
    frame = frame.assign(source=source, note=_notes(frame["claim"], source))[CLAIMS_COLUMNS]
    return frame.assign(value=frame["value"].astype(float))


def claims(published: pd.DataFrame, measured: pd.DataFrame, methods: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """`findings` of the published numbers, then of ours (task = "<dataset>: <task>"), controls left out."""
    controls = {name for name, entry in methods.items() if entry.get("control")}
    ours = measured[(measured["level"] == "task") & ~measured["method"].isin(controls)]
    ours = ours.assign(task=ours["dataset"] + ": " + ours["task"])
    references = [name for name, study in methods_of_study(methods).items() if study == "sam"]
    return pd.concat(
        [findings(published.assign(protocol=""), "published", ["sam"]), findings(ours, "ours", references)],
        ignore_index=True,
    )


# --- throughput.csv -----------------------------------------------------------------------------------------------

THROUGHPUT_COLUMNS = [
    *("dataset", "method", "images", "objects", "predictions", "prompts", "encode_seconds", "decode_seconds"),
    *("wall_seconds", "images_per_second", "objects_per_second", "peak_memory_mb", "peak_gpu_memory_mb"),
    *("device", "precision", "checked_images", "iou_difference", "largest_iou_difference"),
]
_COUNTS = ["images", "objects", "predictions", "prompts", "checked_images"]


def throughput(files: Iterable[str | Path]) -> pd.DataFrame:
    """Speed of each method on each dataset, from `results/predictions/<method>/<dataset>.throughput.json`.

    Rates are over the wall time of the prediction loop. `prompts` counts the distinct prompts that the method answered.
    What a file does not say is missing in its row.
    """
    rows = []
    for path in map(Path, files):
        row = json.loads(path.read_text())
        row |= {"dataset": path.name.removesuffix(".throughput.json"), "method": path.parent.name}
        for unit in ("images", "objects"):
            if unit in row and row.get("wall_seconds"):
                row[f"{unit}_per_second"] = row[unit] / row["wall_seconds"]
        rows.append(row)
    frame = pd.DataFrame(rows, columns=THROUGHPUT_COLUMNS)
    # Nullable, so that a missing count does not turn the others of its column into fractions.
    return frame.astype(dict.fromkeys(_COUNTS, "Int64")).sort_values(["dataset", "method"], ignore_index=True)


def read_throughput(path: str | Path) -> pd.DataFrame:
    """`throughput.csv` with THROUGHPUT_COLUMNS: empty text is "", empty counts are NA, other empty numbers NaN."""
    text = ["dataset", "method", "device", "precision"]
    frame = pd.read_csv(path, dtype=str, keep_default_na=False).reindex(columns=THROUGHPUT_COLUMNS)
    frame[text] = frame[text].astype(object).fillna("").astype(str)
    for name in frame.columns.difference(text):
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype("Int64" if name in _COUNTS else float)
    return frame


# --- the stage ----------------------------------------------------------------------------------------------------


def write_csv(frame: pd.DataFrame, path: str | Path) -> None:
    """Write a table with six decimals, so that equal numbers give equal files."""
    with atomic(path) as temporary:
        frame.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")


def aggregate(
    inputs: Sequence[str | Path],
    throughput_files: Sequence[str | Path],
    published_file: str | Path,
    outputs: Mapping[str, str | Path],
    datasets: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
    resamples: int,
    seed: int,
) -> None:
    """Write the tables of the stage. Protocols with one switch turned off are in `scores` and `ablation` only.

    Args:
        outputs: paths under scores, summary, statistics, published, claims, ablation and throughput.
        datasets: name -> {title, published: {our task: the study's task}}.
        methods: name -> {title, published: the study's method or None, control: whether it is a control}.
    """
    published = read_published(published_file)
    sums = merge_scores(inputs, outputs["scores"])
    logging.info("%d score files, %d patient rows", len(inputs), len(sums))
    measured = statistics(sums, resamples, seed)
    write_csv(ablation(measured), outputs["ablation"])
    measured = measured[~is_variant(measured["protocol"])]
    write_csv(summary(sums[~is_variant(sums["protocol"])]), outputs["summary"])
    write_csv(measured, outputs["statistics"])
    write_csv(compare(published, measured, datasets, methods), outputs["published"])
    write_csv(claims(published, measured, methods), outputs["claims"])
    write_csv(throughput(throughput_files), outputs["throughput"])
