"""Zoom-in (Sofiiuk et al. 2022, section 3.4): which part of an image a click model is shown.

Regions of interest ("ROI") are inclusive (first row, last row, first column, last column); clicks are (row, column).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Roi = tuple[int, int, int, int]
Size = tuple[int, int]


@dataclass(frozen=True)
class ZoomIn:
    """How zoom-in works.

    Attributes:
        target_size: size of the network input: an integer for the longest side, (h, w), or None for the ROI's own size.
        skip_clicks: no zoom up to this many clicks. Below zero the whole image is the ROI where no object is known.
        expansion_ratio: size of the ROI relative to that of the object.
        min_crop_size: least height and width of the ROI, in pixels.
        recompute_thresh_iou: the ROI moves if its overlap with the new one is smaller; None: it always moves.
        prob_thresh: the object is where the last probability is larger.
    """

    target_size: int | Size | None = 400
    skip_clicks: int = 1
    expansion_ratio: float = 1.4
    min_crop_size: int = 200
    recompute_thresh_iou: float | None = 0.5
    prob_thresh: float = 0.5


def shape_of(roi: Roi) -> Size:
    """Height and width of a ROI."""
    return roi[1] - roi[0] + 1, roi[3] - roi[2] + 1


def occupied(masks: Sequence[Tensor]) -> list[Roi | None]:
    """The tight ROI of each (h, w) bool mask, None where it is empty. The device is asked once for all masks."""
    if not masks:
        return []
    lines = torch.cat([line for mask in masks for line in (mask.any(1), mask.any(0))]).cpu().numpy()
    rois: list[Roi | None] = []
    for mask in masks:
        height, width = mask.shape
        rows, columns = np.flatnonzero(lines[:height]), np.flatnonzero(lines[height : height + width])
        lines = lines[height + width :]
        rois.append((int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])) if len(rows) else None)
    return rois


def with_clicks(roi: Roi, clicks: np.ndarray) -> Roi:
    """The smallest ROI that holds `roi` and the (n, 2) (row, column) clicks."""
    if not len(clicks):
        return roi
    (first_row, first_column), (last_row, last_column) = clicks.min(0).tolist(), clicks.max(0).tolist()
    return (
        min(roi[0], int(first_row)),
        max(roi[1], int(last_row)),
        min(roi[2], int(first_column)),
        max(roi[3], int(last_column)),
    )


def expanded(roi: Roi, ratio: float, min_size: int) -> Roi:
    """The ROI scaled around its centre, but not smaller than `min_size`; it may reach out of the image.

    Ends are rounded as Python does, halves to even. A ROI of at least `min_size` spans one pixel more than that.
    """

    def side(first: int, last: int) -> tuple[int, int]:
        centre, reach = 0.5 * (first + last), 0.5 * max(ratio * (last - first + 1), min_size)
        return round(centre - reach), round(centre + reach)

    return (*side(roi[0], roi[1]), *side(roi[2], roi[3]))


def clamped(roi: Roi, shape: Size) -> Roi:
    """The part of the ROI in an image of that shape."""
    return max(roi[0], 0), min(roi[1], shape[0] - 1), max(roi[2], 0), min(roi[3], shape[1] - 1)


def overlap(one: Roi, other: Roi) -> float:
    """Product of the IoU in rows and the IoU in columns, 0..1. (Not the IoU of the areas.)"""

    def along(first: int, last: int, other_first: int, other_last: int) -> float:
        common = max(0, min(last, other_last) - max(first, other_first) + 1)
        # Of two stretches that do not meet this is the hull, but then the numerator is zero.
        return common / (max(last, other_last) - min(first, other_first) + 1)

    return along(*one[:2], *other[:2]) * along(*one[2:], *other[2:])


def contains(roi: Roi, clicks: np.ndarray) -> bool:
    """Whether all (n, 2) (row, column) clicks are in the ROI; its last row and column count as outside."""
    rows, columns = clicks[:, 0], clicks[:, 1]
    return bool(np.all((rows >= roi[0]) & (rows < roi[1]) & (columns >= roi[2]) & (columns < roi[3])))


def candidate_roi(found: Roi | None, positive: np.ndarray, shape: Size, zoom: ZoomIn) -> Roi | None:
    """Where zoom-in would look now, or None for the unchanged image.

    Args:
        found: tight ROI of the object in the last probability map, None if there is neither.
        positive: (n, 2) (row, column) clicks on the object.
        shape: of the image.
        zoom: settings.
    """
    if found is not None:
        roi = expanded(with_clicks(found, positive), zoom.expansion_ratio, zoom.min_crop_size)
        return clamped(roi, shape)
    return None if zoom.skip_clicks >= 0 else (0, shape[0] - 1, 0, shape[1] - 1)


def moved_roi(stored: Roi | None, candidate: Roi, positive: np.ndarray, zoom: ZoomIn) -> Roi:
    """The candidate, or the stored ROI where that still serves: it holds the clicks and resembles the candidate."""
    if (
        stored is None
        or zoom.recompute_thresh_iou is None
        or not contains(stored, positive)
        or overlap(candidate, stored) < zoom.recompute_thresh_iou
    ):
        return candidate
    return stored


def zoomed_size(size: Size, target: int | Size | None) -> Size:
    """Size of the network input for a ROI of that size, see `ZoomIn.target_size`."""
    if target is None:
        return size
    if isinstance(target, int):
        scale = target / max(size)
        return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    return target
