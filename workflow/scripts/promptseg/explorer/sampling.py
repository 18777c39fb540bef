"""What the explorer keeps of a run that is larger than it may be: failures, the worst, the best, a random sample."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sample:
    """What is kept of n groups, as objects or images.

    Attributes:
        kept: (n,) bool.
        failed: how many are kept because something failed there, of `all_failed`.
        worst, best, drawn: how many for other reasons; all three are 0 where all groups are kept.
    """

    kept: np.ndarray
    failed: int
    all_failed: int
    worst: int = 0
    best: int = 0
    drawn: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return bool(self.kept.all())

    def words(self, what: str) -> str:
        """Part of a sentence: "1,000 of 52,000 objects (all 12 with a failure, the 329 worst and ...)"."""
        told = f"all {self.failed:,}" if self.failed == self.all_failed else f"{self.failed:,} of {self.all_failed:,}"
        parts = [f"{told} with a failure"] if self.failed else []
        parts += [f"the {self.worst:,} worst and the {self.best:,} best by mean IoU"] if self.worst else []
        parts += [f"{self.drawn:,} at random"] if self.drawn else []
        return f"{int(self.kept.sum()):,} of {len(self.kept):,} {what} ({', '.join(parts)})"


def draws(seed: int, keys: Iterable[str]) -> np.ndarray:
    """(n,) uint64: a random number for each key, a function of it and the seed alone."""
    digests = [hashlib.blake2b(f"{seed}\x1f{key}".encode(), digest_size=8).digest() for key in keys]
    return np.frombuffer(b"".join(digests), "<u8")


def sample(groups: np.ndarray, failed: np.ndarray, value: np.ndarray, draw: np.ndarray, limit: int) -> Sample:
    """Choose at most `limit` groups of objects, whatever the order of the objects.

    All groups are kept that hold a failure, or, if these alone are too many, a random half of `limit`. A third of what
    is left goes to the groups of the worst objects, a third to those of the best, the rest is drawn from the others.

    Args:
        groups: (n,) integers from 0, none left out: the group of each object; the object itself or its image.
        failed: (n,) bool: whether a method failed at the object.
        value: (n,) float64: the higher, the better; NaN where unknown.
        draw: (n,) uint64: see `draws`, equal for objects of one group.
        limit: at least 1.
    """
    count = int(groups.max(initial=-1)) + 1
    with_failure = int(np.unique(groups[failed]).size)
    if count <= limit:
        return Sample(np.ones(count, bool), with_failure, with_failure)
    kept = np.zeros(count, bool)

    def take(order: np.ndarray, most: int) -> int:
        inside = groups[order]
        inside = inside[~kept[inside]]
        _, first = np.unique(inside, return_index=True)
        chosen = inside[np.sort(first)][:most]
        kept[chosen] = True
        return len(chosen)

    random = np.lexsort((groups, draw))
    by_value = np.lexsort((groups, draw, value))
    by_value = by_value[~np.isnan(value[by_value])]
    failures = take(random[failed[random]], with_failure if with_failure <= limit else max(limit // 2, 1))
    third = (limit - failures) // 3
    worst = take(by_value, third)
    best = take(by_value[::-1], third)
    return Sample(kept, failures, with_failure, worst, best, take(random, limit - failures - worst - best))
