"""What a confidence is worth that puts masks in an order: how good the first ones are, and where failures stand.

Each measure comes with what every object contributes: its value plus the object's influence (the derivative by the
object's weight; Jaeckel 1972, Efron 1982). The mean of these numbers over the objects is the value, and their weighted
mean in a resample is the measure of that resample, to first order. So intervals need matrix products only, whatever the
number of objects. Equal confidences are averaged over all orders of the objects that have them.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FAILURES = {50: 0.5, 80: 0.8}  # a mask fails if its IoU is below this
DISCARDED = (10, 20, 30)  # per cent of the masks, the least confident
COVERAGES = tuple(range(5, 105, 5))  # per cent of the masks that are kept, the most confident
_DETECTION = [f"{name}_{failure}" for failure in FAILURES for name in ("auroc", "ap")]
_KEPT = [f"kept_{share}" for share in COVERAGES]
BASE = ["aurc", "ideal", *_DETECTION, *_KEPT]  # what the other measures are made of


def starts_of(ordered: np.ndarray) -> np.ndarray:
    """Where each run of equal numbers begins in (n,) numbers, n > 0."""
    return np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))


@dataclass(frozen=True)
class Order:
    """Objects from the most confident to the least; equal ones are a block.

    Attributes:
        places: (n,) int, the objects in this order.
        starts: (blocks,) int, how many objects stand before each block.
    """

    places: np.ndarray
    starts: np.ndarray

    @classmethod
    def by(cls, confidence: np.ndarray) -> "Order":
        """The order of (n,) numbers, n > 0, none of them NaN."""
        places = np.argsort(-confidence, kind="stable")
        return cls(places, starts_of(confidence[places]))

    @cached_property
    def sizes(self) -> np.ndarray:
        """(blocks,) objects in each block."""
        return np.diff(self.starts, append=len(self.places))

    def sums(self, ordered: np.ndarray) -> np.ndarray:
        """(blocks,) sums of values that are in this order."""
        return np.add.reduceat(ordered, self.starts)

    def spread(self, of_blocks: np.ndarray) -> np.ndarray:
        """(n,) the number of its block for each place."""
        return np.repeat(of_blocks, self.sizes)

    def even(self, ordered: np.ndarray) -> np.ndarray:
        """(n,) values in this order, averaged over all orders of equal objects."""
        return self.spread(self.sums(ordered) / self.sizes)


def _tail(values: np.ndarray) -> np.ndarray:
    return np.cumsum(values[::-1])[::-1]


def aurc(risks: np.ndarray, order: Order) -> np.ndarray:
    """Area under the risk-coverage curve: the mean over k of the mean risk of the k most confident objects.

    The plug-in estimator of Geifman, Uziel and El-Yaniv (ICLR 2019). It is the mean of the risks weighted with
    1/k + ... + 1/n at place k, which Zhou et al. (ICML 2025, arXiv 2410.15361) show to be consistent.

    Args:
        risks: (n,) float, in the order of the objects.

    Returns:
        (n,) what each object contributes; the mean is the area.
    """
    ordered, k = risks[order.places], np.arange(1, len(risks) + 1)
    curve = np.cumsum(order.even(ordered)) / k
    found = np.empty(len(risks))
    found[order.places] = ordered * order.even(_tail(1 / k)) + order.even(curve) - order.even(_tail(curve / k))
    return found


def detection(failed: np.ndarray, order: Order) -> np.ndarray:
    """How well low confidence points at failures: area under the ROC curve and average precision.

    The former is the chance that a failure is less confident than a success, ties counting half (Mann-Whitney; its
    contributions are those of DeLong et al. 1988). The latter is the mean over failures of the share of failures among
    all that are no more confident, as scikit-learn's `average_precision_score` has it.

    Args:
        failed: (n,) bool, in the order of the objects.

    Returns:
        (n, 2) what each object contributes to either; NaN where all have failed or none.
    """
    n, failures = len(failed), int(failed.sum())
    found = np.full((n, 2), np.nan)
    if failures in (0, n):
        return found
    ordered = failed[order.places]
    bad = order.sums(ordered.astype(float))
    good = order.sizes - bad
    above = np.cumsum(good) - good / 2  # successes that are more confident than a block
    below = failures - np.cumsum(bad) + bad / 2  # failures that are less so
    wins = order.spread(np.where(bad > 0, above / (n - failures), 0)), order.spread(below / failures)
    area = float(wins[0][ordered].mean())
    share = np.where(ordered, failures, n - failures) / n
    found[order.places, 0] = area + (np.where(ordered, *wins) - area) / share
    last = n - order.starts  # objects that are no more confident than a block, and the failures among them
    held = _tail(bad)
    precision = float((bad * held / last).sum() / failures)
    per_mask = np.cumsum(-bad * held / last**2)
    per_failure = np.cumsum(bad / last) + held / last - precision
    gradient = order.spread(per_mask) + ordered * order.spread(per_failure)
    found[order.places, 1] = precision + gradient * n / failures
    return found


def kept(values: np.ndarray, order: Order, shares: np.ndarray) -> np.ndarray:
    """Mean of the most confident share of the objects, in which the last one counts by its part.

    Args:
        values: (n,) float, in the order of the objects.
        shares: (q,) of the objects, above 0 to 1.

    Returns:
        (n, q) what each object contributes; the mean is that of the objects kept. What stands at the edge is taken to
        be worth the mean of the 2 sqrt(n) objects around it.
    """
    n, ends = len(values), shares * len(values)
    ordered = values[order.places]
    totals, k = np.append(0, np.cumsum(order.even(ordered))), np.arange(n + 1)
    low, high = np.clip(ends - np.sqrt(n), 0, n), np.clip(ends + np.sqrt(n), 0, n)
    edge = (np.interp(high, k, totals) - np.interp(low, k, totals)) / (high - low)
    starts, sizes = order.spread(order.starts)[:, None], order.spread(order.sizes)[:, None]
    within = np.clip((ends - starts) / sizes, 0, 1)
    found = np.empty((n, len(shares)))
    found[order.places] = edge + within * (ordered[:, None] - edge) / shares
    return found


def ideal(iou: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The best order that (n,) IoU, n > 0, could stand in.

    Returns:
        (n,) what each object contributes to the area, and (COVERAGES,) the mean IoU of what is kept.
    """
    order = Order.by(iou)
    return aurc(1 - iou, order), kept(iou, order, np.array(COVERAGES) / 100).mean(axis=0)


