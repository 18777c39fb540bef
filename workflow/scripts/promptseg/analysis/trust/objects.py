"""The masks of a method in one setting, where they belong, and what resamples of their patients make of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients
from promptseg.analysis.trust.measures import starts_of
from promptseg.analysis.trust.tables import SETTING
from promptseg.core.randomness import generator
from promptseg.core.tables import read_table
from promptseg.score.tables import CONFIDENCES, TRUST

NAMES = [column.name for column in CONFIDENCES]
_COLUMNS = ["dataset", "task", "case_id", *SETTING, "iou", *NAMES]


@dataclass(frozen=True)
class Unit:
    """Masks that stand in one order: of a task, of a dataset, or of all.

    Attributes:
        level: `task`, `dataset` or `pooled`.
        at: (n,) int, their rows.
    """

    level: str
    dataset: str
    task: str
    at: np.ndarray


@dataclass(frozen=True)
class Masks:
    """The masks of a method in one setting.

    Attributes:
        setting: protocol, mode, step and selection.
        rows: columns dataset, task, iou and those of CONFIDENCES, NaN where a mask has none; index 0, 1, ...
        patients: (rows,) int, sorted: the number of each mask's patient, those of a dataset in succession.
    """

    setting: Mapping[str, Any]
    rows: pd.DataFrame
    patients: np.ndarray

    @cached_property
    def units(self) -> list[Unit]:
        """All tasks, all datasets, and everything."""
        tasks = self.rows.groupby(["dataset", "task"], sort=True, observed=True).indices
        datasets = self.rows.groupby("dataset", sort=True, observed=True).indices
        return [
            *(Unit("task", dataset, task, at) for (dataset, task), at in tasks.items()),
            *(Unit("dataset", name, "", at) for name, at in datasets.items()),
            Unit("pooled", "", "", np.arange(len(self.rows))),
        ]


@dataclass(frozen=True)
class Patients:
    """Resamples of the patients, drawn within each dataset; the same for all settings, confidences and tasks.

    Attributes:
        datasets: (patients,) int, the number of each patient's dataset.
        weights: (resamples, patients) how often each was drawn.
    """

    datasets: np.ndarray
    weights: np.ndarray

    @classmethod
    def draw(cls, rows: pd.DataFrame, resamples: int, seed: int) -> "Patients":
        """Resamples of the patients in columns dataset and case_id, in the order of these."""
        counts = rows.drop_duplicates(["dataset", "case_id"]).groupby("dataset", sort=True, observed=True).size()
        drawn = [draw_patients(count, resamples, generator(seed, "bootstrap", name)) for name, count in counts.items()]
        return cls(np.repeat(np.arange(len(counts)), counts), np.hstack(drawn))

    def count(self, patients: np.ndarray) -> tuple[int, bool]:
        """How many patients some masks have, and whether an interval would not claim too much: no dataset has one.

        Args:
            patients: (n,) int, of each mask, sorted.
        """
        present = np.bincount(self.datasets[patients[starts_of(patients)]])
        return int(present.sum()), bool((present[present > 0] > 1).all())

    def means(self, patients: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Means of values of masks in each resample.

        Args:
            patients: (n,) int, of each mask, sorted.
            values: (n, columns).

        Returns:
            (resamples, columns); NaN where a resample has none of these masks.
        """
        starts = starts_of(patients)
        first, last = patients[0], patients[-1] + 1
        totals = np.zeros((last - first, values.shape[1] + 1))
        totals[patients[starts] - first, :-1] = np.add.reduceat(values, starts, axis=0)
        totals[patients[starts] - first, -1] = np.diff(starts, append=len(patients))
        drawn = totals.T @ self.weights[:, first:last].T  # so that the resamples of a column lie side by side
        with np.errstate(invalid="ignore"):
            return (drawn[:-1] / drawn[-1]).T


def read_masks(files: Iterable[Path]) -> pd.DataFrame:
    """The rows of several files of score.tables.TRUST, by patient; protocol is empty where there is none."""
    rows = pd.concat([read_table(file, TRUST, _COLUMNS) for file in files], ignore_index=True)
    texts = ["dataset", "task", "case_id", "protocol", "mode", "selection"]
    rows = rows.assign(protocol=rows["protocol"].fillna("")).sort_values(["dataset", "case_id"], kind="stable")
    return rows.astype(dict.fromkeys(texts, "category")).reset_index(drop=True)


def masks_of(rows: pd.DataFrame) -> Iterator[Masks]:
    """The rows of each setting, of one method.

    Args:
        rows: see `read_masks`.
    """
    numbers = rows.groupby(["dataset", "case_id"], sort=True, observed=True).ngroup().to_numpy()
    for names, at in rows.groupby(SETTING, sort=True, observed=True).indices.items():
        yield Masks(dict(zip(SETTING, names, strict=True)), rows.iloc[at].reset_index(drop=True), numbers[at])
