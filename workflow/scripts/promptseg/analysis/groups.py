"""groups.csv and group_differences.csv: IoU by what is known of the cases, with intervals over patients."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients, interval, patient_matrix, resampled_means
from promptseg.analysis.columns import (
    CI_HIGH,
    CI_LOW,
    LEVEL,
    MEAN_IOU,
    N_OBJECTS,
    N_PATIENTS,
    N_TASKS,
    NOTE,
    PROVENANCE,
    made,
)
from promptseg.analysis.comparable import comparable
from promptseg.core.columns import DATASET, SETTING, SETTING_COLUMNS, TASK
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.randomness import generator
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.score.tables import SCORES

NOT_STATED = "not stated"
_COLUMN = Column("column", STRING, "column of the metadata")
GROUPS = Table(
    "groups.csv",
    "IoU by group of patients (`metadata` of a dataset), in modes 1 to 5 and after some clicks. Level `all` is the "
    "mean over the tasks in which the group has a score.",
    [
        *(LEVEL, DATASET, TASK, *SETTING_COLUMNS, _COLUMN),
        Column("group", STRING, f"value, or range of values, of the column; `{NOT_STATED}` where it is empty"),
        *(N_TASKS, N_PATIENTS, N_OBJECTS, MEAN_IOU, CI_LOW, CI_HIGH, PROVENANCE),
    ],
)
GROUP_DIFFERENCES = Table(
    "group_differences.csv",
    "Differences between groups of one column: not paired, the patients of each group are drawn by themselves.",
    [
        *(LEVEL, DATASET, TASK, *SETTING_COLUMNS, _COLUMN),
        *(Column(name, STRING, f"the {word} group") for name, word in (("a", "first"), ("b", "second"))),
        *(
            N_TASKS,
            N_PATIENTS.but(name="n_a", meaning="patients of a"),
            N_PATIENTS.but(name="n_b", meaning="patients of b"),
        ),
        Column("difference", FLOAT, "mean IoU of a minus that of b; level `all`: over the tasks that have both"),
        *(CI_LOW, CI_HIGH, NOTE, PROVENANCE),
    ],
)
_MOST = 12  # groups of a column of words
_FEW = 5  # numbers that are groups of their own
_TOO_MANY = "not grouped: the column {} has {} different words, more than {}"


def read_groups(scores: str | Path, edges: Mapping[str, Sequence[float]]) -> tuple[pd.DataFrame, list[str]]:
    """The scored objects with their groups, and what is not grouped.

    Args:
        scores: scores.parquet, with the columns of the metadata.
        edges: column -> ends of its ranges.

    Returns:
        One row for each object, setting and column of the metadata that its dataset has: dataset, task, case_id,
        SETTING, column, group, iou; and a sentence for each column that has too many words.
    """
    schema = read_schema(scores)
    columns = [name for name in schema.names if name not in SCORES.names]
    names = ["dataset", "task", "case_id", *SETTING, "switch", "iou", "status", *columns]
    frame = read_arrow(scores, columns=names).to_pandas()
    frame = frame[(frame["status"] == "ok") & frame["switch"].isna() & frame["iou"].notna()]
    frame = frame.assign(protocol=frame["protocol"].fillna(""), step=frame["step"].fillna(0).astype(int))
    frame = comparable(frame, ())
    parts, left = [], []
    for column in columns:
        own = frame[frame.groupby("dataset")[column].transform("count") > 0]  # of datasets that have the column
        values = own[column]
        number = pd.api.types.is_numeric_dtype(values)
        if not number and values.nunique() > _MOST:
            left.append(_TOO_MANY.format(column, values.nunique(), _MOST))
            continue
        if number:
            patients = own.drop_duplicates(["dataset", "case_id", column])[column].dropna()
            values = _ranges(values, edges.get(column) or _edges(patients))
        parts.append(own.assign(column=column, group=values.fillna(NOT_STATED)).drop(columns=columns))
    if not parts:
        return frame.assign(column="", group="")[:0], left
    return pd.concat(parts, ignore_index=True), left


def _edges(values: pd.Series) -> list[float]:
    """Terciles, or nothing where a few numbers are groups of their own."""
    if values.nunique() <= _FEW:
        return []
    return sorted({float(f"{edge:.3g}") for edge in np.quantile(values, [1 / 3, 2 / 3])})


def _ranges(values: pd.Series, edges: Sequence[float]) -> pd.Series:
    """The range of each number in words; the lower end belongs to a range."""
    if not edges:
        return values.map(lambda value: f"{value:g}", na_action="ignore")
    between = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(edges)]
    words = np.array([f"below {edges[0]:g}", *between, f"{edges[-1]:g} and above"], dtype=object)
    return pd.Series(words[np.searchsorted(edges, values, side="right")], values.index).where(values.notna())


def order_of(groups: Sequence[str]) -> list[str]:
    """Groups of a column from the lowest range to the highest, words by the alphabet, what is not stated last."""

    def place(group: str) -> tuple[bool, float, str]:
        word, _, rest = group.partition(" ")
        try:
            number = float(rest) - 1e-9 if word == "below" else float(word)
        except ValueError:
            number = 0.0
        return group == NOT_STATED, number, group

    return sorted(groups, key=place)


def group_tables(rows: pd.DataFrame, resamples: int, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Means of each group with intervals, and the differences between all groups of a column.

    Percentile bootstrap: the patients of each group are drawn with replacement, by themselves, as many as there are; in
    a mean over tasks once for all tasks of their dataset. There is no interval with fewer than two patients in a group
    (at level `all`: of any dataset).

    Args:
        rows: see `read_groups`.
        resamples, seed: of the bootstrap.

    Returns:
        GROUPS and GROUP_DIFFERENCES without their last column.
    """
    means: list[dict[str, Any]] = []
    differences: list[dict[str, Any]] = []
    for column, of_column in rows.groupby("column", sort=True):
        cells: dict[tuple[Any, ...], dict[str, list[_Cell]]] = {}
        for (_, group), block in of_column.groupby(["dataset", "group"], sort=True):
            for setting, cell in _cells(block, resamples, seed, str(column)):
                cells.setdefault(setting, {}).setdefault(str(group), []).append(cell)
        for setting, groups in sorted(cells.items()):
            found, apart = _of_setting(groups)
            about = dict(zip(SETTING, setting, strict=True)) | {"column": column}
            means += [about | row for row in found]
            differences += [about | row for row in apart]
    return (
        _table(means, GROUPS, ["column", *SETTING, "group"]),
        _table(differences, GROUP_DIFFERENCES, ["column", *SETTING, "a", "b"]),
    )


