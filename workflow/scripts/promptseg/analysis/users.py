"""users.csv: the scores of the prompts of each user beside those of the ideal one, and of every other user."""

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients, interval
from promptseg.analysis.columns import LEVEL, N_OBJECTS, N_PATIENTS, N_TASKS, NOTE, PROVENANCE, ends, made
from promptseg.core.columns import DATASET, IOU, SETTING, SETTING_COLUMNS, TASK
from promptseg.core.randomness import generator
from promptseg.core.tables import INTEGER, STRING, Column, Table, read_table
from promptseg.core.vocabulary import ALL_MODES, EVERYTHING, ITERATIVE
from promptseg.score.tables import SCORES, SCORES_OF_USER

_IOU, _AGAINST = IOU.but(meaning="mean IoU of the user"), IOU.but(name="against_iou", meaning="that of the other user")
_DIFFERENCE = IOU.but(name="difference", meaning="other user - user: what is lost where the other one is `ideal`")
USERS = Table(
    "users.csv",
    "Users in pairs, on the objects that both have a score for: means of each object over its annotators, then over "
    "objects (level `task`) and over tasks (`all`). Intervals resample patients and annotators.",
    [
        LEVEL.but(meaning="`task`: one task; `all`: the mean over tasks"),
        *(DATASET, TASK, *SETTING_COLUMNS),
        Column("user", STRING, "whose prompts they are, as in `users`"),
        Column("against", STRING, "the other user: `ideal`, or one further down in `prompts.users`"),
        *(N_TASKS, N_OBJECTS.but(meaning="objects that both users have a score for"), N_PATIENTS),
        Column("n_annotators", INTEGER, "annotators of the user with a score among these"),
        Column("n_left_out", INTEGER, "objects that the other user has a score for, and the user none"),
        *(_IOU, *ends(_IOU), _AGAINST, *ends(_AGAINST), _DIFFERENCE, *ends(_DIFFERENCE)),
        *(NOTE, PROVENANCE),
    ],
)
ONE_PATIENT = "no interval: one patient"
ONE_ANNOTATOR = "one annotator: the interval is over patients alone"
_VALUES = ("iou", "against_iou", "difference")


def two_way(
    first: np.ndarray,
    second: np.ndarray,
    patients: np.ndarray,
    weights: Sequence[np.ndarray],
) -> np.ndarray:
    """Means over objects of their means over annotators, and the same when patients and annotators are drawn again.

    A resample draws as many patients as there are and, independently, as many annotators of each user, all with
    replacement, as the pigeonhole bootstrap does (Owen 2007, Annals of Applied Statistics 1:386). An object counts as
    often as its patient was drawn, with the mean over its annotators, each as often as drawn; where none of them was,
    the object does not count. Only objects that both users have a value for do.

    Args:
        first, second: (objects, annotators, settings) of each user, NaN where there is no value.
        patients: (objects,) int, from 0.
        weights: how often each was drawn: (resamples, patients) and for each user (resamples, annotators).

    Returns:
        (3, 1 + resamples, settings) float64: mean of the first user, of the second, second - first; what was observed,
        then each resample. NaN where no object counts.
    """
    known = [~np.isnan(first), ~np.isnan(second)]
    both = known[0].any(axis=1) & known[1].any(axis=1)
    joined = [np.concatenate([np.ones((1, drawn.shape[1])), drawn]) for drawn in weights]
    sums = np.zeros((2, len(joined[0]), first.shape[2]))
    counts = np.zeros(sums.shape[1:])
    # Cells with the same annotators are added up before they are weighted: as a rule that is all of them.
    patterns = np.concatenate([one.transpose(0, 2, 1) for one in known], axis=2)[both]
    distinct, which = np.unique(patterns, axis=0, return_inverse=True)
    places = np.argwhere(both)
    for number, pattern in enumerate(distinct):
        objects, settings = places[which.ravel() == number].T
        chosen = pattern[: first.shape[1]], pattern[first.shape[1] :]
        totals = [joined[1 + index][:, one].sum(axis=1) for index, one in enumerate(chosen)]
        possible = (totals[0] > 0) & (totals[1] > 0)
        # Where annotators shared the work there are many patterns, each of few patients and settings.
        involved, row = np.unique(patients[objects], return_inverse=True)
        columns, column = np.unique(settings, return_inverse=True)
        drawn = joined[0][:, involved]
        here = slice(None) if len(columns) == first.shape[2] else columns  # a view, as a rule
        counts[:, here] += possible[:, None] * (drawn @ _added(np.ones(len(objects)), row, column))
        for index, (values, one) in enumerate(zip((first, second), chosen, strict=True)):
            who = np.flatnonzero(one)
            share = np.where(possible, joined[1 + index][:, who].T / np.maximum(totals[index], 1), 0).T
            weight = (drawn[:, :, None] * share[:, None]).reshape(len(drawn), -1)
            cells = [_added(values[objects, annotator, settings], row, column) for annotator in who]
            sums[index][:, here] += weight @ np.stack(cells, axis=1).reshape(-1, len(columns))
    with np.errstate(invalid="ignore"):
        found = sums / counts
    return np.concatenate([found, found[1:] - found[:1]])


