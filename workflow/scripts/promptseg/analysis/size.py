"""size.csv and size_correlation.csv: IoU against the size of the object."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from promptseg.analysis.bootstrap import draw_patients, interval
from promptseg.analysis.columns import (
    BIN_HIGH,
    BIN_LOW,
    CI_HIGH,
    CI_LOW,
    LEVEL,
    MEAN_IOU,
    N_PATIENTS,
    PROVENANCE,
    SPEARMAN,
    N,
    made,
)
from promptseg.core.columns import DATASET, SETTING, SETTING_COLUMNS
from promptseg.core.parquet import read_arrow
from promptseg.core.randomness import generator
from promptseg.core.tables import FLOAT, Column, Table

SIZE = Table(
    "size.csv",
    "IoU in half-decade bins of relative area. Level `all` pools the objects of all datasets.",
    [
        *(LEVEL, DATASET, *SETTING_COLUMNS),
        BIN_LOW.but(meaning="lower end of the bin of object pixels / image pixels"),
        BIN_HIGH,
        N.but(meaning="objects in the bin"),
        *(N_PATIENTS, MEAN_IOU, CI_LOW, CI_HIGH, PROVENANCE),
    ],
)
CORRELATION = Table(
    "size_correlation.csv",
    "Rank correlation of IoU and relative area.",
    [
        *(LEVEL, DATASET, *SETTING_COLUMNS),
        N.but(meaning="objects"),
        *(N_PATIENTS, SPEARMAN, CI_LOW, CI_HIGH),
        Column(
            "spearman_p",
            FLOAT,
            "p value as if objects of one patient were independent; prefer the interval",
            p_value=True,
        ),
        PROVENANCE,
    ],
)
PER_DECADE = 2  # bins


def read_sizes(scores: str | Path) -> pd.DataFrame:
    """Scored objects of the five modes and of the first and the last click, from `scores.parquet`.

    Returns:
        Columns dataset, case_id and SETTING (categories, step int), relative_area and iou (float64); a missing key is
        an empty string. Variants of protocols are left out.
    """
    last = pc.max(read_arrow(scores, columns=["step"])["step"]).as_py() or 0
    names = ["dataset", "case_id", *SETTING, "relative_area", "iou"]
    scored = (pc.field("status") == "ok") & pc.field("iou").is_valid() & pc.field("relative_area").is_valid()
    shown = pc.field("switch").is_null() & pc.field("step").isin([0, 1, last])
    table = read_arrow(scores, columns=names, filters=scored & shown)
    texts = [name for name in ("dataset", "case_id", *SETTING) if name != "step"]
    frame = table.to_pandas(categories=texts)
    for name in texts:
        frame[name] = frame[name].cat.set_categories(["", *(c for c in frame[name].cat.categories if c)]).fillna("")
    return frame


def bins_of(relative_area: np.ndarray) -> np.ndarray:
    """Bin of each relative area in (0, 1]: bin k holds 10^(k / PER_DECADE) up to below 10^((k + 1) / PER_DECADE).

    The last one, -1, holds 1 as well.
    """
    # Rounded, so that an area that is an edge is not put below it by the last bit of its logarithm.
    return np.minimum(np.floor(np.round(np.log10(relative_area) * PER_DECADE, 9)).astype(int), -1)


def rank_sums(ranks: np.ndarray, patients: np.ndarray, size: int) -> np.ndarray:
    """(patients, 6) float64: for each patient n and the sums of x, y, x², y², xy; x and y are the rows of `ranks`."""
    x, y = ranks
    values = [np.ones(len(x)), x, y, x * x, y * y, x * y]
    return np.column_stack([np.bincount(patients, weights=value, minlength=size) for value in values])


def correlations(totals: np.ndarray) -> np.ndarray:
    """Pearson's correlation from the six sums of `rank_sums` in the last axis; NaN where one of the two is constant."""
    n, x, y, xx, yy, xy = np.moveaxis(totals, -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = (n * xx - x * x) * (n * yy - y * y)
        return np.where(spread > 1e-9 * n**2, (n * xy - x * y) / np.sqrt(np.maximum(spread, 0)), np.nan)


def size_tables(rows: pd.DataFrame, resamples: int = 2000, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """IoU in bins of relative area (object pixels / image pixels), and its rank correlation with it.

    Rows of level `dataset` pool the tasks of a dataset, rows of level `all` the objects of all datasets (each object
    mask counts once). Bins are half decades. Intervals are 95 % percentile bootstraps over patients, drawn within each
    dataset; there is none with fewer than two patients, and at level `all` none if a dataset has only one in that row.
    Resamples of the correlation keep the ranks of the whole sample. `spearman_p` is scipy's and takes objects as
    independent, which those of one patient are not: prefer the interval.

    Args:
        rows: see `read_sizes`.
        resamples: number of resamples.
        seed: of the random numbers.

    Returns:
        SIZE and CORRELATION.
    """
    if rows.empty:
        return pd.DataFrame(columns=made(SIZE)), pd.DataFrame(columns=made(CORRELATION))
    rows = rows.assign(
        setting=rows.groupby(SETTING, observed=True).ngroup(),
        bin=bins_of(rows["relative_area"].to_numpy()),
    )
    settings = rows.drop_duplicates("setting").set_index("setting")[SETTING]
    rows["cell"] = rows.groupby(["setting", "bin"], sort=True).ngroup()
    cells = rows.drop_duplicates("cell").sort_values("cell")[["setting", "bin"]].reset_index(drop=True)
    pooled = _Pooled(len(cells))
    values = rows[["relative_area", "iou"]].to_numpy(float).T
    ranks = np.empty_like(values)  # within the pooled rows of a setting
    of_settings = rows.groupby("setting").indices
    for at in of_settings.values():
        ranks[:, at] = _centred_ranks(values[:, at])
    joint = {setting: (np.zeros((resamples, 6)), np.zeros(6), False) for setting in settings.index}
    binned, correlated = [], []
    for dataset, own in rows.reset_index(drop=True).groupby("dataset", sort=True, observed=True):
        cases, patients = np.unique(own["case_id"].astype(str).to_numpy(), return_inverse=True)
        weights = draw_patients(len(cases), resamples, generator(seed, "bootstrap", dataset))
        shape = (len(cases), len(cells))
        place = patients * len(cells) + own["cell"].to_numpy()
        count = np.bincount(place, minlength=np.prod(shape)).reshape(shape).astype(float)
        total = np.bincount(place, weights=own["iou"], minlength=np.prod(shape)).reshape(shape)
        drawn = weights @ total, weights @ count
        pooled.add(total, count, drawn)
        one = _Pooled(len(cells))
        one.add(total, count, drawn)
        binned.append(one.table(cells, settings).assign(level="dataset", dataset=dataset))
        for setting, here in own.groupby("setting").indices.items():
            at, of_patient = own.index.to_numpy()[here], patients[here]
            sums = rank_sums(_centred_ranks(values[:, at]), of_patient, len(cases))
            present = (sums[:, 0] > 0).sum()
            correlated.append(_correlation(values[:, at], weights @ sums, present, settings.loc[setting]))
            correlated[-1] |= {"level": "dataset", "dataset": dataset}
            before, known, too_few = joint[setting]
            shared = weights @ rank_sums(ranks[:, at], of_patient, len(cases))
            joint[setting] = (before + shared, known + (sums > 0).sum(axis=0), too_few or present < 2)
    for setting, at in of_settings.items():
        resampled, known, too_few = joint[setting]
        line = _correlation(values[:, at], resampled, 0 if too_few else 2, settings.loc[setting])
        correlated.append(line | {"level": "all", "dataset": "", "n_patients": int(known[0])})
    binned.append(pooled.table(cells, settings).assign(level="all", dataset=""))
    return (
        pd.concat(binned, ignore_index=True)[made(SIZE)],
        pd.DataFrame(correlated)[made(CORRELATION)],
    )


def _centred_ranks(values: np.ndarray) -> np.ndarray:
    """(2, n) float64: ranks of relative area and IoU, (2, n), from -1 to 1 about their mean."""
    from scipy import stats

    n = values.shape[1]
    return (stats.rankdata(values, axis=1) - (n + 1) / 2) * (2 / n)


def _correlation(values: np.ndarray, resampled: np.ndarray, patients: int, setting: pd.Series) -> dict[str, object]:
    from scipy import stats

    n = values.shape[1]
    varied = n > 2 and np.ptp(values, axis=1).all()
    rho, p = stats.spearmanr(*values) if varied else (np.nan, np.nan)
    low, high = interval(correlations(resampled)[:, None]) if varied and patients > 1 else ([np.nan], [np.nan])
    found = {"n": n, "n_patients": patients, "spearman": rho, "spearman_p": p}
    return setting.to_dict() | found | {"ci_low": low[0], "ci_high": high[0]}


class _Pooled:
    """Sums in each cell over datasets, of the sample and of its resamples."""

    def __init__(self, cells: int):
        self.total, self.count, self.patients = np.zeros((3, cells))
        self.drawn_total: np.ndarray | float = 0.0
        self.drawn_count: np.ndarray | float = 0.0
        self.too_few = np.zeros(cells, bool)

    def add(self, total: np.ndarray, count: np.ndarray, drawn: tuple[np.ndarray, np.ndarray]) -> None:
        patients = (count > 0).sum(axis=0)
        self.total, self.count = self.total + total.sum(axis=0), self.count + count.sum(axis=0)
        self.patients = self.patients + patients
        self.drawn_total, self.drawn_count = self.drawn_total + drawn[0], self.drawn_count + drawn[1]
        self.too_few |= patients == 1

    def table(self, cells: pd.DataFrame, settings: pd.DataFrame) -> pd.DataFrame:
        with np.errstate(invalid="ignore"):
            low, high = interval(np.asarray(self.drawn_total) / np.asarray(self.drawn_count))
            mean = self.total / self.count
        frame = (
            settings.loc[cells["setting"]]
            .reset_index(drop=True)
            .assign(
                bin_low=10.0 ** (cells["bin"] / PER_DECADE),
                bin_high=10.0 ** ((cells["bin"] + 1) / PER_DECADE),
                n=self.count.astype(int),
                n_patients=self.patients.astype(int),
                iou=mean,
                ci_low=np.where(self.too_few, np.nan, low),
                ci_high=np.where(self.too_few, np.nan, high),
            )
        )
        return frame[frame["n"] > 0]
