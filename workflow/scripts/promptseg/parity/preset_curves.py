"""Curves over clicks, pooled slices and matched lesions of presets against recorded answers of the official code."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from promptseg.config.presets import variants
from promptseg.parity.comparison import Comparison
from promptseg.parity.packed import Packed
from promptseg.parity.preset_sums import CLOSE, EXACT, Preset, Presets, near, pair, rows_of, step
from promptseg.protocols.averaging import dataset_means, units
from promptseg.protocols.matching import qualities
from promptseg.protocols.metrics import measure
from promptseg.protocols.slices import prompted
from promptseg.protocols.summaries import numbers
from promptseg.volumes.scores.lesions import Lesions

_CURVES = ("full", "stopped", "special")


def _iou(prediction: np.ndarray, truth: np.ndarray, preset: Preset) -> float:
    """Of (h, w) masks; pixels where the truth is -1 count for neither."""
    row = measure(pair(prediction & (truth >= 0), truth == 1), {"iou": preset["metrics"]["iou"]})
    return float(row["iou"])


def check_ritm(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """IoU of single predictions and along clicks, which are equal in single precision; numbers of clicks."""
    preset = presets["ritm"]
    for name in packed.words("pairs"):
        truth = packed[f"{name}/truth"]
        prediction = packed.masks(f"{name}/pred", truth.shape)
        near(comparison, "IoU", name, _iou(prediction, truth, preset), packed[f"{name}/iou"], EXACT)
        answers: Any = None
        for mode in ("t90", "t85", "all", "five"):
            if f"{name}/{mode}/ious" in packed:
                if answers is None:
                    answers = packed.masks(f"{name}/maps_mask", truth.shape)
                theirs = packed[f"{name}/{mode}/ious"]
                listed = np.array([_iou(mask, truth, preset) for mask in answers[: len(theirs)]], np.float32)
                near(comparison, "IoU lists", f"{name} {mode}", listed, theirs, 0.0)
        comparison.count("pairs")
    for name in _CURVES:
        curves, lengths = _curves(packed, name)
        check_clicks(packed, name, packed["targets"].tolist(), curves, lengths, preset, comparison)
        for kind, what in (("noc", "noc90_max10"), ("over_max", "over90_max10")):
            ours = _counted(curves, lengths, _declared(preset, kind) | {"threshold": 0.9, "cap": 10}, kind)
            near(comparison, what, name, ours, packed[f"curves_{name}/{what}"], EXACT)
        theirs = packed[f"curves_{name}/miou"]
        summaries = [{"metric": "iou", "kind": "at_shortest", "step": click + 1} for click in range(len(theirs))]
        miou = np.column_stack([numbers(curves, summary, lengths) for summary in summaries]).mean(axis=0)
        near(comparison, "mIoU", name, miou, theirs, 0.0)
        comparison.exact("shortest curve", name, int(lengths.min()) - 1, len(theirs))


def _curves(packed: Packed, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Curves in single precision as recorded, behind the empty start, and the steps that they have with it."""
    ious = packed[f"curves_{name}/ious"]
    lengths = packed[f"curves_{name}/lengths"].astype(int)
    behind = np.arange(ious.shape[1]) >= lengths[:, None]
    start = np.zeros(len(ious), ious.dtype)
    return np.column_stack([start, np.where(behind, ious.dtype.type(np.nan), ious)]), lengths + 1


def _declared(preset: Preset, kind: str) -> dict[str, Any]:
    return next(dict(summary) for summary in preset["summaries"] if summary["kind"] == kind)


def _counted(curves: np.ndarray, lengths: np.ndarray, summary: Mapping[str, Any], kind: str) -> float:
    found = numbers(curves, summary, lengths)
    return float(found.sum() if kind == "over_max" else found.mean())


def check_clicks(
    packed: Packed,
    name: str,
    thresholds: list[float],
    curves: np.ndarray,
    lengths: np.ndarray,
    preset: Preset,
    comparison: Comparison,
) -> None:
    """Mean and standard deviation of the number of clicks, and how many objects reach the cap."""
    for index, threshold in enumerate(thresholds):
        where = f"{name} {threshold:.2f}"
        for kind in ("noc", "over_max"):
            summary = _declared(preset, kind) | {"threshold": threshold}
            theirs = packed[f"curves_{name}/{kind}"][index]
            near(comparison, kind, where, _counted(curves, lengths, summary, kind), theirs, EXACT)
            if kind == "noc" and f"curves_{name}/noc_std" in packed:
                spread = numbers(curves, summary, lengths).std()
                near(comparison, "noc_std", where, spread, packed[f"curves_{name}/noc_std"][index], EXACT)


