"""Voxels that go to several objects at once: every object is asked about alone, so their masks may overlap."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from pycocotools import mask as coco

from promptseg.core.stacks import Box3, MaskStack


def apart(masks: Mapping[str, MaskStack]) -> dict[str, list[str]]:
    """For each object of a volume, or an image, the others that it does not truly overlap, as a tumour does its organ.

    Args:
        masks: true ones by object, none of them empty.
    """
    boxes = {name: mask.box() for name, mask in masks.items()}
    return {
        one: [
            other
            for other in masks
            if other != one and not (_meet(boxes[one], boxes[other]) and _shared(masks[one], [masks[other]]))
        ]
        for one in masks
    }


def conflict_voxels(masks: Mapping[str, MaskStack], others: Mapping[str, Collection[str]]) -> dict[str, int]:
    """For each object the voxels of its mask that masks of others hold as well.

    Args:
        masks: by object, in one setting.
        others: those that count for each object, see `apart`.
    """
    boxes = {name: mask.box() for name, mask in masks.items() if mask.codes}
    near = {
        name: [masks[other] for other in others[name] if other in boxes and _meet(box, boxes[other])]
        for name, box in boxes.items()
    }
    return {name: _shared(mask, near.get(name, [])) for name, mask in masks.items()}


def _meet(one: Box3, other: Box3) -> bool:
    return bool(np.all(np.maximum(one[:3], other[:3]) <= np.minimum(one[3:], other[3:])))


def _shared(mask: MaskStack, others: Sequence[MaskStack]) -> int:
    """Voxels of a mask that any of others holds."""
    voxels = 0
    for z, code in mask.codes.items():
        if there := [other.codes[z] for other in others if z in other.codes]:
            voxels += int(coco.area(coco.merge([code, coco.merge(there)], intersect=True)))
    return voxels
