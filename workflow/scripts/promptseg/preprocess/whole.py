"""Which numbers of a file are whole, within the precision with which it stores them."""

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.core.value_reasons import LABEL_RANGE, NOT_WHOLE
from promptseg.preprocess.grids import scaled

# Of float32, in which NIfTI keeps its scale and many programs their values, with room for a few roundings.
_RELATIVE = 1e-6
# Nothing farther off counts as whole; up to this slope the multiple next to a whole number stands for it.
_FINE = 0.05


def whole_numbers(array: np.ndarray, scale: tuple[float, float] | None) -> np.ndarray:
    """The values of a file as integers if every one of them is whole, else as they are.

    A label map that was saved through a scale factor comes back as 2.9999999, or as the multiple of the slope that is
    nearest to 3: values count as whole if nothing nearer to the whole number could have been stored.

    Args:
        array: three axes.
        scale: see `grids.Volume`.

    Returns:
        An integer type, or floats where some value is not whole, not a number, or beyond 32 bits.
    """
    if scale is None and not np.issubdtype(array.dtype, np.floating):
        return array
    if not array.size:
        return scaled(array, scale)
    slope, shift = scale or (1.0, 0.0)
    step = slope / 2 if slope <= _FINE else 0.0
    low, high = (float(scaled(end, scale)) for end in (array.min(), array.max()))
    small = low > -0.5 and high < 2**16 - 0.5
    numbers: np.ndarray = np.empty(array.shape, np.min_scalar_type(round(high)) if small else np.int32, order="F")
    # Slice by slice, because the temporary arrays of a whole volume would be several times its size.
    for index in range(array.shape[2]):
        part = scaled(array[:, :, index], scale)
        nearest = np.rint(part)
        reach = np.minimum(np.maximum(np.abs(nearest), max(1.0, abs(shift))) * _RELATIVE + step, _FINE)
        with np.errstate(invalid="ignore"):
            whole = (np.abs(part - nearest) <= reach) & (np.abs(part) < 2**31 - 1)
        if not whole.all():
            return scaled(array, scale)
        numbers[:, :, index] = nearest
    return numbers


def fraction_error(array: np.ndarray, name: str) -> PromptsegError:
    """Why the floats that `whole_numbers` left are no label values: the value that is farthest from a whole number."""
    distance, value = max(_farthest(array[:, :, index].ravel()) for index in range(array.shape[2]))
    if distance <= _RELATIVE:
        return LABEL_RANGE.error(f"{name} holds values from {array.min():.9g} to {array.max():.9g}")
    if not np.isfinite(value):
        return NOT_WHOLE.error(f"{name} holds {value}, which is no number")
    return NOT_WHOLE.error(f"{name} holds {value:.9g}")


def _farthest(values: np.ndarray) -> tuple[float, float]:
    """Distance from a whole number, and the value that has the largest one; infinity and NaN are the farthest."""
    with np.errstate(invalid="ignore"):
        distances = np.nan_to_num(np.abs(values - np.rint(values)), nan=np.inf)
    return float(distances.max()), float(values[distances.argmax()])
