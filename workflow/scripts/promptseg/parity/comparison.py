"""What is compared, how closely, and the sentence about it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from promptseg.parity.fixtures import FixtureError, Name

# Two runs of the reference with different numbers of threads differ by at most a tenth of these on a CPU in float32;
# what must be noticed (a wrong resize, a lost click) is larger by orders of magnitude.
MASK_PIXELS = 1e-4  # share of the pixels of a mask that may differ
IOU = 1e-4
SAM_EMBEDDING = 1e-4
SAM_SCORE = 1e-4
SAM_UNDECIDED = 1e-3  # |logit| below which a pixel of a mask of SAM may differ
HALF_PRECISION = 1e-3  # of maps stored as float16
_RELATIVE = 1e-5  # of auxiliary logits and features, which reach several hundred
_LARGE = ("hrnet32", "vit_base", "vit_large", "vit_huge", "segformerB3", "vit_l", "vit_h")


def logit_limit(name: Name) -> float:
    """Largest difference of logits; deeper networks carry more rounding."""
    return 1e-3 if name.variant.startswith(_LARGE) else 2e-4


def probability_limit(name: Name) -> float:
    """Largest difference of probabilities; HRNet, of RITM and some variants of FocalClick, carries more rounding."""
    return 2e-4 if name.variant.startswith("hrnet") else 5e-5


def scaled_limit(limit: float, recorded: np.ndarray) -> float:
    """Largest difference of maps inside a network, which may be much larger than logits."""
    return max(limit, _RELATIVE * float(np.abs(recorded).max(initial=0.0)))


@dataclass
class _Numbers:
    largest: float = 0.0
    total: float = 0.0
    count: int = 0
    limit: float = 0.0


@dataclass
class _Masks:
    worst: float = 0.0
    differing: int = 0
    pixels: int = 0


class Comparison:
    """All comparisons of one fixture. Each `where` names a place, e.g. "image 0 click 2"."""

    def __init__(self) -> None:
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._masks: dict[str, _Masks] = {}
        self._exact: dict[str, int] = {}

    def fail(self, where: str, reason: str) -> None:
        """Record a difference that is too large."""
        self.failures.append(f"{where}: {reason}")

    def numbers(self, what: str, where: str, ours: ArrayLike, theirs: ArrayLike, limit: float) -> None:
        """Compare two arrays of numbers of one shape."""
        ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        if ours.shape != theirs.shape:
            raise FixtureError(f"{where}: {what} have the shape {theirs.shape}, ours have {ours.shape}")
        with np.errstate(invalid="ignore"):
            difference = np.where(ours == theirs, 0.0, np.abs(ours - theirs))
        difference = np.where(np.isnan(difference), np.inf, difference)
        record = self._numbers.setdefault(what, _Numbers())
        largest = float(difference.max(initial=0.0))
        record.largest = max(record.largest, largest)
        record.total += float(difference.sum())
        record.count += difference.size
        record.limit = max(record.limit, limit)
        if largest > limit:
            self.fail(where, f"{what} differ by {largest:.1e} (limit {limit:.0e})")

    def masks(self, what: str, where: str, ours: np.ndarray, theirs: np.ndarray) -> int:
        """Compare two bool arrays of one shape; a single pixel is always allowed. Returns how many differ."""
        if ours.shape != theirs.shape:
            raise FixtureError(f"{where}: {what} have the shape {theirs.shape}, ours have {ours.shape}")
        differing = int(np.count_nonzero(ours != theirs))
        record = self._masks.setdefault(what, _Masks())
        record.worst = max(record.worst, differing / ours.size)
        record.differing += differing
        record.pixels += ours.size
        if differing > max(1, MASK_PIXELS * ours.size):
            self.fail(where, f"{what} differ in {differing} of {ours.size} pixels (limit {MASK_PIXELS:.0e})")
        return differing

    def exact(self, what: str, where: str, ours: Sequence[int] | int, theirs: Sequence[int] | int) -> None:
        """Compare integers, which must be equal."""
        a, b = np.asarray(ours).tolist(), np.asarray(theirs).tolist()
        self.rule(what, where, None if a == b else f"{what} {a} instead of {b}")

    def rule(self, what: str, where: str, problem: str | None) -> None:
        """Record whether a rule was kept; `problem` says how it was not."""
        self._exact[what] = self._exact.get(what, 0) + 1
        if problem:
            self.fail(where, problem)

    def note(self, text: str) -> None:
        """Something that the reader should know, but no failure."""
        if text not in self.notes:
            self.notes.append(text)

    def count(self, what: str, number: int = 1) -> None:
        """Count what was run, e.g. images."""
        self.counts[what] = self.counts.get(what, 0) + number

    @property
    def passed(self) -> bool:
        """Whether something was compared and nothing differed."""
        return not self.failures and bool(self._numbers or self._masks or self._exact)

    def summary(self) -> str:
        """One line: what was compared and how far it is apart; the first failure comes first."""
        parts = []
        if self.failures:
            more = f" (and {len(self.failures) - 1} more)" if len(self.failures) > 1 else ""
            parts.append(f"first difference: {self.failures[0]}{more}")
        parts += [", ".join(f"{number} {what}" for what, number in self.counts.items())] if self.counts else []
        parts += [
            f"{what} max {record.largest:.1e} mean {record.total / max(record.count, 1):.1e} (limit {record.limit:.0e})"
            for what, record in self._numbers.items()
        ]
        parts += [
            f"{what} differ in {record.differing} of {record.pixels} pixels (worst {record.worst:.1e})"
            for what, record in self._masks.items()
        ]
        if self._exact:
            parts.append(f"exactly: {', '.join(f'{what} ({number})' for what, number in self._exact.items())}")
        return "; ".join(parts + [f"note: {note}" for note in self.notes])


def statistics(values: np.ndarray) -> np.ndarray:
    """(mean, standard deviation, smallest, largest) in float64."""
    values = np.asarray(values, np.float64)
    return np.array([values.mean(), values.std(), values.min(), values.max()])


def sample(values: np.ndarray, shape: Sequence[int], strides: Sequence[int]) -> np.ndarray:
    """Every n-th element along each axis.

    The strides are the usual ones of the files; where they do not give the recorded shape the smallest that do are
    taken.

    Raises:
        FixtureError: none does.
    """
    if values.ndim != len(shape):
        raise FixtureError(f"recorded with {len(shape)} dimensions, ours has {values.ndim}")
    slices = []
    for have, want, usual in zip(values.shape, shape, strides, strict=True):
        fitting = [s for s in (usual, *range(1, have + 1)) if -(-have // s) == want]
        if not fitting:
            raise FixtureError(f"recorded with the shape {tuple(shape)}, which is no sample of ours, {values.shape}")
        slices.append(slice(None, None, fitting[0]))
    return values[tuple(slices)]
