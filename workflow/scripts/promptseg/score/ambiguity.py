"""How the three masks that a method gives for one prompt compare with one another, with the truth, and with the region
that grows from the same point.

The study remarks that the masks of which SAM is most confident resemble those of region growing; here it is measured.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.core.tables import open_table, read_provenance, read_table
from promptseg.core.vocabulary import STUDY_MODES
from promptseg.methods import Method, Prompt, Query
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.objects import ObjectStream
from promptseg.prompts.modes import read_prompts
from promptseg.score.tables import AMBIGUITY

CANDIDATES = 3


def compare_candidates(codes: Sequence[dict[str, Any]], truth: np.ndarray, grown: np.ndarray | None) -> dict[str, Any]:
    """IoU of three masks with one another, with the truth and with a region grown from the point.

    Args:
        codes: of the masks, see `masks.encode`.
        truth: (h, w) bool.
        grown: (h, w) bool, or None where the prompt is not a single point.

    Returns:
        Columns iou_01, iou_02, iou_12, true_0 to true_2 and, with `grown`, grown_0 to grown_2 of
        score.tables.AMBIGUITY. Two empty masks have an IoU of 1.
    """
    others = [masks.encode(mask) for mask in (truth, *(() if grown is None else (grown,)))]
    everyone = [*codes, *others]
    overlap = masks.overlaps(everyone, everyone)
    pairs = {f"iou_{a}{b}": overlap[a, b] for a, b in ((0, 1), (0, 2), (1, 2))}
    names = ("true", "grown")[: len(others)]
    return pairs | {
        f"{name}_{k}": overlap[k, CANDIDATES + place] for place, name in enumerate(names) for k in range(CANDIDATES)
    }


def _grown(region_growing: Method, encoded: Any, prompt: Mapping[str, Any]) -> np.ndarray:
    points = np.array([list(point) for point in prompt["points"]], np.int32)
    labels = np.asarray(prompt["point_labels"], np.int8)
    return region_growing.predict([Query(encoded, Prompt(points, labels))])[0].masks[0]


def _rows(
    predictions: pd.DataFrame,
    prompts: Mapping[str, Mapping[str, Any]],
    truth: np.ndarray,
    region_growing: Method,
    encoded: Any,
    single: bool,
) -> list[dict[str, Any]]:
    """One row per mode that one object was prompted in; without those of a single mask, if there may be some."""
    rows = []
    for mode, group in predictions.groupby("mode", sort=False):
        if single and len(group) == 1:
            continue
        codes = [{**code, "size": list(code["size"])} for code in group.sort_values("candidate")["rle"]]
        if len(codes) != CANDIDATES:
            raise PromptsegError(
                f"{predictions['object_id'].iloc[0]} {mode}: {len(codes)} masks for one prompt, not {CANDIDATES}. "
                "`ambiguity: true` is for methods that give three; remove it from the method's entry."
            )
        grown = _grown(region_growing, encoded, prompts[mode]) if mode == "mode1" else None
        predicted = {f"predicted_{k}": score for k, score in enumerate(group.sort_values("candidate")["score"])}
        rows.append({"mode": mode, **predicted, **compare_candidates(codes, truth, grown)})
    return rows


def write_ambiguity(
    stream: ObjectStream,
    prompts: Path,
    predictions: Path,
    output: Path,
    region_growing: Method,
    *,
    dataset: str,
    method: str,
) -> None:
    """Write score.tables.AMBIGUITY of one method on one dataset: every object and mode 1 to 5 that it answered.

    Prompts for which its authors ask for a single mask have no row where they were asked so (`multimask: official`).

    Args:
        region_growing: a method that takes points.

    Raises:
        PromptsegError: the method did not give three masks for a prompt.
    """
    wanted = [("mode", "in", STUDY_MODES), ("status", "==", "ok")]
    answered = read_table(predictions, PREDICTIONS, filters=wanted)
    by_object = dict(tuple(answered.groupby("object_id", sort=False)))
    asked = read_prompts(prompts, by_object)
    origin = read_provenance(predictions)
    single = origin.get("multimask") == "official"
    with open_table(output, AMBIGUITY, origin) as table:
        for image, objects in progress(stream, len(stream), f"ambiguity {method} {dataset}", "image"):
            encoded = region_growing.encode(image.pixels)
            table.gather(
                {"dataset": dataset, "method": method, **item.keys, **row}
                for item in objects
                if (name := item.row.object_id) in by_object
                for row in _rows(by_object[name], asked[name], item.mask, region_growing, encoded, single)
            )