def check_rclicks(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """IoU and boundary IoU, numbers of clicks, areas."""
    preset = presets["rclicks"]
    for name in packed.words("pairs"):
        truth = packed[f"{name}/truth"]
        prediction = packed.masks(f"{name}/pred", truth.shape)
        near(comparison, "IoU", name, _iou(prediction, truth, preset), packed[f"{name}/iou"], EXACT)
        metrics = {"boundary_iou": preset["metrics"]["boundary_iou"]}
        ours = measure(pair(prediction, truth == 1), metrics)["boundary_iou"]
        near(comparison, "boundary IoU", name, ours, packed[f"{name}/boundary_iou"], EXACT)
        comparison.count("pairs")
    # The curves of the other names are those of the fixture of RITM, where it lies beside this one.
    beside = packed.path.with_name("ritm.npz")
    for name in _CURVES:
        source = packed if f"curves_{name}/lengths" in packed else Packed(beside) if beside.is_file() else None
        if source is None:
            comparison.note(f"curves_{name} has no curves here, and ritm.npz is not there")
            continue
        curves, lengths = _curves(source, name)
        check_clicks(packed, name, [0.8, 0.9], curves, lengths, preset, comparison)
        if f"curves_{name}/auc" in packed:
            areas = numbers(curves, _declared(preset, "auc"), lengths)
            near(comparison, "areas", name, areas, packed[f"curves_{name}/auc"], 0.0)
            alike = curves[:, 1:] == packed[f"curves_{name}/ious"]
            comparison.rule("curves", name, None if alike.all() else "they are not those of RITM")


def check_radioactive(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """Dice along the loop, which a perfect answer ends, and the number of the step that is noted with it."""
    preset = presets["radioactive"]
    shape = tuple(packed["shape"].tolist())
    for volume in packed.words("volumes"):
        if f"{volume}/answers" not in packed:
            continue
        truth = packed.masks(f"{volume}/truth", shape)
        answers = packed.masks(f"{volume}/answers", shape)
        perfect = [number for number, mask in enumerate(answers) if np.array_equal(mask, truth)]
        last = min([*perfect, preset["prompts"]])
        places = [min(number, last) for number in range(preset["prompts"] + 1)]
        steps = [step(number, answers[place]) for number, place in enumerate(places)]
        ours = [row["dice"] for row in rows_of(volume, "", truth, steps, preset, (1, 1, 1))]
        for loop in _loops(packed, volume):
            where = f"{volume} {loop}"
            near(comparison, "Dice", where, ours, packed[f"{volume}/{loop}/dice"], EXACT)
            noted = [max(place - 1, 0) for place in places]
            comparison.exact("n_step", where, noted, packed[f"{volume}/{loop}/n_step"].tolist())
            comparison.exact("calls", where, last + 1, int(packed[f"{volume}/{loop}/calls"]))
        comparison.count("volumes")


def _loops(packed: Packed, volume: str) -> Iterator[str]:
    for name in packed.starting(volume):
        if match := re.fullmatch(rf"{re.escape(volume)}/(\w+)/dice", name):
            yield match[1]


def check_sam2medical(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """Mean IoU of all slices of all volumes by class, entries counted twice, and where propagation starts."""
    declared = variants(presets["sam2_medical"])
    ways = {"forward": declared[""], "both": declared["bidirectional"]}
    shape = tuple(packed["shape"].tolist())
    for name in packed.words("sets"):
        volumes, classes = packed.words(f"{name}/names"), int(packed[f"{name}/classes"])
        answers = packed.masks(f"{name}/answers", shape)
        for way, declaration in ways.items():
            where = f"{name} {way}"
            if str(packed[f"{name}/{way}/failed"]):
                comparison.note(f"{where}: the script stopped")
                continue
            rows, calls = [], []
            lengths = np.zeros((len(volumes), classes), int)
            for number, volume in enumerate(volumes):
                for label, truth in enumerate(packed.masks(f"{volume}/labels", shape)[:classes]):
                    if not truth.any():
                        continue
                    (start,) = prompted(truth, declaration["start"]["slices"], 1)
                    calls += [[0, 0]] if declaration["passes"] == "forward" else [[start, 1], [start + 1, 0]]
                    answer = step(0, answers[number, label], (start,))
                    rows += rows_of(volume, str(label), truth, [answer], declaration, (1, 1, 1))
                    lengths[number, label] = rows[-1]["entries"]
            of_units = units(pd.DataFrame(rows), declaration)
            printed = [
                dataset_means(of_units[of_units["task"] == str(label)], ["iou"], declaration)["iou"]
                if (of_units["task"] == str(label)).any()
                else np.nan
                for label in range(classes)
            ]
            near(comparison, "printed IoU", where, printed, packed[f"{name}/{way}/printed"])
            comparison.exact("lengths", where, lengths.tolist(), packed[f"{name}/{way}/lengths"].tolist())
            comparison.exact("calls", where, calls, packed[f"{name}/{way}/calls"].tolist())
        comparison.count("data sets")


_CONFIG = re.compile(r"(naive|bipartite)_(iou|dsc)(\d+)(_many)?")


def check_panoptica(packed: Packed, _: Presets, comparison: Comparison) -> None:
    """Matching of components and what follows from it."""
    keys = packed.words("keys")
    for name in packed.words("pairs"):
        flat = name.startswith("2d/")
        shape = tuple(packed["shape2d" if flat else "shape"].tolist())
        both = pair(packed.masks(f"{name}/pred", shape), packed.masks(f"{name}/truth", shape))
        for config in packed.words("configs"):
            match = _CONFIG.fullmatch(config)
            if match is None:
                comparison.fail(name, f"{config} is no configuration that is known")
                continue
            rule: dict[str, Any] = {
                "match": "greedy" if match[1] == "naive" else "optimal",
                "by": "iou" if match[2] == "iou" else "dice",
                "threshold": int(match[3]) / 100,
                "merge": bool(match[4]),
            }
            connectivity = 6 if flat else 26
            ours = qualities(Lesions.of(*both.labelled(connectivity)), **rule)
            options = {**rule, "connectivity": connectivity}
            metrics = measure(both, dict.fromkeys(("rq", "sq", "pq", "sq_dsc", "pq_dsc"), options))
            overall = measure(both, {"dice": {}, "iou": {}})
            ours |= {**metrics, "global_dsc": overall["dice"], "global_iou": overall["iou"]}
            theirs = packed[f"{name}/{config}"]
            near(comparison, "values", f"{name} {config}", [ours[key] for key in keys], theirs, CLOSE)
        comparison.count("pairs")
