"""Scores of predicted masks against the truth: every metric of every mask that a method gave."""

import logging
from collections.abc import Collection, Iterator, Mapping
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
from promptseg.score.metrics import METRICS
from promptseg.score.surfaces import Comparison, Tolerance
from promptseg.score.tables import SCORES, SCORES_OF_USER

logger = logging.getLogger(__name__)


def score_masks(
    predictions: np.ndarray, truth: np.ndarray, spacing: tuple[float, float] | None, tolerance: Tolerance
) -> dict[str, np.ndarray]:
    """Scores of several predictions of one object.

    Args:
        predictions: (n, h, w) bool.
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


def _failed(keys: Mapping[str, Any], group: pd.DataFrame) -> dict[str, Any]:
    first = group.iloc[0]
    selection = first["selection"] if isinstance(first["selection"], str) else "first"
    return {**keys, **_identity(first), "selection": selection, "status": first["status"]}


def _identity(row: pd.Series) -> dict[str, Any]:
    named = {name: row[name] if isinstance(row[name], str) else None for name in ("protocol", "switch")}
    return {**named, "mode": row["mode"], "step": int(row["step"])}


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
    rows: list[dict[str, Any]] = []
    good = predictions[predictions["status"] == "ok"]
    for _, group in predictions[predictions["status"] != "ok"].groupby(
        ["protocol", "switch", "mode", "step", "selection"], dropna=False, sort=False
    ):
        rows.append(_failed(keys, group))
    if good.empty:
        return rows
    # The same mask often comes back (a trajectory that stands still, one candidate chosen by two selections).
    codes = good["rle"].map(lambda code: code["counts"])
    unique = codes.drop_duplicates()
    decoded = np.stack([masks.decode(good.loc[index, "rle"]) for index in unique.index])
    values = pd.DataFrame(score_masks(decoded, truth, image.spacing, tolerance), index=unique.to_numpy())
    keys = {**keys, "distance_unit": "mm" if image.spacing else "px"}
    single = good["mode"].isin(SINGLE_MODES)
    for _, group in good[single].groupby("mode", sort=False):
        scores = values.loc[codes[group.index]]
        for selection, position in choices(group["score"].to_numpy(), scores["iou"].to_numpy(), several):
            identity = _identity(group.iloc[position])
            rows.append({**keys, **identity, "selection": selection, "status": "ok", **scores.iloc[position]})
    for index, row in good[~single].iterrows():
        scores = values.loc[codes[index]]
        rows.append({**keys, **_identity(row), "selection": row["selection"], "status": "ok", **scores})
    return rows


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
            table.write(rows)
        image_table = read_table(stream.images, IMAGES, ["image_id", "case_id", "status"])
        failed = image_table[image_table["status"] != "ok"] if stream.begins else image_table[:0]
        if len(failed):
            logger.warning("%d of %d images of %s could not be used", len(failed), len(image_table), dataset)
        table.write(
            {**keys, "image_id": row.image_id, "case_id": row.case_id, "status": row.status}
            for row in failed.itertuples()
        )