def _table(rows: list[dict[str, Any]], table: Table, keys: list[str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=made(table)).astype({"n_tasks": "Int64"})
    return frame.sort_values(["level", "dataset", "task", *keys], key=_sorting_key, ignore_index=True)


def _sorting_key(column: pd.Series) -> pd.Series:
    if column.name in ("group", "a", "b"):
        return column.map({group: place for place, group in enumerate(order_of(list(column.unique())))})
    return column != "task" if column.name == "level" else column


class _Cell:
    """The objects of one task, group and setting.

    Attributes:
        drawn: (resamples,) means with patients drawn in this task.
        joint: the same with patients drawn for all tasks of the dataset.
    """

    def __init__(self, task: tuple[str, str], patients: set[str], total: float, count: float) -> None:
        self.dataset, self.task = task
        self.patients, self.mean, self.objects = patients, total / count, int(count)
        self.drawn = self.joint = np.empty(0)


def _cells(block: pd.DataFrame, resamples: int, seed: int, column: str) -> list[tuple[tuple[Any, ...], _Cell]]:
    """The cells of one dataset and group."""
    dataset, group = block[["dataset", "group"]].iloc[0]
    cases = sorted(block["case_id"].unique())
    shared = draw_patients(len(cases), resamples, generator(seed, "groups", dataset, column, group))
    found = []
    for task, of_task in block.groupby("task", sort=True):
        sums = of_task.groupby([*SETTING, "case_id"])["iou"].agg(["sum", "count"]).reset_index()
        settings = sums.groupby(SETTING).ngroup().to_numpy()
        here, places = np.unique(sums["case_id"].to_numpy(str), return_inverse=True)
        shape = (len(here), settings.max() + 1)
        total = patient_matrix(sums, places, settings, "sum", shape)
        count = patient_matrix(sums, places, settings, "count", shape)
        weights = draw_patients(len(here), resamples, generator(seed, "groups", dataset, column, group, task))
        drawn = resampled_means(total, count, weights)
        joint = resampled_means(total, count, shared[:, np.searchsorted(cases, here)])
        names = sums.drop_duplicates(SETTING)[SETTING].itertuples(index=False, name=None)
        for index, setting in enumerate(names):
            own = count[:, index] > 0
            cell = _Cell((str(dataset), str(task)), set(here[own]), total[:, index].sum(), count[:, index].sum())
            cell.drawn, cell.joint = drawn[:, index], joint[:, index]
            found.append((setting, cell))
    return found


def _of_setting(groups: Mapping[str, list[_Cell]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    means, differences = [], []
    for group, cells in groups.items():
        means += [_mean("task", [cell]) | {"group": group} for cell in cells]
        means.append(_mean("all", cells) | {"group": group})
    stated = [group for group in order_of(list(groups)) if group != NOT_STATED]
    for a, b in itertools.combinations(stated, 2):
        of_a, of_b = ({(cell.dataset, cell.task): cell for cell in groups[group]} for group in (a, b))
        both = [(of_a[task], of_b[task]) for task in of_a if task in of_b]
        about = {"a": a, "b": b}
        differences += [_difference("task", [pair]) | about for pair in both]
        differences += [_difference("all", both) | about] if both else []
    return means, differences


def _where(level: str, cells: Sequence[_Cell]) -> dict[str, Any]:
    one = level == "task"
    return {
        "level": level,
        "dataset": cells[0].dataset if one else "",
        "task": cells[0].task if one else "",
        "n_tasks": pd.NA if one else len(cells),
    }


def _patients(cells: Sequence[_Cell]) -> dict[str, set[str]]:
    """The patients of each dataset."""
    found: dict[str, set[str]] = {}
    for cell in cells:
        found.setdefault(cell.dataset, set()).update(cell.patients)
    return found


def _resampled(level: str, cells: Sequence[_Cell]) -> np.ndarray:
    """(resamples,): the mean over the tasks; NaN where a resample has a task in which nobody has a score."""
    return np.mean([cell.drawn if level == "task" else cell.joint for cell in cells], axis=0)


def _mean(level: str, cells: Sequence[_Cell]) -> dict[str, Any]:
    patients = _patients(cells)
    low, high = _ends(_resampled(level, cells), [patients])
    return _where(level, cells) | {
        "n_patients": sum(map(len, patients.values())),
        "n_objects": sum(cell.objects for cell in cells),
        "iou": float(np.mean([cell.mean for cell in cells])),
        "ci_low": low,
        "ci_high": high,
    }


def _ends(drawn: np.ndarray, patients: Sequence[Mapping[str, set[str]]]) -> tuple[float, float]:
    if any(len(names) < 2 for of_group in patients for names in of_group.values()):
        return np.nan, np.nan
    low, high = interval(drawn[:, None])
    return float(low[0]), float(high[0])


def _difference(level: str, pairs: Sequence[tuple[_Cell, _Cell]]) -> dict[str, Any]:
    of_a, of_b = [a for a, _ in pairs], [b for _, b in pairs]
    patients = [_patients(of_a), _patients(of_b)]
    low, high = _ends(_resampled(level, of_a) - _resampled(level, of_b), patients)
    n_a, n_b = (sum(map(len, one.values())) for one in patients)
    return _where(level, of_a) | {
        "n_a": n_a,
        "n_b": n_b,
        "difference": float(np.mean([a.mean - b.mean for a, b in pairs])),
        "ci_low": low,
        "ci_high": high,
        "note": "no interval: a group has one patient" if np.isnan(low) else "",
    }
