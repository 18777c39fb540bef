"""Lesions of truth and prediction matched one to one: panoptica's qualities, and the lesion-wise Dice of RadioActive.

panoptica 2.1.7 (`instance_matcher.py`, `panoptica_result.py`); TaWald/MedEval 3eda975, which scores RadioActive.
"""

from typing import TypeAlias

import numpy as np
from scipy.optimize import linear_sum_assignment

from promptseg.volumes.scores.lesions import Labelled, Lesions

Matches: TypeAlias = list[tuple[int, list[int]]]  # a lesion, and the components of the prediction that are its match


def overlaps(lesions: Lesions, by: str) -> np.ndarray:
    """(n, m) float64: IoU or Dice (`by`) of each lesion with each component of the prediction."""
    sums = lesions.truth.voxels[:, None] + lesions.predicted.voxels
    return 2 * lesions.common / sums if by == "dice" else lesions.common / (sums - lesions.common)


def matched(lesions: Lesions, *, by: str, threshold: float, match: str, merge: bool) -> Matches:
    """Which components of the prediction are which lesion.

    Args:
        by: `iou` or `dice`.
        threshold: least overlap of a match, inclusive; a pair without a common voxel never matches.
        match: `greedy`, best pairs first; `optimal`, the assignment with the largest sum of overlaps.
        merge: whether further components may go to a lesion that has one (panoptica's `allow_many_to_one`); then they
            are taken as one.
    """
    values = overlaps(lesions, by)
    found: dict[int, list[int]] = {}
    if match == "optimal":
        pairs = zip(*linear_sum_assignment(values, maximize=True), strict=True)
    else:
        rows, columns = np.nonzero(values)
        best = np.argsort(-values[rows, columns], kind="stable")
        pairs = zip(rows[best], columns[best], strict=True)
    taken: set[int] = set()
    for lesion, component in ((int(a), int(b)) for a, b in pairs):
        enough = values[lesion, component] >= threshold and lesions.common[lesion, component] > 0
        if enough and component not in taken and (merge or lesion not in found):
            found.setdefault(lesion, []).append(component)
            taken.add(component)
    return list(found.items())


def qualities(lesions: Lesions, *, by: str, threshold: float, match: str, merge: bool) -> dict[str, float]:
    """What panoptica says of two sets of lesions; NaN where it says nothing.

    Returns:
        n_pred (merged ones count once), n_ref, tp, fp, fn, prec, rec, rq, sq (mean IoU of the matches), sq_std, pq,
        sq_dsc and pq_dsc (the same with Dice). Without a match rq, sq and pq are 0, and NaN if there is nothing at all.
    """
    matches = matched(lesions, by=by, threshold=threshold, match=match, merge=merge)
    common = np.array([lesions.common[lesion, parts].sum() for lesion, parts in matches], float)
    total = np.array([lesions.truth.voxels[a] + lesions.predicted.voxels[b].sum() for a, b in matches], float)
    merged = sum(len(parts) - 1 for _, parts in matches)
    n_pred, n_ref, tp = lesions.predicted.n - merged, lesions.truth.n, len(matches)
    iou, dice = common / (total - common), 2 * common / total
    none = 0.0 if n_pred + n_ref else np.nan
    rq = 2 * tp / (n_pred + n_ref) if tp else none
    sq, sq_dsc = (float(values.mean()) if tp else none for values in (iou, dice))
    return {
        "n_pred": n_pred,
        "n_ref": n_ref,
        "tp": tp,
        "fp": n_pred - tp,
        "fn": n_ref - tp,
        "prec": tp / n_pred if n_pred else np.nan,
        "rec": tp / n_ref if n_ref else np.nan,
        "rq": rq,
        "sq": sq,
        "pq": sq * rq,
        "sq_std": float(iou.std()) if tp else np.nan,
        "sq_dsc": sq_dsc,
        "pq_dsc": sq_dsc * rq,
    }


def lesion_dice(truth: Labelled, predicted: Labelled) -> np.ndarray:
    """(n,) float64: Dice of each lesion with the component that the best assignment by Dice gives it, 0 without one.

    Components of the prediction that no lesion gets cost nothing.
    """
    lesions = Lesions.of(truth, predicted)
    found = np.zeros(truth.n)
    values = overlaps(lesions, "dice")
    for lesion, parts in matched(lesions, by="dice", threshold=0.0, match="optimal", merge=False):
        found[lesion] = values[lesion, parts[0]]
    return found
