"""trust.csv and trust_curves.csv: for each confidence how well it orders the masks of a method."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from promptseg.analysis.trust.levels import Levels
from promptseg.analysis.trust.measures import BASE, COVERAGES, DISCARDED, FAILURES, contributions, ideal, measures
from promptseg.analysis.trust.objects import NAMES, Masks, Patients
from promptseg.core.vocabulary import COMPARED_CLICKS, ITERATIVE

Lines = list[dict[str, Any]]
Ideals = dict[bytes, tuple[np.ndarray, np.ndarray]]  # by the places of masks: several confidences have the same ones


def compared(setting: Mapping[str, Any]) -> bool:
    """Whether a setting is one of those of the longer tables."""
    return setting["mode"] != ITERATIVE or setting["step"] in COMPARED_CLICKS


def order_lines(masks: Masks, patients: Patients) -> tuple[Lines, Lines]:
    """Rows of TRUST_MEANS and of TRUST_CURVES, of one setting of a method; none of a confidence that no mask has."""
    means, curves = [], []
    ideals: Ideals = {}
    for name in NAMES:
        lines = _lines(masks, patients, name, ideals)
        means += [line | {"confidence": name} for line in lines]
        if compared(masks.setting):
            curves += [line | {"confidence": name} for line in _curves(lines)]
    return means, curves


def _lines(masks: Masks, patients: Patients, name: str, ideals: Ideals) -> Lines:
    iou, confidence = (masks.rows[column].to_numpy(float) for column in ("iou", name))
    known = ~np.isnan(confidence)
    levels = Levels(masks, patients, measures, _curve if compared(masks.setting) else lambda _: {})
    for unit in masks.units:
        at = unit.at[known[unit.at]]
        if len(at):
            if at.tobytes() not in ideals:
                ideals[at.tobytes()] = ideal(iou[at])
            area, best = ideals[at.tobytes()]
            others = dict(zip((f"best_{share}" for share in COVERAGES), best, strict=True))
            others |= {f"below_{percent}": (iou[at] < limit).mean() for percent, limit in FAILURES.items()}
            others["n_without"] = len(unit.at) - len(at)
            levels.add(unit, at, contributions(iou[at], confidence[at], area), **others)
    lines = levels.rows()
    for line in lines:
        for percent in DISCARDED:
            line[f"gain_{percent}_ideal"] = most = line[f"best_{100 - percent}"] - line["iou"]
            line[f"gain_{percent}_share"] = line[f"gain_{percent}"] / most if most > 1e-9 else np.nan
    return lines


def _curve(base: np.ndarray) -> dict[str, np.ndarray]:
    return {f"risk_{share}": 1 - base[..., BASE.index(f"kept_{share}")] for share in COVERAGES}


def _curves(lines: Lines) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line["level"] == "task":
            continue
        for share in COVERAGES:
            ends = {f"ci_{end}": line[f"risk_{share}_ci_{end}"] for end in ("low", "high")}
            values = {"coverage": share / 100, "risk": line[f"risk_{share}"], "risk_ideal": 1 - line[f"best_{share}"]}
            yield line | values | ends
