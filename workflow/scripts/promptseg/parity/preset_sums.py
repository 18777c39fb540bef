"""Metrics, summaries and averaging of presets against recorded answers of the official code.

What is compared is the declaration of a preset in config/protocols.yaml: each check measures the recorded masks as
`score_protocols` does, and sums the scores up as the tables do.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from promptseg.config.presets import variants
from promptseg.core.stacks import MaskStack
from promptseg.parity.comparison import Comparison
from promptseg.parity.packed import Packed
from promptseg.protocols.averaging import units
from promptseg.protocols.metrics import measure
from promptseg.protocols.scoring import ObjectScores, Step
from promptseg.protocols.subject import Pair, Subject, plain_grid

Preset: TypeAlias = Mapping[str, Any]
Presets: TypeAlias = Mapping[str, Preset]

# The largest absolute differences, see the README of the fixtures.
EXACT, CLOSE, VOLUME, AREA = 1e-12, 1e-9, 1e-6, 1e-5


def pair(prediction: np.ndarray, truth: np.ndarray, spacing: Sequence[float] = (1.0, 1.0, 1.0)) -> Pair:
    """Both masks as metrics take them; (h, w) bool are volumes of one slice.

    Args:
        spacing: of each axis in mm.
    """
    one, other = (mask.reshape(-1, *mask.shape[-2:]) for mask in (prediction, truth))
    z, y, x = spacing
    return Pair(MaskStack.of(one), Subject(MaskStack.of(other), plain_grid(other.shape, (z, y, x))))


def near(comparison: Comparison, what: str, where: str, ours: Any, theirs: Any, limit: float = CLOSE) -> None:
    """Compare numbers of which some may be missing: NaN, or None, is equal to NaN alone."""
    one, other = (np.atleast_1d(np.array(values, float)) for values in (ours, theirs))
    alike = one.shape == other.shape and np.array_equal(np.isnan(one), np.isnan(other))
    if not alike:
        comparison.fail(where, f"{what} {one.tolist()} instead of {other.tolist()}")
    else:
        known = ~np.isnan(other)
        comparison.numbers(what, where, one[known], other[known], limit)


def rows_of(case: str, task: str, truth: np.ndarray, steps: Sequence[Step], preset: Preset, spacing: Any) -> list[Any]:
    """Rows of PROTOCOL_SCORES of one object of a case."""
    z, y, x = (float(side) for side in spacing)
    subject = Subject(MaskStack.of(truth), plain_grid(truth.shape, (z, y, x)))
    keys = {"dataset": "", "task": task, "case_id": case, "image_id": case, "object_id": f"{case}/{task}"}
    found = ObjectScores(subject).rows(steps, preset["metrics"], preset["conditions"]["failed"])
    return [{**keys, **row} for row in found]


def with_steps(preset: Preset, steps: Iterable[int]) -> dict[str, Any]:
    """A preset that also tells the value of each of its metrics at each step, as `<metric>@<step>`."""
    more = [
        {"name": f"{metric}@{step}", "metric": metric, "kind": "at", "step": step}
        for metric in preset["metrics"]
        for step in steps
    ]
    return {**preset, "summaries": [*preset["summaries"], *more]}


def step(number: int, mask: np.ndarray | None, prompted: Sequence[int] = ()) -> Step:
    """An answer; None: there is none."""
    stack = None if mask is None else MaskStack.of(mask)
    return Step(number, stack, tuple(prompted), False, "ok" if mask is not None else "nothing was written")


def check_cvpr(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """Dice, NSD, areas and final values of cases with several classes."""
    preset = presets["cvpr2025"]
    shape = tuple(packed["shape"].tolist())
    whole = with_steps(preset, range(preset["prompts"] + 1))
    for case in packed.words("cases"):
        values = packed[f"{case}/values"].tolist()
        truths, answers = (packed.masks(f"{case}/{name}", shape) for name in ("gts", "segs"))
        written, boxed = packed[f"{case}/written"].tolist(), bool(packed[f"{case}/box"])
        labels = sorted(value for value, truth in zip(values, truths, strict=True) if truth.any())[1:]
        comparison.exact("classes", case, labels, packed[f"{case}/labels"].tolist())
        rows = []
        for label in labels:
            at = values.index(label)
            steps = [] if boxed else [step(0, np.zeros(shape, bool))]
            for call, there in enumerate(written):
                mask = answers[call if len(answers) > 1 else 0, at] if there else None
                steps.append(step(call + (not boxed), mask))
            rows += rows_of(case, str(label), truths[at], steps, preset, packed[f"{case}/spacing"])
        found = units(pd.DataFrame(rows), whole).iloc[0]
        for metric, name in (("dice", "DSC"), ("nsd", "NSD")):
            ours = [found[f"{metric}@{number}"] for number in range(preset["prompts"] + 1)]
            limit = EXACT if metric == "dice" else CLOSE
            near(comparison, name, case, ours, packed[f"{case}/{name}"], limit)
            for kind in ("AUC", "Final"):
                theirs = packed[f"{case}/{name}_{kind}"]
                near(comparison, f"{name}_{kind}", case, found[f"{name}_{kind}".lower()], theirs, limit)
        comparison.count("cases")


def _header(spacing: np.ndarray) -> tuple[float, float, float]:
    """A spacing of the same volume of a voxel as the script has it, which multiplies a header in single precision."""
    return float(np.prod(spacing.astype(np.float32))), 1.0, 1.0


def check_autopet(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """Dice and the volumes of false positives and negatives, and their areas over the steps."""
    preset = presets["autopet4"]
    shape = tuple(packed["shape"].tolist())
    metrics = preset["metrics"]
    counted = {f"{false}_voxels": metrics[f"{false}_ml"] for false in ("fp", "fn")}

    def values(case: str, spacing: np.ndarray, result: str) -> None:
        truth, prediction = (packed.masks(f"{case}/{name}", shape) for name in ("truth", "pred"))
        row = measure(pair(prediction, truth, _header(spacing)), {**metrics, **counted})
        theirs = packed[f"{result}/result"]
        near(comparison, "Dice", result, row["dice"], theirs[0], EXACT)
        near(comparison, "volumes", result, [row["fp_ml"], row["fn_ml"]], theirs[1:], VOLUME)
        if f"{result}/voxels" in packed:
            ours = [row["fp_voxels"], row["fn_voxels"]]
            near(comparison, "voxels", result, ours, packed[f"{result}/voxels"], 0.0)
        comparison.count("pairs")

    for name in packed.words("pairs"):
        values(name, packed[f"{name}/spacing"], name)
    values("many", np.ones(3), "header")  # the voxel volume is that of the prediction's header, 1 mm
    whole = with_steps(preset, range(preset["prompts"] + 1))
    for case in ("seq", "seq_truth_empty"):
        spacing = _header(packed[f"{case}/spacing"])
        steps = [step(number, mask) for number, mask in enumerate(packed.masks(f"{case}/preds", shape))]
        rows = pd.DataFrame(rows_of(case, "", packed.masks(f"{case}/truth", shape), steps, preset, spacing))
        found = units(rows, whole).iloc[0]
        theirs = packed[f"{case}/steps"]
        for column, metric in enumerate(("dice", "fp_ml", "fn_ml")):
            ours = [found[f"{metric}@{number}"] for number in range(len(theirs))]
            near(comparison, "steps", case, ours, theirs[:, column], VOLUME)
            of_metric = [found[f"{metric}_auc"], found[f"{metric}_final"]]
            near(comparison, "areas", case, of_metric, packed[f"{case}/result"][column::3], AREA)


def check_medsam2(packed: Packed, presets: Presets, comparison: Comparison) -> None:
    """Dice and NSD of label maps by the three scoring scripts: the preset has FLARE22's, its variants the others."""
    declared = variants(presets["medsam2_recist"])
    for case in packed.words("cases"):
        truth, answer, spacing = (packed[f"case/{case}/{name}"] for name in ("truth", "pred", "spacing"))

        def found(variant: str, labels: Iterable[int], case: str = case, maps: Any = (truth, answer, spacing)) -> Any:
            preset = declared[variant]
            rows = [
                row
                for label in labels
                for row in rows_of(case, str(label), maps[0] == label, [step(0, maps[1] == label)], preset, maps[2])
            ]
            return units(pd.DataFrame(rows), preset)

        there = [int(label) for label in np.unique(truth) if label]
        near(comparison, "Dice", f"{case} ct", found("ct_script", there)["dice"], packed[f"case/{case}/ct_dice"])
        theirs = {name: packed[f"case/{case}/{name}"] for name in ("flare_dsc", "flare_nsd")}
        organs = found("", range(1, len(theirs["flare_dsc"]) + 1))
        lite = found("lite_medsam", range(1, max(there, default=0) + 1))
        for metric, name in (("dice", "dsc"), ("nsd", "nsd")):
            near(comparison, name, f"{case} FLARE", organs[metric], theirs[f"flare_{name}"])
            near(comparison, name, f"{case} LiteMedSAM", lite[metric], packed[f"case/{case}/lite_{name}"])
        comparison.count("cases")
