"""Scores of predicted masks against the truth: every metric of every mask that a method gave."""

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.progress import progress
from promptseg.core.tables import open_table, read_provenance, read_table
from promptseg.core.vocabulary import ALL_MODES, LINE_MODES, SINGLE_MODES
from promptseg.predict.tables import PREDICTIONS, PREDICTIONS_OF_USER
from promptseg.preprocess.images import LabelledImage
from promptseg.preprocess.objects import ObjectStream
from promptseg.preprocess.tables import IMAGES
from promptseg.prompts.modes import applies
from promptseg.score.compared import Tolerance
from promptseg.score.metrics import METRICS
from promptseg.score.surfaces import Comparison
from promptseg.score.tables import SCORES, SCORES_OF_USER

logger = logging.getLogger(__name__)


def score_masks(
    predictions: Sequence[Mapping[str, Any]],
    truth: np.ndarray,
    spacing: tuple[float, float] | None,
    tolerance: Tolerance,
) -> dict[str, np.ndarray]:
    """Scores of several predictions of one object.

    Args:
        predictions: the n run-length codes, see `masks.encode`.
        truth: (h, w) bool.
        spacing: (y, x) in mm, or None: distances are then in pixels.

    Returns:
        By the name of each metric (n,) float64. For empty masks see `promptseg.score.metrics`.
    """
    comparison = Comparison(predictions, truth, spacing, tolerance)
    return {metric.name: metric.values(comparison) for metric in METRICS}


def choices(scores: np.ndarray, overlaps: np.ndarray, several: bool) -> list[tuple[str, int]]:
    """(selection, position) for the k candidates of one prompt of modes 1 to 5.

    Args:
        scores: (k,) the method's own estimates, NaN where it has none.
        overlaps: (k,) IoU with the truth.
        several: whether the method gives several masks for some prompts.
    """
    chosen = [("first", 0)]
    if several or len(scores) > 1:  # of a method that can give several masks, all selections take a single one
        if not np.isnan(scores).all():
            chosen.append(("best_score", masks.best_score(scores)))
        chosen.append(("oracle", masks.best_overlap(overlaps)))
    return chosen


# Columns of predictions that say what a row of scores is about.
_IDENTITY = ["protocol", "switch", "mode", "step"]


def score_object(
    predictions: pd.DataFrame,
    truth: np.ndarray,
    image: LabelledImage,
    tolerance: Tolerance,
    keys: Mapping[str, Any],
    *,
    several: bool = False,
) -> list[dict[str, Any]]:
    """Rows of score.tables.SCORES for one object: every mode, step and selection that was predicted.

    Args:
        several: whether the method gives several masks for some prompts.
    """
    columns = {name: predictions[name].tolist() for name in [*_IDENTITY, "selection", "status", "score", "rle"]}
    rows: list[dict[str, Any]] = []
    failed: set[tuple[Any, ...]] = set()
    # The same mask often comes back (a trajectory that stands still, one candidate chosen by two selections).
    codes: dict[str, Mapping[str, Any]] = {}
    prompts: dict[str, list[int]] = {}  # of modes 1 to 5, which have one
    steps: list[int] = []
    about = [_identity(*values) for values in zip(*(columns[name] for name in _IDENTITY), strict=True)]
    for index, status in enumerate(columns["status"]):
        selection = columns["selection"][index]
        if status != "ok":
            named = selection if isinstance(selection, str) else "first"
            key = (*about[index].values(), selection if isinstance(selection, str) else None)
            if key not in failed:
                rows.append({**keys, **about[index], "selection": named, "status": status})
                failed.add(key)
            continue
        codes.setdefault(columns["rle"][index]["counts"], columns["rle"][index])
        if about[index]["mode"] in SINGLE_MODES:
            prompts.setdefault(about[index]["mode"], []).append(index)
        else:
            steps.append(index)
    if not codes:
        return rows
    values = score_masks(list(codes.values()), truth, image.spacing, tolerance)
    places = {code: place for place, code in enumerate(codes)}
    keys = {**keys, "distance_unit": "mm" if image.spacing else "px"}

    def add(index: int, selection: str) -> None:
        place = places[columns["rle"][index]["counts"]]
        scores = {name: float(found[place]) for name, found in values.items()}
        rows.append({**keys, **about[index], "selection": selection, "status": "ok", **scores})

    for indices in prompts.values():
        overlaps = values["iou"][[places[columns["rle"][index]["counts"]] for index in indices]]
        for selection, position in choices(np.array([columns["score"][i] for i in indices]), overlaps, several):
            add(indices[position], selection)
    for index in steps:
        add(index, columns["selection"][index])
    return rows


