"""trust_pairs.csv: which of two confidences orders the same masks better."""

import itertools

import numpy as np

from promptseg.analysis.trust.levels import Levels
from promptseg.analysis.trust.measures import Order, aurc
from promptseg.analysis.trust.objects import NAMES, Masks, Patients
from promptseg.analysis.trust.tables import RANDOM
from promptseg.analysis.trust.tabulate import Lines

Pairs = list[tuple[str, str]]


def pair_lines(masks: Masks, patients: Patients) -> Lines:
    """Rows of TRUST_PAIRS, of one setting of a method: each pair of confidences, and each against a random order."""
    known = masks.rows[NAMES].notna().to_numpy()
    places = dict(zip(NAMES, known.T, strict=True)) | {RANDOM: np.ones(len(known), bool)}
    alike: dict[bytes, Pairs] = {}  # pairs of which the same masks have both
    for a, b in itertools.combinations(places, 2):
        if (places[a] & places[b]).any():
            alike.setdefault((places[a] & places[b]).tobytes(), []).append((a, b))
    return [line for both, pairs in alike.items() for line in _lines(masks, patients, both, pairs)]


def _lines(masks: Masks, patients: Patients, both: bytes, pairs: Pairs) -> Lines:
    risks, common = 1 - masks.rows["iou"].to_numpy(float), np.frombuffer(both, bool)
    names = list(dict.fromkeys(itertools.chain(*pairs)))
    values = {name: masks.rows[name].to_numpy(float) for name in names if name != RANDOM}
    column = {name: place for place, name in enumerate(names)}

    def measured(base: np.ndarray) -> dict[str, np.ndarray]:
        areas = {name: base[..., place] for name, place in column.items()}
        return areas | {f"{a}-{b}": areas[a] - areas[b] for a, b in pairs}

    levels = Levels(masks, patients, lambda _: {}, measured)
    for unit in masks.units:
        at = unit.at[common[unit.at]]
        if len(at):
            areas = {name: aurc(risks[at], Order.by(confidence[at])) for name, confidence in values.items()}
            areas[RANDOM] = risks[at]
            levels.add(unit, at, np.column_stack([areas[name] for name in names]))
    lines = [line for line in levels.rows() if line["level"] != "task"]
    ends = {"difference": "", "difference_ci_low": "_ci_low", "difference_ci_high": "_ci_high"}
    return [
        line
        | {"a": a, "b": b, "aurc_a": line[a], "aurc_b": line[b]}
        | {name: line[f"{a}-{b}{end}"] for name, end in ends.items()}
        for line in lines
        for a, b in pairs
    ]
