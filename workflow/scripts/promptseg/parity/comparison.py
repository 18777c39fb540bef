"""What is compared, how closely, and the sentence about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from promptseg.parity.fixtures import FixtureError, Name

# Largest absolute differences that were measured, on a CPU with AVX-512, with
#     python -m promptseg.parity DIR --threads 1 --json FILE
# on the recordings of the reference and, for small variants, on those in tests/parity/fixtures (SAM ViT-B, SAM 2.1
# Hiera-T and the small click models with two threads, too); of "masks" the share of pixels of one answer. By family and
# variant; the first that fits holds, and variants that were not measured share the row of the nearest one that was.
# "statistics of x" counts as x.
_SAM = {
    "embedding": 1e-5,
    "predicted IoU": 7.7e-7,
    "masks": 3e-5,
    "high-res features": 3.8e-6,
    "stability": 3e-5,
    "resized image": 0.0,
    "input planes": 0.0,
}
_CLICKS = {"last map": 2.5e-4, "masks": 3e-5}  # a map in half precision
MEASURED: Mapping[str, Mapping[str, float]] = {
    "ritm hrnet32": _CLICKS | {"logits": 6.9e-5, "probabilities": 1.3e-5},
    "ritm *": _CLICKS | {"logits": 3.2e-5, "probabilities": 1.3e-5},
    "focalclick hrnet32*": _CLICKS | {"logits": 1.4e-4, "probabilities": 1.3e-5},
    "focalclick hrnet*": _CLICKS | {"logits": 4.5e-5, "probabilities": 1.3e-5},
    "focalclick *": _CLICKS | {"logits": 4.3e-6, "probabilities": 1.0e-6},
    "simpleclick *": _CLICKS | {"logits": 1.1e-5, "probabilities": 4.4e-6},
    # Its rounding is large: its convolutional encoder normalises groups of channels that hardly vary.
    "sam small": _SAM
    | {"embedding": 6e-4, "logits": 3e-4, "low-res logits": 3e-4, "predicted IoU": 2e-5, "masks": 3e-4},
    "sam *": _SAM | {"logits": 6.7e-6, "low-res logits": 6.7e-6},
    # A pixel of its small maps is 2e-4 of a stability, and may lie within rounding of the edge.
    "sam2 medsam2*": _SAM | {"stability": 1e-4, "logits": 6.3e-5, "low-res logits": 5.1e-5},
    "sam2 *": _SAM | {"logits": 6.3e-5, "low-res logits": 5.1e-5},
    "sam3 *": _SAM | {"embedding": 3.8e-5, "high-res features": 2e-5, "logits": 2.1e-4, "low-res logits": 2.5e-4},
    "hq_sam *": _SAM | {"logits": 9.6e-5, "low-res logits": 2.4e-5},
    "medsam *": _SAM | {"logits": 3.6e-6, "low-res logits": 1.4e-5},  # of probabilities, as in the two others
    "lite_medsam *": _SAM | {"logits": 3.6e-6, "low-res logits": 1.4e-5},
    "scribbleprompt_unet *": _SAM | {"logits": 7.2e-7, "low-res logits": 3.8e-6},
    "*": _SAM | {"logits": 4.0e-5, "low-res logits": 3.6e-5},
}
_FACTOR = 3  # by which a difference may be larger
_AT_ONCE = 1e-4  # the largest difference between what is asked at once and what is asked alone
_RELATIVE = 1e-5  # of auxiliary logits and features, which reach several hundred


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

    def __init__(self, name: Name) -> None:
        whole = f"{name.family} {name.variant}"
        measured = next(found for pattern, found in MEASURED.items() if fnmatchcase(whole, pattern))
        self._limits = {what: _FACTOR * largest for what, largest in measured.items()} | {"at once": _AT_ONCE}
        self.failures: list[str] = []
        self.notes: list[str] = []
        self.counts: dict[str, int] = {}
        self._numbers: dict[str, _Numbers] = {}
        self._masks = _Masks()
        self._exact: dict[str, int] = {}

    def fail(self, where: str, reason: str) -> None:
        """Record a difference that is too large."""
        self.failures.append(f"{where}: {reason}")

    def limit(self, what: str) -> float:
        """Largest difference that is accepted."""
        return self._limits[what.removeprefix("statistics of ")]

    def numbers(
        self, what: str, where: str, ours: ArrayLike, theirs: ArrayLike, limit: float | None = None, part: str = ""
    ) -> None:
        """Compare two arrays of numbers of one shape.

        Args:
            limit: if it is not that of `what`.
            part: of the network: a map inside it, which has the limit of `what` or more where it is much larger.
        """
        ours, theirs = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
        if ours.shape != theirs.shape:
            raise FixtureError(f"{where}: {part or what} have the shape {theirs.shape}, ours have {ours.shape}")
        limit = self.limit(what) if limit is None else limit
        if part:
            what, limit = part, max(limit, _RELATIVE * float(np.abs(theirs).max(initial=0.0)))
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

    def masks(
        self,
        where: str,
        values: np.ndarray,
        threshold: float | np.float32,
        theirs: np.ndarray,
        of: str,
        share: float | None = None,
        limit: float | None = None,
    ) -> int:
        """Compare the mask `values > threshold` with a bool array. Returns how many pixels differ.

        They may differ only where a difference of `of` ("logits", "probabilities") within its limit explains it.

        Args:
            share: of pixels that may differ, if it is not that of "masks".
            limit: of `of`, if it is not its own.
        """
        if values.shape != theirs.shape:
            raise FixtureError(f"{where}: masks have the shape {theirs.shape}, ours have {values.shape}")
        differs = (values > threshold) != theirs
        differing, share = int(np.count_nonzero(differs)), self.limit("masks") if share is None else share
        limit = self.limit(of) if limit is None else limit
        record = self._masks
        record.worst = max(record.worst, differing / values.size)
        record.differing += differing
        record.pixels += values.size
        if differing > max(1, share * values.size):
            self.fail(where, f"masks differ in {differing} of {values.size} pixels (limit {share:.0e})")
        decided = int(np.count_nonzero(np.abs(values[differs] - threshold) > limit))
        if decided:
            self.fail(where, f"masks differ in {decided} pixels whose {of} are not that close to the threshold")
        return differing

    def exact(self, what: str, where: str, ours: ArrayLike, theirs: ArrayLike) -> None:
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
        return not self.failures and bool(self._numbers or self._masks.pixels or self._exact)

    def measured(self) -> dict[str, Any]:
        """Largest differences, to two digits, and how many pixels of masks differ."""
        largest = {what: float(f"{record.largest:.1e}") for what, record in self._numbers.items()}
        masks = {"differing": self._masks.differing, "pixels": self._masks.pixels} if self._masks.pixels else None
        return {"differences": largest, "masks": masks}

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
        if (record := self._masks).pixels:
            pixels = f"{record.differing} of {record.pixels} pixels"
            parts.append(f"masks differ in {pixels} (worst {record.worst:.1e})")
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
