"""equivalence.csv: whether a method is still the one that it should equal, as `same_as` of its entry says."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.columns import (
    BACKEND,
    DEVICE,
    LEVEL,
    N_PATIENTS,
    N_TASKS,
    NOTE,
    PRECISION,
    PROVENANCE,
    N,
    ends,
    made,
)
from promptseg.analysis.objects import patient_means, sums_of_objects
from promptseg.analysis.pairs import FEWEST
from promptseg.analysis.throughput import THROUGHPUT
from promptseg.core.columns import DATASET, IOU, METHOD, MODE, PROTOCOL, SELECTION, TASK
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table, read_csv, read_table
from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, NOT_RECORDED, SINGLE_MODES
from promptseg.score.tables import SCORES

MARGIN = 0.01  # of the mean IoU
EQUIVALENT, DIFFERENT, UNDECIDED = "equivalent", "different", "undecided"  # the verdicts
_DIFFERENCE = Column("difference", FLOAT, "mean of method - other, IoU of the same object and prompt")
_SECONDS = Column("seconds_per_image", FLOAT, "time of the method in encoder and for all prompts, per image", "s")
_MEMORY = Column("peak_memory_mb", FLOAT, "largest memory of the process, over datasets the largest", "MB")
_GPU = Column("peak_gpu_memory_mb", FLOAT, "largest memory on the GPU", "MB")


def _other(column: Column) -> Column:
    return column.but(name=f"against_{column.name}", meaning="the same of the other method")


EQUIVALENCE = Table(
    "equivalence.csv",
    "Methods beside the one that each should equal (`same_as`), on the same objects and prompts: all modes with one "
    "prompt, and the first click. Later clicks differ, since they follow the masks. Where one of the two failed, its "
    "IoU is 0.",
    [
        LEVEL.but(meaning="`task`: mean over the masks of one task; `all`: mean over the tasks"),
        *(DATASET, TASK, METHOD),
        Column("against", STRING, "the method that it should equal"),
        *(MODE.but(meaning="as in scores.parquet, `iterative` for the first click; empty: all together"), PROTOCOL),
        SELECTION,
        *(N_TASKS, N.but(meaning="masks of each that were compared"), N_PATIENTS),
        Column("n_failed", INTEGER, "prompts of these that the method failed to answer, and the other did not"),
        Column("against_n_failed", INTEGER, "prompts of these that the other failed to answer, and the method did not"),
        IOU.but(meaning="mean IoU of the method"),
        _other(IOU),
        *(_DIFFERENCE, *ends(_DIFFERENCE)),
        Column("largest_difference", FLOAT, "largest difference of a single mask, without its sign"),
        Column("margin", FLOAT, "differences below it do not matter"),
        Column("verdict", STRING, "`equivalent` within the margin, `different`, or `undecided`, see docs/backends.md"),
        NOTE.but(meaning="why, where the interval does not say it"),
        *(DEVICE.but(meaning="cpu or cuda; where mode is empty, as all columns that follow"), _other(DEVICE)),
        *(PRECISION, _other(PRECISION), BACKEND, _other(BACKEND), _SECONDS, _other(_SECONDS)),
        Column("times_as_fast", FLOAT, "seconds of the other / seconds of the method"),
        *(_MEMORY, _other(_MEMORY), _GPU, _other(_GPU)),
        PROVENANCE,
    ],
)
_SETTING = ["method", "against", "mode", "protocol", "selection"]
_KEYS = ["dataset", "task", "case_id", "object_id", "mode", "protocol", "selection"]
_WORK = ["images", "encode_seconds", "decode_seconds"]
_VALUES = ["iou", "against_iou", "difference"]


def compared(method: Path, against: Path) -> pd.DataFrame:
    """Masks of two methods for the same objects and prompts, from their scores on one dataset.

    Of prompts that one of the two does not take, and of selections that it does not make, there is no row.

    Args:
        method, against: files of score.tables.SCORES.

    Returns:
        dataset, task, case_id, object_id, mode, protocol (empty where there is none), selection; iou, against_iou,
        difference; failed and against_failed (bool): of a prompt that one of them failed to answer its IoU is 0.
    """
    parts = []
    for path in (method, against):
        wanted = [("mode", "in", [*SINGLE_MODES, ITERATIVE, AUTOMATIC]), ("step", "<=", 1)]
        rows = read_table(path, SCORES, [*_KEYS, "switch", "iou", "status"], wanted)
        rows = rows[rows["switch"].isna() & ~rows["status"].isin(["not_applicable", NOT_RECORDED])]
        failed = rows["status"] != "ok"
        rows = rows.assign(protocol=rows["protocol"].fillna(""), failed=failed, iou=rows["iou"].mask(failed, 0.0))
        unselected = failed & rows["mode"].isin(SINGLE_MODES)  # one row, whatever is selected of other prompts
        others = [name for name in rows.loc[~failed, "selection"].unique() if name != "first"]
        rows = pd.concat([rows, *(rows[unselected].assign(selection=name) for name in others)])
        parts.append(rows[[*_KEYS, "iou", "failed"]])
    own, other = parts
    both = own.merge(other.rename(columns={"iou": "against_iou", "failed": "against_failed"}), on=_KEYS)
    both = both[~(both["failed"] & both["against_failed"])]
    return both.assign(difference=both["iou"] - both["against_iou"])


def equivalence(
    scores: Iterable[tuple[str, str, Path, Path]], throughput: Path, resamples: int, seed: int
) -> pd.DataFrame:
    """EQUIVALENCE without provenance; intervals as `bootstrap.bootstrap_means` draws them, over patients.

    Args:
        scores: method, the one that it should equal, and the scores of both, of each pair and dataset.
        throughput: throughput.csv.
        resamples, seed: of the intervals.
    """
    sums, singles = [], []
    for method, against, *files in scores:
        rows = compared(*files)
        rows = pd.concat([rows, rows.assign(mode="", protocol="")]).assign(method=method, against=against)
        if len(rows):
            sums.append(sums_of_objects(rows, _VALUES, _SETTING))
            size = rows["difference"].abs()
            singles.append(rows[["dataset", "task", *_SETTING, "failed", "against_failed"]].assign(largest=size))
    if not sums:
        return pd.DataFrame(columns=made(EQUIVALENCE))
    table = patient_means(pd.concat(sums, ignore_index=True), _VALUES, _SETTING, resamples, seed)
    table = table.merge(_counted(pd.concat(singles)), on=["dataset", "task", *_SETTING])
    verdicts, notes = judged(table)
    table = table.assign(margin=MARGIN, verdict=verdicts, note=notes)
    pooled = table["mode"] == ""
    speeds = speed(table[pooled], read_csv(throughput, THROUGHPUT))
    return table.join(speeds.set_axis(table.index[pooled]))[made(EQUIVALENCE)]


def _counted(singles: pd.DataFrame) -> pd.DataFrame:
    """Failures and the largest difference by dataset, task and setting, dataset and task empty for all of a setting."""
    keys = ["dataset", "task", *_SETTING]
    by = pd.concat([singles, singles.assign(dataset="", task="")]).groupby(keys)
    found = by[["failed", "against_failed"]].sum().join(by["largest"].max()).reset_index()
    return found.rename(
        columns={"failed": "n_failed", "against_failed": "against_n_failed", "largest": "largest_difference"}
    )


def judged(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Verdict and note of each row.

    `different` where the interval of the mean difference lies wholly beyond the margin, `equivalent` where it lies
    within, else `undecided`. Of fewer than FEWEST patients an interval is too narrow, and of one there is none: then
    `different` where the mean itself lies beyond the margin, because sameness is what has to be shown, else
    `undecided`. And `equivalent` where no single mask differs by more than the margin, which needs no interval.

    Args:
        table: difference and its interval, largest_difference, n_patients.
    """
    low, high, largest = (table[name] for name in ("difference_ci_low", "difference_ci_high", "largest_difference"))
    few = low.isna() | (table["n_patients"] < FEWEST)
    beyond = (low > MARGIN) | (high < -MARGIN) | (few & (table["difference"].abs() > MARGIN))
    close, within = largest <= MARGIN, ~few & (low > -MARGIN) & (high < MARGIN)
    verdicts = np.select([beyond, close | within], [DIFFERENT, EQUIVALENT], UNDECIDED)
    texts = [
        "few patients: it is so on these images",
        "",
        f"no single mask differs by more than {MARGIN}",
        f"too few patients: {FEWEST} are needed, and two of each dataset",
    ]
    wide = "the interval reaches beyond the margin: more patients would tell"
    return verdicts, np.select([beyond & few, beyond | within, close, few], texts, wide)


