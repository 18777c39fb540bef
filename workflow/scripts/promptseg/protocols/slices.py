"""Which slices of an object are prompted at first."""

from collections.abc import Callable, Mapping

import numpy as np

from promptseg.volumes.routes.choice import Areas, every_fourth, first, largest, median, middle, middle_of_range

VOLUME, LINSPACE = "volume", "linspace"


def _all(areas: Areas) -> list[int]:
    """Every slice with the object."""
    return sorted(areas)


RULES: Mapping[str, Callable[[Areas], list[int]]] = {
    "first": first,
    "middle": middle,
    "largest": largest,
    "every_fourth": every_fourth,
    "median": median,
    "middle_of_range": middle_of_range,
    "all": _all,
}


def prompted(truth: np.ndarray, rule: str, count: int) -> list[int]:
    """Numbers of the prompted slices, in order.

    Args:
        truth: (d, h, w) bool, not empty.
        rule: a key of RULES; `range`: all from the first slice with the object to the last; `linspace`: so many evenly
            spaced ones of that range, at most as many as have the object, fractions cut off. A slice without the object
            gives way to the nearest with it, the lower of two (MIC-DKFZ/radioactive 1796386, prompts/prompt_utils.py).
    """
    sizes = truth.sum(axis=(1, 2))
    order = np.flatnonzero(sizes)
    low, high = int(order[0]), int(order[-1])
    if rule == "range":
        return list(range(low, high + 1))
    if rule == LINSPACE:
        chosen = np.linspace(low, high, min(count, len(order)), dtype=int).tolist()
    else:
        chosen = RULES[rule]({int(z): int(sizes[z]) for z in order})
    return sorted({int(order[np.abs(order - z).argmin()]) for z in chosen})