def _added(values: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """(rows, columns) float64: the sum of the values that belong to each place."""
    found = np.zeros((row.max() + 1, column.max() + 1))
    np.add.at(found, (row, column), values)
    return found


def read_users(scores: Mapping[str, Sequence[str | Path]]) -> pd.DataFrame:
    """Scores of all users, from the files of each: columns user, annotator, dataset, task, case_id, object_id, SETTING
    and iou. Variants of protocols and the mode without prompts are left out."""
    parts = []
    for user, paths in scores.items():
        table = SCORES_OF_USER if user != next(iter(scores)) else SCORES
        own = ["annotator"] if table is SCORES_OF_USER else []
        columns = ["dataset", "task", "case_id", "object_id", *SETTING, "switch", "iou", "status", *own]
        for path in paths:
            rows = read_table(path, table, columns, [("status", "=", "ok"), ("mode", "!=", EVERYTHING)])
            rows = rows[rows["switch"].isna()].drop(columns=["switch", "status"])
            parts.append(rows.assign(user=user, annotator=rows["annotator"] if own else ""))
    frame = pd.concat(parts, ignore_index=True)
    return frame.assign(protocol=frame["protocol"].fillna(""), step=frame["step"].astype(int))


def shown_rows(table: pd.DataFrame, methods: Collection[str], protocol: str, ideal: str) -> pd.DataFrame:
    """What figure and page show of USERS: against the ideal user, first mask, mean over tasks; a few settings.

    These are one point, a box for each component (of a run without such boxes one around the object) and clicks of one
    protocol: one, and the most that every user gave.

    Args:
        methods: those that are shown, in their order; controls are left out by whoever calls.
        protocol: whose clicks.
        ideal: name of the ideal user.
    """
    rows = table[(table["level"] == "all") & (table["against"] == ideal) & (table["selection"] == "first")]
    rows = rows[rows["method"].isin(methods)]
    clicked = rows[(rows["mode"] == ITERATIVE) & (rows["protocol"] == protocol)]
    steps = {1, clicked.groupby("user")["step"].max().min()} if len(clicked) else set()
    box = "mode4" if (rows["mode"] == "mode4").any() else "mode5"
    shown = pd.concat([rows[rows["mode"].isin(["mode1", box])], clicked[clicked["step"].isin(steps)]])
    place = {name: index for index, name in enumerate(methods)}
    order = {"method": place, "mode": {mode: index for index, mode in enumerate(ALL_MODES)}}
    return shown.sort_values(
        ["mode", "step", "method"], key=lambda c: c.map(order[c.name]) if c.name in order else c, kind="stable"
    )


def users_table(rows: pd.DataFrame, users: Sequence[str], resamples: int, seed: int) -> pd.DataFrame:
    """USERS without provenance.

    Args:
        rows: see `read_users`.
        users: in the order of the run, the ideal one first.
        resamples, seed: of the intervals. Patients are drawn within each dataset, annotators of each user over all; the
            same draws serve every row.
    """
    found: list[pd.DataFrame] = []
    for against, user in itertools.combinations(users, 2):
        pair = {name: rows[rows["user"] == name] for name in (user, against)}
        settings = pair[user][SETTING].drop_duplicates().merge(pair[against][SETTING].drop_duplicates())
        settings = settings.sort_values(SETTING, ignore_index=True)
        if len(settings):
            found += _pair(pair, settings, resamples, seed)
    if not found:
        return pd.DataFrame(columns=made(USERS))
    frame = pd.concat(found, ignore_index=True)
    order = {name: place for place, name in enumerate(users)}
    frame = frame.sort_values(
        ["level", "dataset", "task", *SETTING, "against", "user"],
        key=lambda c: c.map(order) if c.name in ("user", "against") else c,
        ignore_index=True,
    )
    return frame.astype({"n_tasks": "Int64"})[made(USERS)]


def _pair(pair: Mapping[str, pd.DataFrame], settings: pd.DataFrame, resamples: int, seed: int) -> list[pd.DataFrame]:
    """Rows of one user against another, of each task and of all."""
    user, against = pair
    names = [sorted(rows["annotator"].unique()) for rows in pair.values()]
    annotators = [
        draw_patients(len(own), resamples, generator(seed, "users", name))
        for name, own in zip(pair, names, strict=True)
    ]
    total, known = np.zeros((2, 3, 1 + resamples, len(settings)))
    pooled = _Counts.none(len(names[0]), len(settings))
    found = []
    for dataset, own in pair[user].groupby("dataset", sort=True):
        cases = sorted(own["case_id"].unique())
        patients = draw_patients(len(cases), resamples, generator(seed, "users", dataset))
        for task, rows in own.groupby("task", sort=True):
            other = pair[against]
            other = other[(other["dataset"] == dataset) & (other["task"] == task)]
            block = _Block.of((rows, other), names, settings, cases)
            values = two_way(block.first, block.second, block.patients, (patients, *annotators))
            counts = _Counts.of(block, str(dataset))
            found.append(_lines(values, counts, settings).assign(level="task", dataset=dataset, task=task))
            total, known = total + np.nan_to_num(values), known + ~np.isnan(values)
            pooled = pooled.plus(counts)
    with np.errstate(invalid="ignore"):
        means = total / known
    found.append(_lines(means, pooled, settings).assign(level="all", dataset="", task="", n_tasks=known[0, 0]))
    return [frame[frame["n_objects"] > 0].assign(user=user, against=against) for frame in found]


class _Block(NamedTuple):
    """The values of two users on the objects of a task that either has, see `two_way`."""

    first: np.ndarray
    second: np.ndarray
    patients: np.ndarray

    @classmethod
    def of(
        cls,
        pair: tuple[pd.DataFrame, pd.DataFrame],
        names: Sequence[Sequence[str]],
        settings: pd.DataFrame,
        cases: Sequence[str],
    ) -> "_Block":
        """From the rows of both; an object of a patient that the first user lacks counts nowhere but as left out."""
        objects = pd.concat(pair).drop_duplicates("object_id").set_index("object_id")["case_id"].sort_index()
        arrays = []
        for rows, annotators in zip(pair, names, strict=True):
            placed = rows.merge(settings.assign(column=range(len(settings))), on=SETTING)
            array = np.full((len(objects), len(annotators), len(settings)), np.nan)
            axes = (objects.index, placed["object_id"]), (pd.Index(annotators), placed["annotator"])
            array[*(index.get_indexer(one) for index, one in axes), placed["column"]] = placed["iou"]
            arrays.append(array)
        return cls(arrays[0], arrays[1], pd.Index(cases).get_indexer(objects).clip(0))


@dataclass(frozen=True)
class _Counts:
    """What stands behind means of some settings: numbers of objects, and who among patients and annotators."""

    objects: np.ndarray
    left_out: np.ndarray
    annotators: np.ndarray
    patients: Mapping[str, np.ndarray]

    @classmethod
    def none(cls, annotators: int, settings: int) -> "_Counts":
        nobody = np.zeros(settings, int)
        return cls(nobody, nobody, np.zeros((annotators, settings), bool), {})

    @classmethod
    def of(cls, block: _Block, dataset: str) -> "_Counts":
        known = ~np.isnan(block.first)
        theirs = ~np.isnan(block.second).all(axis=1)
        both = known.any(axis=1) & theirs
        patients = np.zeros((block.patients.max() + 1, both.shape[1]), bool)
        np.logical_or.at(patients, block.patients, both)
        who = (known & both[:, None]).any(axis=0)
        return cls(both.sum(axis=0), (theirs & ~both).sum(axis=0), who, {dataset: patients})

    def plus(self, other: "_Counts") -> "_Counts":
        patients = dict(self.patients)
        for dataset, of_dataset in other.patients.items():
            before = patients.get(dataset, of_dataset)
            longer, shorter = sorted((before, of_dataset), key=len, reverse=True)
            patients[dataset] = longer | np.pad(shorter, ((0, len(longer) - len(shorter)), (0, 0)))
        who = self.annotators | other.annotators
        return _Counts(self.objects + other.objects, self.left_out + other.left_out, who, patients)


def _lines(values: np.ndarray, counts: _Counts, settings: pd.DataFrame) -> pd.DataFrame:
    """A row of USERS for each setting, without what names the task."""
    patients = np.array([of_dataset.sum(axis=0) for of_dataset in counts.patients.values()])
    alone = (patients == 1).any(axis=0)  # as in other tables, one patient of a dataset gives no interval
    annotators = counts.annotators.sum(axis=0)
    lines = settings.assign(n_tasks=None, n_objects=counts.objects, n_left_out=counts.left_out)
    lines = lines.assign(n_patients=patients.sum(axis=0), n_annotators=annotators)
    for name, (observed, *drawn) in zip(_VALUES, values, strict=True):
        low, high = interval(np.array(drawn))
        lines[name] = observed
        lines[f"{name}_ci_low"], lines[f"{name}_ci_high"] = np.where(alone, np.nan, (low, high))
    lines["note"] = np.select([alone, annotators == 1], [ONE_PATIENT, ONE_ANNOTATOR], "")
    return lines
