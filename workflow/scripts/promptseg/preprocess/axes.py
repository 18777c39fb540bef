"""Arrays whose axes stand for more than space, brought into the order of `grids.Volume`."""

import logging
from collections.abc import Sequence

import numpy as np

from promptseg.core.reasons import TOO_MANY_DIMENSIONS
from promptseg.preprocess.grids import shown

logger = logging.getLogger(__name__)

_NAMES = {  # of units of length, and their size in mm
    1.0: ("", "mm", "millimeter"),
    10.0: ("cm", "centimeter"),
    1000.0: ("m", "meter"),
    25.4: ("in", "inch", "inche", '"'),
    1e-3: ("um", "\N{MICRO SIGN}m", "\N{GREEK SMALL LETTER MU}m", "micron", "micrometer"),
    1e-6: ("nm", "nanometer"),
}
_UNITS = {name: factor for factor, names in _NAMES.items() for name in names}


def arranged(array: np.ndarray, spatial: Sequence[int], name: str) -> np.ndarray:
    """A view (x, y, z), or (x, y, z, c) if an axis that is not of space is longer than 1.

    Args:
        spatial: the axes of space, x first; those that are missing of three become 1 long.
        name: the file, for messages.

    Raises:
        PromptsegError: more than three axes are of space, or more than one other axis is longer than 1.
    """
    others = [axis for axis in range(array.ndim) if axis not in spatial]
    several = [axis for axis in others if array.shape[axis] > 1]
    if len(spatial) > 3 or len(several) > 1:
        raise TOO_MANY_DIMENSIONS.error(f"{name} has the shape {shown(array.shape)}")
    single = [axis for axis in others if axis not in several]
    view = array.transpose(*spatial, *several, *single)
    return np.expand_dims(view.squeeze(tuple(range(view.ndim - len(single), view.ndim))), tuple(range(len(spatial), 3)))


def millimetres(unit: str, name: str) -> float:
    """What turns a length in a unit into mm; NaN, with a warning, if the unit is none of length.

    Args:
        unit: its sign or its name; nothing is taken for mm.
        name: the file, for messages.
    """
    factor = _UNITS.get(unit.strip().lower().removesuffix("s").replace("metre", "meter"))
    if factor is None:
        logger.warning("%s gives its spacing in %s, which is no unit of length: it is not used", name, unit)
        return float("nan")
    return factor