def _identity(protocol: Any, switch: Any, mode: str, step: int) -> dict[str, Any]:
    """What a row of scores is about; pandas may give NaN for a null."""
    named = {"protocol": protocol, "switch": switch}
    return {
        **{name: value if isinstance(value, str) else None for name, value in named.items()},
        "mode": mode,
        "step": int(step),
    }


def _by_annotator(predictions: pd.DataFrame | None) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The rows of each annotator of an object, with what names them."""
    if predictions is not None:
        for name, own in predictions.groupby("annotator", sort=False):
            yield {"annotator": str(name)}, own


def score(
    stream: ObjectStream,
    predictions: Path,
    output: Path,
    tolerance: Tolerance,
    *,
    dataset: str,
    method: str,
    lines: Collection[str] = (),
    of_user: bool = False,
) -> None:
    """Write scores of one method on one dataset, or on the part of it in `stream` (score.tables.SCORES).

    Every object has a row for every mode it was prompted in, and `not_applicable` at the clicks that the method is not
    asked and in all modes whose prompts it does not take, whether the run has them or not. An image that could not be
    read has one row with its status.

    Args:
        lines: the modes of the run in which lines are drawn; a run without them has no rows for these.
        of_user: whether the predictions are those of a user with annotators (predict.tables.PREDICTIONS_OF_USER): then
            the scores are of each (SCORES_OF_USER), and an object that nobody prompted has no row.

    Raises:
        PromptsegError: the predictions do not say which prompts their method takes.
    """
    origin = read_provenance(predictions)
    if not {"prompt_types", "max_points", "candidates"} <= origin.keys():
        raise PromptsegError(
            f"{predictions} does not say which prompts {method} takes: another version made it. Delete it and run "
            "again."
        )
    keys: dict[str, Any] = {"dataset": dataset, "method": method}
    declared, written = (PREDICTIONS_OF_USER, SCORES_OF_USER) if of_user else (PREDICTIONS, SCORES)
    answered = read_table(predictions, declared)
    # Lines may have been given as points or as a box.
    possible = {mode for mode in ALL_MODES if mode not in LINE_MODES} | (set(lines) - set(answered["mode"]))
    idle = [
        mode
        for mode in ALL_MODES
        if mode in possible and not applies(mode, origin["prompt_types"], origin["max_points"])
    ]
    by_object = dict(tuple(answered.groupby("object_id", sort=False)))
    with open_table(output, written, origin) as table:
        for image, objects in progress(stream, len(stream), f"score {method} {dataset}", "image"):
            rows: list[dict[str, Any]] = []
            for item in objects:
                area = {"area": item.row.area, "relative_area": item.row.area / image.labels.size}
                found = by_object.get(item.row.object_id)
                for who, own in _by_annotator(found) if of_user else [({}, found)]:
                    about = {**keys, **item.keys, **area, **who}
                    if own is not None:
                        several = origin["candidates"] > 1
                        rows += score_object(own, item.mask, image, tolerance, about, several=several)
                    rows += [
                        {**about, "mode": mode, "step": 0, "selection": "first", "status": "not_applicable"}
                        for mode in idle
                    ]
            table.gather(rows)
        image_table = read_table(stream.images, IMAGES, ["image_id", "case_id", "status"])
        failed = image_table[image_table["status"] != "ok"] if stream.begins else image_table[:0]
        if len(failed):
            logger.warning("%d of %d images of %s could not be used", len(failed), len(image_table), dataset)
        table.gather(
            {**keys, "image_id": row.image_id, "case_id": row.case_id, "status": row.status}
            for row in failed.itertuples()
        )
