"""trust_thresholds.csv: what is left if masks below a confidence are thrown away, and how good it is."""

import numpy as np

from promptseg.analysis.bootstrap import interval
from promptseg.analysis.trust.measures import starts_of
from promptseg.analysis.trust.objects import NAMES, Masks, Patients
from promptseg.analysis.trust.tabulate import Lines

# 0.88 and 0.95 are those of predicted IoU and stability in SAM's generator of masks.
THRESHOLDS = np.array(sorted([*np.arange(5, 105, 5), 88, 98])) / 100


def threshold_lines(masks: Masks, patients: Patients) -> Lines:
    """Rows of TRUST_THRESHOLDS, of one setting of a method: from the highest threshold that keeps all masks on.

    All masks of a dataset, or of the run, meet the same threshold. The intervals are those of ratios: how many masks
    are kept differs between resamples.
    """
    found: Lines = []
    for name in NAMES:
        confidence = masks.rows[name].to_numpy(float)
        for unit in masks.units:
            at = unit.at[~np.isnan(confidence[unit.at])]
            if unit.level != "task" and len(at):
                about = dict(masks.setting) | {"level": unit.level, "dataset": unit.dataset, "task": ""}
                found += [about | {"confidence": name} | line for line in _lines(masks, patients, name, at)]
    return found


def _lines(masks: Masks, patients: Patients, name: str, at: np.ndarray) -> Lines:
    iou, confidence = (masks.rows[column].to_numpy(float)[at] for column in ("iou", name))
    here = masks.patients[at]
    # Rounded, because 0.9 in single precision is a little less than 0.9.
    kept = np.round(confidence, 6)[:, None] >= THRESHOLDS
    shown = np.flatnonzero(kept.any(axis=0))
    shown = shown[max(0, int(kept.all(axis=0).sum()) - 1) :]
    kept = kept[:, shown].astype(float)
    parts = np.hstack([kept, kept * iou[:, None], kept * (iou < 0.5)[:, None]])
    values, drawn = _measured(parts.mean(axis=0)), _measured(patients.means(here, parts))
    n_patients = (np.add.reduceat(kept, starts_of(here), axis=0) > 0).sum(axis=0)
    several = patients.count(here)[1] & (n_patients > 1)
    about = zip(THRESHOLDS[shown].tolist(), kept.sum(axis=0).astype(int).tolist(), n_patients.tolist(), strict=True)
    lines: Lines = [dict(zip(("threshold", "n", "n_patients"), numbers, strict=True)) for numbers in about]
    for column, numbers in values.items():
        ends = interval(np.where(several, drawn[column], np.nan))
        for line, number, low, high in zip(lines, numbers, *ends, strict=True):
            line |= {column: number, f"{column}_ci_low": low, f"{column}_ci_high": high}
    return lines


def _measured(base: np.ndarray) -> dict[str, np.ndarray]:
    coverage, good, bad = np.split(base, 3, axis=-1)
    with np.errstate(invalid="ignore"):
        return {"coverage": coverage, "iou": good / coverage, "below_50": bad / coverage}
