"""Values under presets, and what these hide, as rows."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from promptseg.core.titles import plain
from promptseg.protocols.comparison.values import Key, Place, Values, by_key, interval, places, ranks
from promptseg.protocols.summaries import best, higher_is_better


def value_lines(values: Sequence[Values], rivals: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of PROTOCOLS without provenance; a method without any value under a preset has them, too, empty."""
    for key, of_key in by_key(values):
        for place in places(of_key):
            placed = ranks(of_key, place, rivals)
            for one in of_key:
                yield from _of_method(one, key, place, placed)


def _of_method(one: Values, key: Key, place: Place, placed: Mapping[str, np.ndarray]) -> Iterator[dict[str, Any]]:
    rows = (
        one.units if place[0] == "all" else one.units[one.units["dataset"] == place[1]] if len(one.units) else one.units
    )
    size = len(one.names)
    means = one.means.get(place, np.full(size, np.nan))
    low, high = interval(one.resampled.get(place), size)
    failed = sum(one.n_failed.values()) if place[0] == "all" else one.n_failed.get(place[1], 0)
    for index, summary in enumerate(one.declaration["summaries"]):
        yield {
            **_named(key, place),
            "method": one.method,
            "summary": summary["name"],
            "decides": "no" if index else "yes",
            "value": means[index],
            "ci_low": low[index],
            "ci_high": high[index],
            "best": best(summary),
            "better": "higher" if higher_is_better(summary) else "lower",
            "rank": placed[one.method][index] if one.method in placed else np.nan,
            "n": len(rows),
            "n_patients": rows["case_id"].nunique() if len(rows) else 0,
            "n_left_out": int(rows[summary["name"]].isna().sum()) if len(rows) else 0,
            "n_failed": failed,
            "n_cut": int(rows["n_cut"].sum()) if len(rows) else 0,
        }


def effect_lines(values: Sequence[Values], rivals: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of EFFECTS without provenance: each variant beside its preset, in the summaries that both have."""
    groups = dict(by_key(values))
    for (preset, variant, on), of_variant in groups.items():
        released = groups.get((preset, "", on))
        if not variant or not released:
            continue
        for place in [place for place in places(released) if place in places(of_variant)]:
            before, after = (ranks(side, place, rivals) for side in (released, of_variant))
            for one in of_variant:
                other = next((value for value in released if value.method == one.method), None)
                if other is not None and place in one.means and place in other.means:
                    yield from _effects(other, one, place, before, after)


def _effects(
    released: Values, one: Values, place: Place, before: Mapping[str, np.ndarray], after: Mapping[str, np.ndarray]
) -> Iterator[dict[str, Any]]:
    shared = [name for name in released.names if name in one.names]
    for name in shared:
        here, there = one.names.index(name), released.names.index(name)
        values = released.means[place][there], one.means[place][here]
        apart = None
        if place in one.resampled and place in released.resampled:
            apart = (one.resampled[place][:, here] - released.resampled[place][:, there])[:, None]
        (low,), (high,) = interval(apart, 1)
        counted, changed = _changed(released, one, place, name)
        yield {
            **_named(one.key, place),
            "effect": one.declaration.get("title", plain(one.key[1])),
            "method": one.method,
            "summary": name,
            "as_released": values[0],
            "as_variant": values[1],
            "difference": values[1] - values[0],
            "difference_ci_low": low,
            "difference_ci_high": high,
            "rank_released": before[one.method][there] if one.method in before else np.nan,
            "rank_variant": after[one.method][here] if one.method in after else np.nan,
            "n": counted,
            "n_changed": changed,
        }


def _changed(released: Values, one: Values, place: Place, name: str) -> tuple[int, int | None]:
    """Units under the preset, and of these the ones whose value or weight is another under the variant.

    None where the variant averages something else, such as cases and not objects.
    """
    keys = ["dataset", "task", "case_id", "image_id", "object_id"]
    before, after = (
        (side.units if place[0] == "all" else side.of_dataset(place[1])).set_index(keys)[[name, "weight"]]
        for side in (released, one)
    )
    if not before.index.isin(after.index).any():
        return len(before), None
    after = after.reindex(before.index)
    equal = np.isclose(before, after, rtol=0, atol=1e-12, equal_nan=True).all(axis=1)
    return len(before), int((~equal).sum())


def _named(key: Key, place: Place) -> dict[str, str]:
    return dict(zip(("preset", "variant", "on", "level", "dataset"), (*key, *place), strict=True))
