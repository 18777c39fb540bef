"""From the values of a scanner to the 8-bit pictures that the methods see."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.core.value_reasons import EMPTY_WINDOW, NEGATIVE_INTENSITIES, NO_FINITE_VALUE, RANGE_TOO_LARGE
from promptseg.preprocess.grids import scaled

logger = logging.getLogger(__name__)

# Largest range of integers that is worth a table.
_TABLE = 2**16


def limits(
    array: np.ndarray, intensity: Mapping[str, Any], name: str, scale: tuple[float, float] | None = None
) -> tuple[float, float]:
    """The values of a volume that become the darkest and the brightest ones.

    Args:
        array: all numbers of the volume (or of the 2-D image), any shape.
        intensity: `{kind: window, low, high}` in the unit of the values, `{kind: percentiles, low, high}` of all
            finite values, or `{kind: none}`: from 0 to the largest value, so that nothing is cut.
        name: the file, for messages.
        scale: what turns stored integers into values, see `grids.Volume`.

    Raises:
        PromptsegError: no value is finite, or the values span more than float64 holds; `none` with negative values; a
            window that is empty, or percentiles that do not rise within 0 to 100.
    """
    kind = intensity["kind"]
    if kind == "window" and not intensity["low"] < intensity["high"]:
        raise EMPTY_WINDOW.error(f"low {intensity['low']} is not below high {intensity['high']}")
    if kind == "percentiles" and not 0 <= intensity["low"] < intensity["high"] <= 100:
        raise EMPTY_WINDOW.error(f"percentiles {intensity['low']} and {intensity['high']} do not rise within 0 to 100")
    values = array
    if np.issubdtype(array.dtype, np.floating):
        finite = np.isfinite(array)
        missing = array.size - int(np.count_nonzero(finite))
        if missing:
            logger.warning("%s holds %d values that are NaN or infinite; NaN is taken for the lowest", name, missing)
            values = array[finite]
        if not values.size:
            raise NO_FINITE_VALUE.error(f"{name} holds only NaN or infinite values")
    if kind == "window":
        return float(intensity["low"]), float(intensity["high"])
    with np.errstate(over="ignore", invalid="ignore"):
        if kind == "percentiles":
            low, high = _percentiles(values, (intensity["low"], intensity["high"]), scale)
        else:
            low, high = scaled(np.array([values.min(), values.max()], np.float64), scale).tolist()
        if not np.isfinite(np.subtract(high, low)):
            raise RANGE_TOO_LARGE.error(f"the values of {name} reach from {low:g} to {high:g}")
    if kind == "none" and low < 0:
        raise NEGATIVE_INTENSITIES.error(f"{name} goes down to {low:g}")
    return (0.0, high) if kind == "none" else (low, high)


def _percentiles(
    array: np.ndarray, percents: tuple[float, float], scale: tuple[float, float] | None
) -> tuple[float, float]:
    """`numpy.percentile` of the values as float64.

    The stored numbers are put in order, and four of them become values: differences of stored numbers need not fit
    their type.
    """
    places = (array.size - 1) * (np.array(percents, float) / 100)
    below = places.astype(int)
    ranks = np.stack([below, np.minimum(below + 1, array.size - 1)])
    before, after = scaled(_at_ranks(array, ranks).astype(np.float64), scale)
    # numpy's own way to interpolate, so that no last digit differs.
    share = places - below
    low, high = np.where(share < 0.5, before + (after - before) * share, after - (after - before) * (1 - share))
    return float(low), float(high)


def _at_ranks(array: np.ndarray, ranks: np.ndarray) -> np.ndarray:
    """The numbers that would stand at the places `ranks`, counted from 0, if the array were sorted."""
    span = _countable(array)
    if span is None:
        flat = array.flatten("K")
        flat.partition(np.unique(ranks))
        return flat[ranks]
    # Counted slice by slice, without a sorted copy.
    least, largest = span
    counts = np.zeros(largest - least + 1, np.int64)
    for part in np.moveaxis(array, 2, 0) if array.ndim > 2 else [array]:
        counts += np.bincount(np.subtract(part, least, dtype=np.intp).ravel("K"), minlength=counts.size)
    return np.searchsorted(np.cumsum(counts), ranks, side="right") + least


def _countable(array: np.ndarray) -> tuple[int, int] | None:
    """The least and the largest number, if these are integers of a small range that float64 holds exactly."""
    if not np.issubdtype(array.dtype, np.integer) or not array.size:
        return None
    least, largest = int(array.min()), int(array.max())
    return (least, largest) if largest - least <= _TABLE and max(-least, largest) <= 2**53 else None


def to_uint8(picture: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cut a picture at `low` and `high`, shift it to start at 0 and scale its own maximum to 255.

    The scaling is that of the study's released script, `uint8(a / a.max() * 255)`: in float64, truncated, with the
    maximum over all channels of this one picture. A picture that is 0 everywhere stays 0. NaN counts as `low`. Whole
    numbers go through a table of their values, which gives the same result.

    Args:
        picture: (h, w) or (h, w, 3) numbers.

    Returns:
        The same shape, uint8; the maximum is 255 or 0.
    """
    if np.issubdtype(picture.dtype, np.floating):
        # Many CT volumes are stored as floating point and hold whole numbers.
        with np.errstate(invalid="ignore"):
            whole = picture.astype(np.int32)
        if np.array_equal(whole, picture):
            picture = whole
    if span := _countable(picture):
        least, largest = span
        table = _scale_to_uint8(np.arange(least, largest + 1, dtype=np.float64), low, high)
        return table.take(np.subtract(picture, least, dtype=np.intp))
    return _scale_to_uint8(picture.astype(np.float64), low, high)


def _scale_to_uint8(values: np.ndarray, low: float, high: float) -> np.ndarray:
    shifted = np.nan_to_num(values, nan=low, posinf=high, neginf=low).clip(low, high) - low
    largest = shifted.max()
    if largest == 0:
        return np.zeros(values.shape, np.uint8)
    return (shifted / largest * 255).astype(np.uint8)
