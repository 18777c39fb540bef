"""Binary masks: run-length code, components, boxes, overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from pycocotools import mask as coco


def encode(mask: np.ndarray) -> dict[str, Any]:
    """COCO run-length code of an (h, w) bool mask: {"size": [h, w], "counts": string}."""
    height, width = mask.shape
    runs = {"size": [height, width], "counts": _run_lengths(mask)}
    return {"size": [height, width], "counts": coco.frPyObjects(runs, height, width)["counts"].decode("ascii")}


def _run_lengths(mask: np.ndarray) -> list[int]:
    """Lengths of the runs of background and mask in turn, down one column after another, of an (h, w) bool mask."""
    height, width = mask.shape
    columns = np.flatnonzero(mask.any(axis=0))
    if not columns.size:
        return [height * width]
    first, end = int(columns[0]), int(columns[-1]) + 1  # other columns are not looked at
    values = np.zeros((end - first) * height + 2, np.uint8)
    cv2.transpose(mask[:, first:end].view(np.uint8), values[1:-1].reshape(-1, height))
    changes = np.flatnonzero(values[1:] != values[:-1])
    lengths = np.empty(len(changes) + 1, np.int64)
    np.subtract(changes[1:], changes[:-1], out=lengths[1:-1])
    lengths[0], lengths[-1] = changes[0] + first * height, (width - first) * height - changes[-1]
    return lengths.tolist() if lengths[-1] else lengths[:-1].tolist()


def decode(code: dict[str, Any]) -> np.ndarray:
    """The (h, w) bool mask of a code made by `encode`."""
    return coco.decode({"size": [int(side) for side in code["size"]], "counts": code["counts"]}).astype(bool)


def tight_box(mask: np.ndarray) -> tuple[int, int, int, int]:
    """(x0, y0, x1, y1) of the pixels of an (h, w) bool mask, all four inclusive.

    Raises:
        ValueError: the mask is empty.
    """
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        raise ValueError("an empty mask has no box")
    return x, y, x + width - 1, y + height - 1


@dataclass(frozen=True)
class Component:
    """One 8-connected component: its (h, w) bool mask and its number of pixels."""

    mask: np.ndarray
    area: int


def components(mask: np.ndarray, limit: int | None = None, equal: str = "first") -> list[Component]:
    """The 8-connected components of an (h, w) bool mask, largest first.

    Args:
        limit: at most so many; None for all.
        equal: of components of equal area, the `first` or the `last` in row-major order of first pixels leads.
    """
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    first_pixel = np.zeros(count, int)
    if len(set(areas.tolist())) < len(areas):
        # Labels need not follow row-major order, so ties are settled by each component's first pixel: that which is
        # written last.
        first_pixel[labels.ravel()[::-1]] = np.arange(labels.size)[::-1]
    first_pixel = first_pixel[1:]
    order = np.lexsort((-first_pixel if equal == "last" else first_pixel, -areas))[:limit]
    return [Component(labels == index + 1, int(areas[index])) for index in order]


def count_components(mask: np.ndarray) -> int:
    """How many 8-connected components an (h, w) bool mask has."""
    return int(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0]) - 1


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two bool masks of equal shape; 1 if both are empty."""
    return _iou(a, b, int(np.count_nonzero(b)))


def _iou(a: np.ndarray, b: np.ndarray, area: int) -> float:
    """`iou`, where the area of the second mask is known."""
    shared = int(np.count_nonzero(a & b))
    union = int(np.count_nonzero(a)) + area - shared
    return shared / union if union else 1.0


def overlaps(codes: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> np.ndarray:
    """(n, m) float64: `iou` of masks given as run-length codes, see `encode`."""
    with np.errstate(invalid="ignore"):
        found = np.asarray(coco.iou(list(codes), list(others), [False] * len(others)))
    found[np.ix_(coco.area(list(codes)) == 0, coco.area(list(others)) == 0)] = 1
    return found


def best_overlap(overlaps: Sequence[float] | np.ndarray) -> int:
    """Index of the best of k IoU values: the study's oracle.

    As in its script the first of equals wins, and if none overlaps at all the last one is taken.
    """
    best = int(np.argmax(overlaps))
    return best if overlaps[best] > 0 else len(overlaps) - 1


def best_candidate(candidates: Sequence[np.ndarray] | np.ndarray, truth: np.ndarray) -> int:
    """Index of the candidate of (k, h, w) bool that `best_overlap` takes for the (h, w) bool truth."""
    area = int(np.count_nonzero(truth))
    return best_overlap([_iou(candidate, truth, area) for candidate in candidates])


def best_score(scores: Sequence[float] | np.ndarray) -> int:
    """Index of the highest of k scores, the first of equals; NaN is below all numbers."""
    return int(np.nan_to_num(scores, nan=-np.inf).argmax())
