"""Lesions found and missed: components of the truth beside those of the mask.

Two kinds of count stand side by side. *Any overlap*, as in autoPET IV: a lesion is found if the mask holds one of its
voxels, and a component of the mask is false if it holds none of the truth. *IoU of 0.5 or more, one to one*, as in
panoptica 2.1.7: pairs are matched from the best IoU down, so merged and split lesions count once at most.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from pycocotools import mask as coco
from scipy.ndimage import generate_binary_structure, label

from promptseg.core.stacks import Box3, MaskStack
from promptseg.volumes.scores.grid import Grid

THRESHOLD = 0.5  # IoU of a match, inclusive
_RANKS = {6: 1, 18: 2, 26: 3}  # as SciPy counts neighbours


def union_of(stacks: Iterable[MaskStack]) -> MaskStack:
    """What any of several masks of a volume, at least one, holds."""
    first, *others = stacks
    codes = dict(first.codes)
    for stack in others:
        for z, code in stack.codes.items():
            codes[z] = _joined(codes[z], code) if z in codes else code
    return MaskStack(first.shape, codes)


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    code = coco.merge([one, other])
    return {"size": one["size"], "counts": code["counts"].decode("ascii")}


class Labelled:
    """The components of a mask, numbered from 1 in the order of their first voxels; perhaps none.

    Attributes:
        n: how many.
        voxels: (n,) of each.
    """

    def __init__(self, mask: MaskStack, connectivity: int):
        self.mask = mask
        self.box: Box3 = mask.box() if mask.codes else (0, 0, 0, 0, 0, 0)
        structure = generate_binary_structure(3, _RANKS[connectivity])
        self.labels, self.n = label(mask.dense(self.box), structure)
        self.voxels = np.bincount(self.labels.ravel(), minlength=self.n + 1)[1:]

    @cached_property
    def areas(self) -> np.ndarray:
        """(n, d) pixels of each in each slice of the volume."""
        areas = np.zeros((self.n, self.mask.shape[0]), np.int64)
        for z, plane in enumerate(self.labels, self.box[0]):
            areas[:, z] = np.bincount(plane.ravel(), minlength=self.n + 1)[1:]
        return areas

    def part(self, box: Box3) -> np.ndarray:
        """Labels within a box that lies in its own."""
        low, high = np.array(box[:3]) - self.box[:3], np.array(box[3:]) - self.box[:3] + 1
        return self.labels[tuple(map(slice, low, high))]


@dataclass(frozen=True)
class Lesions:
    """Components of truth and mask side by side.

    Attributes:
        common: (n, m) voxels that lesion and component of the mask share.
        pairs: (lesion, component) of each match, counted from 0.
        iou: (n,) of each lesion with its match, 0 without one.
    """

    truth: Labelled
    predicted: Labelled
    common: np.ndarray
    pairs: list[tuple[int, int]]
    iou: np.ndarray

    @classmethod
    def of(cls, truth: Labelled, predicted: Labelled) -> "Lesions":
        """Match them."""
        common = _common(truth, predicted)
        lesions, components = np.nonzero(common)
        shared = common[lesions, components]
        overlaps = shared / (truth.voxels[lesions] + predicted.voxels[components] - shared)
        pairs: dict[int, int] = {}
        iou = np.zeros(truth.n)
        for best in np.argsort(-overlaps, kind="stable")[: (overlaps >= THRESHOLD).sum()].tolist():
            lesion, component = int(lesions[best]), int(components[best])
            if lesion not in pairs and component not in pairs.values():
                pairs[lesion], iou[lesion] = component, overlaps[best]
        return cls(truth, predicted, common, list(pairs.items()), iou)

    @cached_property
    def dice(self) -> np.ndarray:
        """(n,) of each lesion with its match, 0 without one."""
        return 2 * self.iou / (1 + self.iou)

    @cached_property
    def found(self) -> np.ndarray:
        """(n,) bool: whether the mask holds any voxel of the lesion."""
        return np.count_nonzero(self.common, axis=1) > 0

    @cached_property
    def true(self) -> np.ndarray:
        """(m,) bool: whether the component holds any voxel of a lesion."""
        return np.count_nonzero(self.common, axis=0) > 0

    def rows(self, grid: Grid) -> list[dict[str, Any]]:
        """Columns of VOLUME_LESIONS of each lesion."""
        matched = {lesion for lesion, _ in self.pairs}
        return [
            {
                "lesion": lesion + 1,
                "voxels": int(self.truth.voxels[lesion]),
                "ml": grid.millilitres(self.truth.areas[lesion]),
                "found": bool(self.found[lesion]),
                "matched": lesion in matched,
                "iou": float(self.iou[lesion]),
                "dice": float(self.dice[lesion]),
                "covered": float(self.common[lesion].sum() / self.truth.voxels[lesion]),
            }
            for lesion in range(self.truth.n)
        ]

    def summary(self, grid: Grid) -> dict[str, Any]:
        """Columns of VOLUME_DETECTION; a ratio without denominator is None."""
        n, m, tp = self.truth.n, self.predicted.n, len(self.pairs)
        quality = 2 * tp / (n + m) if n + m else None
        sq, sq_dsc = (float(each.sum() / tp) if tp else 0.0 for each in (self.iou, self.dice))
        return {
            "n_lesions": n,
            "n_predicted": m,
            "n_found": int(self.found.sum()),
            "n_true": int(self.true.sum()),
            "recall_any": _ratio(self.found.sum(), n),
            "precision_any": _ratio(self.true.sum(), m),
            "tp": tp,
            "fp": m - tp,
            "fn": n - tp,
            "recall_iou50": _ratio(tp, n),
            "precision_iou50": _ratio(tp, m),
            "fp_voxels": int(self.predicted.voxels[~self.true].sum()),
            "fn_voxels": int(self.truth.voxels[~self.found].sum()),
            "fp_ml": grid.millilitres(self.predicted.areas[~self.true].sum(axis=0)),
            "fn_ml": grid.millilitres(self.truth.areas[~self.found].sum(axis=0)),
            "rq": quality,
            "sq": None if quality is None else sq,
            "pq": None if quality is None else quality * sq,
            "pq_dsc": None if quality is None else quality * sq_dsc,
        }


def _ratio(count: int, of: int) -> float | None:
    return float(count / of) if of else None


def _common(truth: Labelled, predicted: Labelled) -> np.ndarray:
    """(n, m) voxels that a component of the one and a component of the other share."""
    low = np.maximum(truth.box[:3], predicted.box[:3])
    high = np.minimum(truth.box[3:], predicted.box[3:])
    if (low > high).any():
        return np.zeros((truth.n, predicted.n), np.int64)
    box: Box3 = (*low.tolist(), *high.tolist())
    one, other = truth.part(box), predicted.part(box)
    both = (one > 0) & (other > 0)
    keys = (one[both] - 1) * np.int64(predicted.n) + other[both] - 1
    return np.bincount(keys, minlength=truth.n * predicted.n).reshape(truth.n, predicted.n)
