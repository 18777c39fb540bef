"""How much the value of a method depends on who clicks: groups of people that a preset has as variants."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from promptseg.config.presets import groups_of
from promptseg.protocols.comparison.values import Place, Values, interval

GROUPS = "groups"  # stands for a variant in the rows that sum up all groups


def spread(values: np.ndarray) -> np.ndarray:
    """(...) standard deviation over mean of (groups, ...) values: NSR of emb-ai/rclicks e20bf76."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(values.std(axis=0) / values.mean(axis=0))


def group_lines(
    values: Sequence[Values], presets: Mapping[str, Mapping[str, Any]], order: Sequence[Place]
) -> Iterator[dict[str, Any]]:
    """Rows of PROTOCOLS with `spread` of each summary over the groups of a preset, as `<summary>_nsr`; 0 is best.

    Args:
        presets: declarations by name.
        order: places that may have rows.
    """
    for name, preset in presets.items():
        names = groups_of(preset)
        own = [one for one in values if one.key[0] == name and one.key[1] in names]
        for key in dict.fromkeys((one.key[2], one.method) for one in own):
            groups = [one for one in own if (one.key[2], one.method) == key]
            for place in order:
                if len(groups) == len(names) > 1 and all(place in one.means for one in groups):
                    yield from _of_method(name, groups, place)


def _of_method(name: str, groups: Sequence[Values], place: Place) -> Iterator[dict[str, Any]]:
    first = groups[0]
    size = len(first.names)
    resampled = None
    if all(place in one.resampled for one in groups):
        resampled = spread(np.array([one.resampled[place] for one in groups]))
    found, (low, high) = spread(np.array([one.means[place] for one in groups])), interval(resampled, size)
    units = first.units if place[0] == "all" else first.of_dataset(place[1])
    for index, summary in enumerate(first.names):
        yield {
            "preset": name,
            "variant": GROUPS,
            "on": first.key[2],
            "level": place[0],
            "dataset": place[1],
            "method": first.method,
            "summary": f"{summary}_nsr",
            "decides": "no",
            "value": found[index],
            "ci_low": low[index],
            "ci_high": high[index],
            "best": 0.0,
            "better": "lower",
            "rank": np.nan,
            "n": len(groups),
            "n_patients": units["case_id"].nunique(),
            "n_left_out": 0,
            "n_failed": 0,
            "n_cut": 0,
        }
