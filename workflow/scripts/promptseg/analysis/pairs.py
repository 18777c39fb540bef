"""pairs.csv: methods against methods and modes against modes, over tasks and over patients."""

import gc
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients, interval, resampled_means
from promptseg.analysis.columns import CI_HIGH, CI_LOW, NOTE, PROVENANCE, N, made
from promptseg.analysis.comparable import FIXED, comparable, stand_ins
from promptseg.core.columns import DATASET, METHOD, MODE, PROTOCOL, SELECTION, STEP, TASK
from promptseg.core.randomness import generator
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.core.vocabulary import AUTOMATIC, SINGLE_MODES

PAIRS = Table(
    "pairs.csv",
    "Paired comparisons of methods in one setting, of the modes of one method, and of methods with the "
    "reference (`reference: true`). Controls are left out.",
    [
        Column(
            "kind",
            STRING,
            "`methods` or `modes`: what a and b are; `reference`: b is the line to beat, without prompts if its masks "
            "answer none, and all else says how a was prompted",
        ),
        Column("unit", STRING, "`tasks` or `patients`: what is paired"),
        *(DATASET, TASK),
        Column("a", STRING, "first method or mode"),
        Column("b", STRING, "second method or mode"),
        METHOD.but(meaning="the method whose modes are compared; empty for comparisons of methods"),
        *(PROTOCOL, MODE),
        STEP.but(meaning="number of clicks; empty for comparisons of modes", optional=True),
        SELECTION,
        N.but(meaning="units that have both values"),
        Column("mean_difference", FLOAT, "mean of a - b, IoU"),
        CI_LOW.but(meaning="lower end of its 95 % interval: percentile bootstrap over the units"),
        CI_HIGH,
        Column("wilcoxon", FLOAT, "statistic of the Wilcoxon signed-rank test"),
        Column("p", FLOAT, "its two-sided p value; empty where there is no test", p_value=True),
        Column("p_holm", FLOAT, "the same after Holm's correction within the family", p_value=True),
        Column("effect", FLOAT, "matched-pairs rank-biserial correlation, -1 to 1; positive where a is better"),
        Column("family", STRING, "which comparisons were corrected together"),
        *(NOTE, PROVENANCE),
    ],
)
_OF_MODES = ["method", "protocol", "selection"]  # what two modes have in common when they are compared
FEWEST = 6  # with five pairs the smallest two-sided p of a signed-rank test is 2 / 2^5, above 0.05

_ENUMERATED = 13  # pairs: up to so many scipy tries all signs where there are ties or zeros


def rank_biserial(differences: np.ndarray) -> np.ndarray:
    """Matched-pairs rank-biserial correlation of each column of (pairs, columns).

    (W+ - W-) / (W+ + W-), the sums of ranks of the positive and the negative differences, zeros left out (Kerby 2014):
    1 where all differences are positive, -1 where all are negative; NaN where all are zero. NaN differences do not
    count.
    """
    from scipy import stats

    values = np.where(differences == 0, np.nan, differences)
    ranks = stats.rankdata(np.abs(values), axis=0, nan_policy="omit")
    total = np.nansum(ranks, axis=0)
    with np.errstate(invalid="ignore"):
        return np.nansum(ranks * np.sign(values), axis=0) / total


