"""Whether two presets order the methods alike."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from promptseg.protocols.comparison.values import Place, Values, by_key, comparable, interval, places


def orders(values: np.ndarray) -> np.ndarray:
    """(..., pairs) int8 of (..., methods) values, higher better: 1 where the first of a pair is better, -1, or 0."""
    first, second = np.triu_indices(values.shape[-1], 1)
    return np.sign(values[..., first] - values[..., second]).astype(np.int8)


def tau_b(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of two (..., pairs) orders, see `orders`; NaN where one of them tells nothing apart.

    M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33 (1945).
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = (one * other).sum(axis=-1, dtype=float) / np.sqrt(
            (one != 0).sum(axis=-1, dtype=float) * (other != 0).sum(axis=-1, dtype=float)
        )
    return found


def agreement(values: Sequence[Values], rivals: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of AGREEMENT: every two presets that were asked about the same, for each dataset and all.

    Variants are left out (protocol_effects.csv has them) but where a preset has nothing else. Both presets have the
    same patients in each resample.
    """
    shown = [
        (key, [one for one in of_key if one.method in rivals])
        for key, of_key in by_key(values)
        if not key[1] or "takes" in of_key[0].declaration
    ]
    for (key, one), (other_key, other) in combinations(shown, 2):
        if key[2] == other_key[2]:
            for place in [place for place in places(one) if place in places(other)]:
                yield from _compared(one, other, place)


def _compared(one: Sequence[Values], other: Sequence[Values], place: Place) -> Iterator[dict[str, Any]]:
    names = [name for name in _ranked(one, place) if name in _ranked(other, place)]
    if len(names) < 2:
        return
    sides = [[next(value for value in side if value.method == name) for name in names] for side in (one, other)]
    found = [orders(np.array([value.signs[0] * value.means[place][0] for value in side])) for side in sides]
    pairs = found[0].shape[-1]
    resampled = [_resampled(side, place) for side in sides]
    taus = shares = None
    if resampled[0] is not None and resampled[1] is not None:
        taus = tau_b(resampled[0], resampled[1])[:, None]
        shares = (resampled[0] * resampled[1] < 0).mean(axis=-1)[:, None]
    changed = int((found[0] * found[1] < 0).sum())
    (tau_low,), (tau_high,) = interval(taus, 1)
    (low,), (high,) = interval(shares, 1)
    values = [{value.method: value.signs[0] * value.means[place][0] for value in side} for side in sides]
    best = [{name for name, value in of.items() if value == max(of.values())} for of in values]
    cases = {(name, case) for side in sides for name, case in _cases(side[0], place)}
    yield {
        **dict(zip(("preset", "variant", "on"), one[0].key, strict=True)),
        **dict(zip(("b_preset", "b_variant"), other[0].key[:2], strict=True)),
        **dict(zip(("level", "dataset"), place, strict=True)),
        "n_methods": len(names),
        "n_pairs": pairs,
        "n_changed": changed,
        "changed": changed / pairs,
        "tau": float(tau_b(*found)),
        "tau_ci_low": tau_low,
        "tau_ci_high": tau_high,
        "changed_ci_low": low,
        "changed_ci_high": high,
        "same_best": "yes" if best[0] & best[1] else "no",
        "n_patients": len(cases),
    }


def _ranked(side: Sequence[Values], place: Place) -> list[str]:
    """Methods that have a value of what decides, in all datasets of the place."""
    with_place = [value for value in side if place in value.means]
    return [value.method for value, has in zip(with_place, comparable(with_place, place)[:, 0], strict=True) if has]


def _cases(value: Values, place: Place) -> set[tuple[str, str]]:
    rows = value.units if place[0] == "all" else value.of_dataset(place[1])
    return set(zip(rows["dataset"].astype(str), rows["case_id"].astype(str), strict=True))


def _resampled(side: Sequence[Values], place: Place) -> np.ndarray | None:
    """(resamples, pairs) orders; None if one of the methods has no resamples."""
    if any(place not in value.resampled for value in side):
        return None
    return orders(np.stack([value.signs[0] * value.resampled[place][:, 0] for value in side], axis=-1))
