"""How far the prompts of people lie off the ideal ones: the parameters of `prompts.noise.Noise`, with intervals."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.randomness import generator
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table
from promptseg.prompts.noise import Noise, shares

SIDES = ("left", "top", "right", "bottom")

NOISE = Table(
    "noise.csv",
    "How far the prompts of a user lie off the ideal ones, as parameters of a noise model.",
    [
        Column("user", STRING, "whose prompts they are"),
        Column("parameter", STRING, "of `users.*.noise`; a side is named where the parameter has one for each"),
        Column("value", FLOAT, "the estimate"),
        Column("low", FLOAT, "lower end of its 95 % interval"),
        Column("high", FLOAT, "upper end of its 95 % interval"),
        Column("n", INTEGER, "prompts behind it"),
        Column("n_cases", INTEGER, "patients behind it"),
        Column("n_annotators", INTEGER, "annotators behind it"),
    ],
)


class Observed(NamedTuple):
    """What one prompt says: of the kinds `share`, `wrong_side` (0 or 1), and one for each of SIDES."""

    case_id: str
    annotator: str
    kind: str
    value: float


def of_points(points: Sequence[tuple[int, int, bool]], truth: np.ndarray) -> Iterator[tuple[str, float]]:
    """What the clicks of one annotator on one object say.

    Every click says whether it lies on its side. Where on the way to the border people aim is seen in the first
    positive one alone, for later ones follow errors that nobody has recorded; and in objects that are somewhere deeper
    than a pixel.

    Args:
        points: (x, y, positive) in their order, inside the image.
        truth: (h, w) bool.

    Yields:
        Kind and value, see `Observed`.
    """
    from scipy import ndimage

    for x, y, positive in points:
        yield "wrong_side", float(truth[y, x] != positive)
    first = next(((x, y) for x, y, positive in points if positive), None)
    if first is not None and truth[first[1], first[0]]:
        labels, _ = ndimage.label(truth, np.ones((3, 3)))
        share = shares(labels == labels[first[1], first[0]])[first[1], first[0]]
        if not np.isnan(share):
            yield "share", float(share)


def of_box(box: Sequence[int], truth: np.ndarray) -> Iterator[tuple[str, float]]:
    """How far each side of a box (XYXY, inclusive pixels) lies outside the tight box of a (h, w) bool truth, as a share
    of the tight box's width or height."""
    x0, y0, x1, y1 = tight = masks.tight_box(truth)
    moves = (np.array(box) - tight) * np.array([-1, -1, 1, 1]) / np.tile([x1 - x0 + 1, y1 - y0 + 1], 2)
    yield from zip(SIDES, moves.tolist(), strict=True)


def estimates(observed: Iterable[Observed], user: str, resamples: int, seed: int) -> list[dict[str, Any]]:
    """Rows of NOISE: mean and standard deviation of what is seen.

    Intervals are percentiles of resamples of patients, all prompts of a patient together; with one patient, of his
    prompts. That of `wrong_side`, which may be seen never, is the exact one of Clopper and Pearson, over prompts.
    """
    from scipy.stats import binomtest

    frame = pd.DataFrame(observed, columns=Observed._fields)
    rows = []
    for parameter, kind, of in _PARAMETERS:
        seen = frame[frame["kind"] == kind]
        if seen.empty:
            continue
        values = seen["value"].to_numpy()
        if kind == "wrong_side":
            ends = binomtest(int(values.sum()), len(values)).proportion_ci()
            low, high = float(ends.low), float(ends.high)
        else:
            low, high = _interval(seen, of, resamples, generator(seed, "noise", user, parameter))
        about = {"n": len(seen), "n_cases": seen["case_id"].nunique(), "n_annotators": seen["annotator"].nunique()}
        rows.append({"user": user, "parameter": parameter, "value": of(values), "low": low, "high": high, **about})
    return rows


def noise_of(rows: Iterable[dict[str, Any]]) -> Noise:
    """The model with the estimates of `estimates`; what could not be estimated is exact."""
    values = {row["parameter"]: float(row["value"]) for row in rows}
    bias, spread = (values.get(name, 0.0) for name in ("bias", "spread"))
    # Just below what a mean allows: all that is seen are both ends, say, with nothing between them.
    spread = min(spread, 0.999 * np.sqrt(bias * (1 - bias)))
    boxes: dict[str, Any] = {name: tuple(values.get(f"{name} {side}", 0.0) for side in SIDES) for name in _BOXES}
    return Noise(bias, float(spread), values.get("wrong_side", 0.0), **boxes)


def _deviation(values: np.ndarray) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def _mean(values: np.ndarray) -> float:
    return float(values.mean())


def _interval(
    seen: pd.DataFrame, of: Callable[[np.ndarray], float], resamples: int, rng: np.random.Generator
) -> tuple[float, float]:
    groups = [group.to_numpy() for _, group in seen.groupby("case_id")["value"]]
    if len(groups) == 1:
        groups = [np.array([value]) for value in groups[0]]
    if len(groups) == 1:
        return np.nan, np.nan
    drawn = rng.integers(len(groups), size=(resamples, len(groups)))
    low, high = np.percentile([of(np.concatenate([groups[place] for place in row])) for row in drawn], [2.5, 97.5])
    return float(low), float(high)


_BOXES = {"enlarge": _mean, "enlarge_spread": _deviation}
_PARAMETERS = [
    ("bias", "share", _mean),
    ("spread", "share", _deviation),
    ("wrong_side", "wrong_side", _mean),
    *((f"{name} {side}", side, of) for name, of in _BOXES.items() for side in SIDES),
]
