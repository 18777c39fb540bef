"""From the curve of an object over the steps of a preset to one number: an entry in KINDS is all that a new one needs.

Curves are (n, steps) float64; the column is the step, 0 the start. NaN means no value: behind the end of an object that
was stopped early, or where the metric says nothing. workflow/schemas/preset_summaries.schema.yaml documents the options
with the official files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from promptseg.protocols.metrics import METRICS

Summary: TypeAlias = Mapping[str, Any]


def held(curves: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """The curves with the last value of each repeated behind its end.

    Args:
        lengths: (n,) steps that each has.
    """
    places = np.minimum(np.arange(curves.shape[1]), np.maximum(lengths, 1)[:, None] - 1)
    return np.take_along_axis(curves, places, axis=1)


def final(curves: np.ndarray, lengths: np.ndarray, _: Summary) -> np.ndarray:
    """The last value."""
    return held(curves, lengths)[:, -1]


def at(curves: np.ndarray, lengths: np.ndarray, summary: Summary) -> np.ndarray:
    """The value at a step, the last one where the object has ended before."""
    return held(curves, lengths)[:, min(summary["step"], curves.shape[1] - 1)]


def at_shortest(curves: np.ndarray, lengths: np.ndarray, summary: Summary) -> np.ndarray:
    """The value at a step if all objects have come so far, else none: curves are cut to the shortest.

    mIoU@k of RITM and SimpleClick (`isegm/utils/exp.py`, `scripts/evaluate_model.py`).
    """
    step = summary["step"]
    return curves[:, step] if len(curves) and step < lengths.min() else np.full(len(curves), np.nan)


def auc(curves: np.ndarray, lengths: np.ndarray, summary: Summary) -> np.ndarray:
    """Trapezoid over the steps `from` to `to`, one step apart, divided by `divide`."""
    part = held(curves, lengths)[:, summary["from"] : summary["to"] + 1]
    return np.asarray(np.trapezoid(part, axis=1) / summary.get("divide", 1))


def _reached(curves: np.ndarray, summary: Summary) -> tuple[np.ndarray, np.ndarray]:
    """(n,) bool and int: whether and at which prompt, counted from 1, each object first has the threshold.

    Values are compared in float32 as there: 0.89999998 has reached 0.9, 0.8999999 has not.
    """
    hits: np.ndarray = curves[:, summary.get("from", 1) :].astype(np.float32) >= np.float32(summary["threshold"])
    return np.asarray(hits.any(axis=1)), hits.argmax(axis=1) + 1


def noc(curves: np.ndarray, _: np.ndarray, summary: Summary) -> np.ndarray:
    """Number of clicks to the threshold, `cap` where it is never reached; a later drop does not matter.

    `compute_noc_metric` of RITM b9b4460 (`isegm/inference/utils.py`).
    """
    reached, number = _reached(curves, summary)
    return np.where(reached, number, summary["cap"]).astype(float)


def over_max(curves: np.ndarray, lengths: np.ndarray, summary: Summary) -> np.ndarray:
    """1 where the number of clicks is `cap`, which includes objects that succeed with that very click; else 0.

    ">=20@90%" of RITM, called NoF elsewhere.
    """
    return (noc(curves, lengths, summary) == summary["cap"]).astype(float)


def missed(curves: np.ndarray, _: np.ndarray, summary: Summary) -> np.ndarray:
    """1 where the threshold is not reached within `cap` clicks, else 0: what `over_max` is taken for."""
    reached, number = _reached(curves, summary)
    return (~reached | (number > summary["cap"])).astype(float)


@dataclass(frozen=True)
class Kind:
    """How a curve becomes a number.

    Args:
        of: the number of each curve.
        best: the best one possible, if all values are `value`.
        counts: whether the number counts prompts or failures, so that lower is better whatever the metric.
    """

    of: Callable[[np.ndarray, np.ndarray, Summary], np.ndarray]
    best: Callable[[float, Summary], float] = lambda value, _: value
    counts: bool = False


KINDS: Mapping[str, Kind] = {
    "final": Kind(final),
    "at": Kind(at),
    "at_shortest": Kind(at_shortest),
    "auc": Kind(auc, lambda value, summary: value * (summary["to"] - summary["from"]) / summary.get("divide", 1)),
    "noc": Kind(noc, lambda *_: 1.0, counts=True),
    "over_max": Kind(over_max, lambda *_: 0.0, counts=True),
    "missed": Kind(missed, lambda *_: 0.0, counts=True),
}


def numbers(curves: np.ndarray, summary: Summary, lengths: np.ndarray | None = None) -> np.ndarray:
    """(n,) float64: what a summary says of (n, steps) curves.

    Args:
        lengths: (n,) steps that each has; all if None.
    """
    lengths = np.full(len(curves), curves.shape[1]) if lengths is None else lengths
    return KINDS[summary["kind"]].of(curves, lengths, summary)


def best(summary: Summary) -> float:
    """The best number possible: 4 for the area of the CVPR challenge, 10 for that of autoPET, 1 click for NoC."""
    return KINDS[summary["kind"]].best(METRICS[summary["metric"]].best, summary)


def higher_is_better(summary: Summary) -> bool:
    """Its direction."""
    return METRICS[summary["metric"]].higher_is_better and not KINDS[summary["kind"]].counts