def contributions(iou: np.ndarray, confidence: np.ndarray, best: np.ndarray | None = None) -> np.ndarray:
    """What each object contributes to each of BASE, (n, BASE); see the head of this module.

    Args:
        iou, confidence: (n,) float64, none of them NaN, n > 0.
        best: the first that `ideal` returns, if it is known: it is the same for all confidences.
    """
    order, shares = Order.by(confidence), np.array(COVERAGES) / 100
    best = ideal(iou)[0] if best is None else best
    parts = [aurc(1 - iou, order)[:, None], best[:, None]]
    parts += [detection(iou < limit, order) for limit in FAILURES.values()]
    return np.hstack([*parts, kept(iou, order, shares)])


def measures(base: np.ndarray) -> dict[str, np.ndarray]:
    """What trust.csv says of an order, from (..., BASE): name -> (...).

    iou; aurc; aurc_ideal; excess: aurc - aurc_ideal (E-AURC of Geifman, Uziel and El-Yaniv); share: of the way from a
    random order, whose area is the mean risk, to the ideal one (1 - NAURC of Cattelan and Silva, arXiv 2305.15508),
    NaN where all objects are equally good; auroc and ap of FAILURES; gain_10, ...: by how much the mean IoU rises if
    so many per cent are discarded.
    """
    value = {name: base[..., index] for index, name in enumerate(BASE)}
    iou = value["kept_100"]
    room = 1 - iou - value["ideal"]
    excess = value["aurc"] - value["ideal"]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(room > 1e-9, 1 - excess / room, np.nan)
    gains = {f"gain_{gone}": value[f"kept_{100 - gone}"] - iou for gone in DISCARDED}
    found = {"iou": iou, "aurc": value["aurc"], "aurc_ideal": value["ideal"], "excess": excess, "share": share}
    # To first order a resample may leave the range.
    return found | {name: np.clip(value[name], 0, 1) for name in _DETECTION} | gains
