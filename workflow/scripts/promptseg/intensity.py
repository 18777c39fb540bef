"""From the values of a scanner to the 8-bit pictures that the methods see."""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.errors import PromptsegError

logger = logging.getLogger(__name__)


def limits(array: np.ndarray, intensity: Mapping[str, Any], name: str) -> tuple[float, float]:
    """The values of a volume that become the darkest and the brightest ones.

    Args:
        array: all values of the volume (or of the 2-D image), any shape.
        intensity: `{kind: window, low, high}` in the unit of the values, `{kind: percentiles, low, high}` of all
            finite values, or `{kind: none}`: from 0 to the largest value, so that nothing is cut.
        name: the file, for messages.

    Raises:
        PromptsegError: no value is finite; `none` with negative values; a window that is empty.
    """
    kind = intensity["kind"]
    if kind == "window" and not intensity["low"] < intensity["high"]:
        raise PromptsegError(
            f"empty window: low {intensity['low']} is not below high {intensity['high']}; mend `intensity`"
        )
    values = array
    if np.issubdtype(array.dtype, np.floating):
        finite = np.isfinite(array)
        missing = array.size - int(np.count_nonzero(finite))
        if missing:
            logger.warning("%s holds %d values that are NaN or infinite; NaN is taken for the lowest", name, missing)
            values = array[finite]
        if not values.size:
            raise PromptsegError(f"no finite value: {name} holds only NaN or infinite values")
    if kind == "window":
        return float(intensity["low"]), float(intensity["high"])
    if kind == "percentiles":
        low, high = np.percentile(values, [intensity["low"], intensity["high"]])
        return float(low), float(high)
    least = values.min()
    if least < 0:
        raise PromptsegError(
            f"negative intensities: {name} goes down to {least:g}; choose `intensity: {{kind: window, ...}}` or "
            "`{kind: percentiles, ...}` for this dataset"
        )
    return 0.0, float(values.max())


def to_uint8(picture: np.ndarray, low: float, high: float) -> np.ndarray:
    """Cut a picture at `low` and `high`, shift it to start at 0 and scale its own maximum to 255.

    The scaling is that of the study's released script, `uint8(a / a.max() * 255)`: in float64, truncated, with the
    maximum over all channels of this one picture. A picture that is 0 everywhere stays 0. NaN counts as `low`.

    Args:
        picture: (h, w) or (h, w, 3) numbers.

    Returns:
        The same shape, uint8; the maximum is 255 or 0.
    """
    shifted = np.nan_to_num(picture.astype(np.float64), nan=low, posinf=high, neginf=low).clip(low, high) - low
    largest = shifted.max()
    if largest == 0:
        return np.zeros(picture.shape, np.uint8)
    return (shifted / largest * 255).astype(np.uint8)