def signed_rank(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Statistic and two-sided p of scipy's Wilcoxon signed-rank test of each column of (pairs, columns).

    NaN differences do not count; both are NaN where fewer than FEWEST are left, or all are zero.
    """
    from scipy import stats

    statistic, p = np.full((2, differences.shape[1]), np.nan)
    known = ~np.isnan(differences)
    usable = (known.sum(axis=0) >= FEWEST) & np.any(known & (differences != 0), axis=0)
    ordered = np.sort(np.abs(differences), axis=0)
    # scipy's choice of the exact test looks at ties and zeros of all columns together; it is one call for those
    # without.
    plain = usable & known.all(axis=0) & (ordered[:1] > 0).all(axis=0) & (np.diff(ordered, axis=0) > 0).all(axis=0)
    if plain.any():
        statistic[plain], p[plain] = stats.wilcoxon(differences[:, plain], axis=0)
    for column in np.flatnonzero(usable & ~plain):
        values = differences[known[:, column], column]
        statistic[column], p[column] = (_enumerated if len(values) <= _ENUMERATED else stats.wilcoxon)(values)
    return statistic, p


def _enumerated(differences: np.ndarray) -> tuple[float, float]:
    """What `wilcoxon` of scipy finds for so few (pairs,) with ties or zeros, by a call for each of all signs."""
    from scipy import stats

    values = differences[differences != 0]
    ranks = stats.rankdata(np.abs(values))
    signs = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
    statistic = min(ranks[values > 0].sum(), ranks[values < 0].sum())
    return statistic, min(1.0, 2 * (signs @ ranks <= statistic).mean())


def holm(p: np.ndarray) -> np.ndarray:
    """p values of one family after Holm's correction; NaN stays NaN and does not count."""
    corrected = np.full(len(p), np.nan)
    known = ~np.isnan(p)
    if known.any():
        from statsmodels.stats.multitest import multipletests

        corrected[known] = multipletests(p[known], method="holm")[1]
    return corrected


def compare_columns(
    values: np.ndarray,
    items: Sequence[str],
    weights: np.ndarray,
    real: Sequence[bool] | None = None,
    parts: np.ndarray | None = None,
) -> dict[str, np.ndarray]:
    """All pairs of the columns of (units, items): one family of comparisons.

    Args:
        values: one row per task or patient; NaN where an item has no value, which leaves the unit out of its pairs.
        items: names of the columns.
        weights: (resamples, units) how often each unit was drawn.
        real: if given, pairs of two items that are False here are left out.
        parts: (units, tasks, items) of which `values` are means, if they are: where two items have other tasks of a
            unit, their difference is the mean over the tasks that both have.

    Returns:
        a, b, n, mean_difference (a - b) with its 95 % percentile interval over the resamples, wilcoxon, p, p_holm,
        effect and note; pairs without a common unit are left out.
    """
    pairs = np.array(list(itertools.combinations(range(len(items)), 2)), int).reshape(-1, 2)
    if real is not None:
        pairs = pairs[np.asarray(real)[pairs].any(axis=1)]
    differences = values[:, pairs[:, 0]] - values[:, pairs[:, 1]]
    for place, (a, b) in enumerate(pairs):
        if parts is None:
            break
        uneven = (np.isnan(parts[..., a]) != np.isnan(parts[..., b])).any(axis=1)
        both = np.ma.masked_invalid(parts[uneven][..., a] - parts[uneven][..., b])
        differences[uneven, place] = both.mean(axis=1).filled(np.nan)
    known = ~np.isnan(differences)
    pairs, differences, known = pairs[known.any(axis=0)], differences[:, known.any(axis=0)], known[:, known.any(axis=0)]
    n = known.sum(axis=0)
    low, high = interval(resampled_means(np.nan_to_num(differences), known.astype(float), weights))
    statistic, p = signed_rank(differences)
    names = np.array(items, dtype=object)[pairs]
    texts = [f"no test: fewer than {FEWEST} pairs", "no test: all pairs are equal"]
    return {
        "a": names[:, 0],
        "b": names[:, 1],
        "n": n,
        "mean_difference": np.nansum(differences, axis=0) / n,
        "ci_low": np.where(n > 1, low, np.nan),
        "ci_high": np.where(n > 1, high, np.nan),
        "wilcoxon": statistic,
        "p": p,
        "p_holm": holm(p),
        "effect": rank_biserial(differences),
        "note": np.select([n < FEWEST, (np.nan_to_num(differences) == 0).all(axis=0)], texts, default=""),
    }


def _families(
    view: pd.DataFrame, unit: str, resamples: int, seed: int, reference: str, parts: pd.DataFrame | None
) -> Iterator[tuple[str, Mapping[str, Any], dict[str, np.ndarray]]]:
    """Kind, fixed settings and comparisons of each family, of the units of one task or of all.

    Args:
        view: columns unit, method, FIXED, stand_in, value.
        reference: the method that all others are compared with, too; empty for none.
        parts: the same by `task`, numbered from 0 within a unit, of which values are means; None: they are none.
    """
    setting = ["method", *FIXED, "stand_in"]
    view = view.assign(column=view.groupby(setting).ngroup())
    columns = view.drop_duplicates("column").sort_values("column")[setting].reset_index(drop=True)
    units, places = np.unique(view["unit"].to_numpy(str), return_inverse=True)
    matrix = np.full((len(units), len(columns)), np.nan)
    matrix[places, view["column"]] = view["value"]
    cells = None
    if parts is not None:
        cells = np.full((len(units), 1 + parts["task"].max(), len(columns)), np.nan)
        column = parts.merge(columns.assign(column=columns.index), on=setting, how="left")["column"]
        cells[np.searchsorted(units, parts["unit"].to_numpy(str)), parts["task"], column] = parts["value"]
    weights = draw_patients(len(units), resamples, generator(seed, "pairs", unit, *units))
    modes = columns[columns["mode"].isin(SINGLE_MODES) & ~columns["stand_in"]]
    for kind, rows, item, fixed in (("methods", columns, "method", FIXED), ("modes", modes, "mode", _OF_MODES)):
        for names, group in rows.groupby(fixed, sort=True):
            group = group.sort_values(item)
            real = ~group["stand_in"].to_numpy()
            own_cells = None if cells is None else cells[..., group.index]
            found = compare_columns(matrix[:, group.index], group[item].tolist(), weights, real, own_cells)
            yield kind, dict(zip(fixed, names, strict=True)), found
    own = columns[(columns["method"] == reference) & ~columns["stand_in"]]
    others = columns[(columns["method"] != reference) & ~columns["stand_in"]]
    for names, group in others.groupby(FIXED, sort=True) if len(own) else ():
        about = dict(zip(FIXED, names, strict=True))
        unasked = own["mode"] == AUTOMATIC
        line = own[unasked if unasked.any() else (own[FIXED] == pd.Series(about)).all(axis=1)]
        if len(line):
            group = group.sort_values("method")
            items, real = [*group["method"], reference], [*[False] * len(group), True]
            chosen = [*group.index, *line.index]
            own_cells = None if cells is None else cells[..., chosen]
            yield "reference", about, compare_columns(matrix[:, chosen], items, weights, real, own_cells)


def pairs(
    sums: pd.DataFrame, controls: Collection[str] = (), resamples: int = 2000, seed: int = 0, reference: str = ""
) -> pd.DataFrame:
    """Paired comparisons of methods in each setting (`methods`), of modes (`modes`), and with the line to beat.

    Unit `tasks`: the values are the mean IoU of each task over its images. Unit `patients`: the mean IoU of each
    patient over its images in one task, or, where dataset and task are empty, the mean of these over all tasks of the
    patient that both have. The interval resamples the units of the row; the p values are Wilcoxon's signed-rank
    test's, corrected after Holm within the family: all pairs of one setting (of one method for modes) over the same
    units. Tasks of one dataset share patients, so they are not quite independent; read p over tasks with that in mind.

    Clicks are compared after `COMPARED_CLICKS` and the last. For selections see `comparable.stand_ins`: in another
    selection than `first`, pairs of two stand-ins are left out, since they are equal to those of `first`.

    Args:
        sums: see `sums.patient_sums`.
        controls: methods that are left out.
        resamples: number of resamples.
        seed: of the random numbers.
        reference: the line to beat; its masks from files, else those in the same setting; empty for none.

    Returns:
        PAIRS; what varies within a pair, and what does not apply, is an empty string (step: missing).
    """
    rows = comparable(sums[sums["iou_n"] > 0], controls)
    keys = ["dataset", "task", "case_id", "method", *FIXED]
    rows = rows[[*keys, "iou_sum", "iou_n"]].astype({name: object for name in keys if name != "step"})
    rows = stand_ins(rows)
    own, setting = [*keys, "stand_in"], ["method", *FIXED, "stand_in"]
    totals = rows.groupby(["dataset", "task", *setting])[["iou_sum", "iou_n"]].sum()
    tasks = (totals["iou_sum"] / totals["iou_n"]).rename("value").reset_index()
    patients = rows[own].assign(value=rows["iou_sum"] / rows["iou_n"])
    pooled = patients.groupby(["dataset", "case_id", *setting])["value"].mean().reset_index()
    none = {"dataset": "", "task": ""}
    named = patients.assign(unit=patients["dataset"] + ": " + patients["case_id"])
    parts = named.assign(task=patients.groupby("dataset")["task"].rank("dense").astype(int) - 1)
    views = [
        ("tasks", tasks.assign(unit=tasks["dataset"] + ": " + tasks["task"], **none), None),
        ("patients", pooled.assign(unit=pooled["dataset"] + ": " + pooled["case_id"], **none), parts),
        ("patients", named, None),
    ]
    found: list[dict[str, Any]] = []
    gc.freeze()  # statsmodels collects garbage in every call, which is slow where there are many objects
    try:
        for unit, view, cells in views:
            for (dataset, task), block in view.groupby(["dataset", "task"], sort=True):
                for kind, about, family in _families(block, unit, resamples, seed, reference, cells):
                    names = [dataset, task, *about.values()]
                    where = " ".join(str(name) for name in names if name not in ("", 0))
                    found.append({"kind": kind, "unit": unit, "dataset": dataset, "task": task, **about, **family})
                    found[-1]["family"] = f"{kind} over {unit}: {where}"
    finally:
        gc.unfreeze()
    # One table at the end: thousands of small ones would take most of the time.
    sizes = [len(part["a"]) for part in found]
    columns = {}
    for name in made(PAIRS):
        values = [part.get(name, "") for part in found]
        if found and isinstance(values[0], np.ndarray):
            columns[name] = np.concatenate(values)
        else:
            columns[name] = np.repeat(np.array(values, dtype=object), sizes)
    return pd.DataFrame(columns).replace({"step": {"": pd.NA}}).astype({"step": "Int64", "n": "Int64"})
