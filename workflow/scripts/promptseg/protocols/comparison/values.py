"""The summaries of a method under a preset, with what they are in resamples of the patients."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from promptseg.analysis import bootstrap
from promptseg.analysis.bootstrap import draw_patients
from promptseg.core.randomness import generator
from promptseg.protocols.averaging import WITHIN, dataset_means, mean, units
from promptseg.protocols.summaries import higher_is_better

Key = tuple[str, str, str]  # preset, variant, on
Place = tuple[str, str]  # level and dataset


@dataclass(frozen=True)
class Draws:
    """The patients of each dataset, and how often each is drawn in every resample: for all presets and methods alike.

    Attributes:
        cases: sorted patients by dataset.
        weights: (resamples, patients) by dataset.
    """

    cases: Mapping[str, np.ndarray]
    weights: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, rows: pd.DataFrame, resamples: int, seed: int) -> "Draws":
        """Of all rows of PROTOCOL_SCORES of a run."""
        cases = {name: np.unique(own.astype(str)) for name, own in rows.groupby("dataset", sort=True)["case_id"]}
        weights = {
            name: draw_patients(len(own), resamples, generator(seed, "bootstrap", "protocols", name))
            for name, own in cases.items()
        }
        return cls(cases, weights)


@dataclass(frozen=True)
class Values:
    """One method under one preset or variant.

    Attributes:
        declaration: of it.
        units: see `averaging.units`.
        n_failed: objects that were not answered at some step, by dataset.
    """

    key: Key
    method: str
    declaration: Mapping[str, Any]
    units: pd.DataFrame
    n_failed: Mapping[str, int]
    draws: Draws

    @classmethod
    def of(cls, rows: pd.DataFrame, key: Key, method: str, declaration: Mapping[str, Any], draws: Draws) -> "Values":
        """From the rows of PROTOCOL_SCORES of a method under a preset; those without an answer are not averaged."""
        good = rows[rows["status"] == "ok"]
        asked = rows[~rows["status"].str.startswith("not_applicable")]
        lost = asked[(asked["status"] != "ok") | asked["failed"].notna()]
        failed = lost.groupby("dataset")["object_id"].nunique().to_dict()
        return cls(key, method, declaration, units(good, declaration) if len(good) else good, failed, draws)

    @property
    def names(self) -> list[str]:
        """Of the summaries; the first decides."""
        return [summary["name"] for summary in self.declaration["summaries"]]

    @property
    def signs(self) -> np.ndarray:
        """(summaries,) 1 where higher is better, else -1."""
        return np.array([1 if higher_is_better(summary) else -1 for summary in self.declaration["summaries"]])

    @property
    def datasets(self) -> list[str]:
        """Those with something to average."""
        return sorted(self.units["dataset"].unique()) if len(self.units) else []

    def of_dataset(self, dataset: str) -> pd.DataFrame:
        """The units of a dataset."""
        return self.units[self.units["dataset"] == dataset]

    @cached_property
    def means(self) -> dict[Place, np.ndarray]:
        """(summaries,) values of each dataset and of all."""
        found = {
            ("dataset", name): dataset_means(self.of_dataset(name), self.names, self.declaration).to_numpy(float)
            for name in self.datasets
        }
        return found | _over_all(found)

    @cached_property
    def resampled(self) -> dict[Place, np.ndarray]:
        """(resamples, summaries) of each place that has at least two patients, in each of its datasets."""
        found = {
            ("dataset", name): self._resampled(self.of_dataset(name), name)
            for name in self.datasets
            if self.of_dataset(name)["case_id"].nunique() > 1
        }
        return found | (_over_all(found) if len(found) == len(self.datasets) else {})

    def _resampled(self, rows: pd.DataFrame, dataset: str) -> np.ndarray:
        parts = [part for _, part in rows.groupby("task")] if "tasks" in self.declaration["averaging"] else [rows]
        spread = (
            self.declaration["conditions"]["unknown"] == "spread" and self.declaration["averaging"][0] not in WITHIN
        )
        return _mean([self._ratio(part, dataset, spread) for part in parts])

    def _ratio(self, rows: pd.DataFrame, dataset: str, spread: bool) -> np.ndarray:
        """Every mean is the quotient of two sums over patients."""
        cases, weights = self.draws.cases[dataset], self.draws.weights[dataset]
        values, own = rows[self.names].to_numpy(float), rows["weight"].to_numpy(float)[:, None]
        at = np.searchsorted(cases, rows["case_id"].astype(str).to_numpy())
        known = ~np.isnan(values)
        totals, counts = (np.zeros((len(cases), len(self.names))) for _ in range(2))
        np.add.at(totals, at, np.where(known, values, 0.0) * own)
        np.add.at(counts, at, known * own)
        with np.errstate(invalid="ignore"):
            found = (weights @ totals) / (weights @ counts)
        return np.where(known.all(axis=0), found, np.nan) if spread else found


def _mean(values: Sequence[np.ndarray]) -> np.ndarray:
    """Mean of arrays without NaN; NaN where nothing is left."""
    return mean(np.array(values), np.ones(len(values)), False)


def _over_all(found: Mapping[Place, np.ndarray]) -> dict[Place, np.ndarray]:
    return {("all", ""): _mean(list(found.values()))} if found else {}


def interval(resampled: np.ndarray | None, size: int) -> tuple[np.ndarray, np.ndarray]:
    """(size,) ends of the 95 % percentile interval of (resamples, size); NaN where there is none."""
    if resampled is None or not size:
        return np.full(size, np.nan), np.full(size, np.nan)
    return bootstrap.interval(resampled)


def places(of_key: Sequence[Values]) -> list[Place]:
    """All datasets of the methods together, then each in order."""
    names = sorted({name for values in of_key for name in values.datasets})
    return ([("all", "")] if names else []) + [("dataset", name) for name in names]


def comparable(of_key: Sequence[Values], place: Place) -> np.ndarray:
    """(methods, summaries) bool: which have a value in every dataset of a place where another one has one."""
    datasets = [one for one in places(of_key) if one[0] == "dataset" and place in (("all", ""), one)]
    nothing = np.full(len(of_key[0].names), np.nan)
    known = ~np.isnan([[one.means.get(dataset, nothing) for one in of_key] for dataset in datasets])
    return np.asarray((known | ~known.any(axis=1, keepdims=True)).all(axis=0) & known.any(axis=0))


def ranks(of_key: Sequence[Values], place: Place, rivals: Sequence[str]) -> dict[str, np.ndarray]:
    """(summaries,) ranks by method, 1 the best; of rivals that have a value in all datasets of the place."""
    ranked = [one for one in of_key if one.method in rivals and place in one.means]
    if not ranked:
        return {}
    table = np.array([-one.signs * one.means[place] for one in ranked])
    found, known = np.full(table.shape, np.nan), comparable(ranked, place)
    for column, has in enumerate(known.T):
        found[has, column] = rankdata(table[has, column])
    return {one.method: found[index] for index, one in enumerate(ranked)}


def by_key(values: Sequence[Values]) -> Iterator[tuple[Key, list[Values]]]:
    """All methods under each preset and variant, in the order given."""
    for key in dict.fromkeys(one.key for one in values):
        yield key, [one for one in values if one.key == key]