def speed(rows: pd.DataFrame, throughput: pd.DataFrame) -> pd.DataFrame:
    """The columns of speed and memory of rows of EQUIVALENCE: those of their dataset, or of all that both answered.

    Args:
        rows: method, against, dataset (empty: all).
        throughput: see `throughput.THROUGHPUT`.
    """
    measured = throughput.dropna(subset=_WORK)
    known = {name: own.set_index("dataset") for name, own in measured.groupby("method")}
    none = measured[:0].set_index("dataset")
    found = []
    for method, against, dataset in rows[["method", "against", "dataset"]].itertuples(index=False):
        own, other = (known.get(name, none) for name in (method, against))
        shared = own.index.intersection(other.index)
        shared = shared[shared == dataset] if dataset else shared
        found.append(_measured(own.loc[shared]) | _prefixed(_measured(other.loc[shared])))
    frame = pd.DataFrame(found)
    return frame.assign(times_as_fast=frame["against_seconds_per_image"] / frame["seconds_per_image"])


def _measured(rows: pd.DataFrame) -> dict[str, object]:
    images = float(rows["images"].sum())
    seconds = float(rows["encode_seconds"].sum() + rows["decode_seconds"].sum())
    words = {name: ", ".join(dict.fromkeys(rows[name])) for name in ("device", "precision", "backend")}
    peaks = {name: rows[name].max() for name in ("peak_memory_mb", "peak_gpu_memory_mb")}
    return {**words, "seconds_per_image": seconds / images if images else np.nan, **peaks}


def _prefixed(values: Mapping[str, object]) -> dict[str, object]:
    return {f"against_{name}": value for name, value in values.items()}
