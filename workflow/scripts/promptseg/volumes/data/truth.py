"""The objects of a volume as stacks of masks, from its label maps slice by slice."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from promptseg.core.masks import encode
from promptseg.core.stacks import MaskStack
from promptseg.preprocess.images import object_mask

Tasks = Mapping[str, Sequence[int]]  # task name to the label values that form its object


def stacks_of(labels: Iterable[np.ndarray], shape: tuple[int, int, int], tasks: Tasks) -> dict[str, MaskStack]:
    """The mask of each task that is present.

    Args:
        labels: (h, w) label maps of all slices in order.
        shape: (slices, rows, columns) of the volume.
    """
    codes: dict[str, dict[int, dict[str, Any]]] = {task: {} for task in tasks}
    for z, picture in enumerate(labels):
        if not picture.any():
            continue
        for task, values in tasks.items():
            mask = object_mask(picture, values)
            if mask.any():
                codes[task][z] = encode(mask)
    return {task: MaskStack(shape, found) for task, found in codes.items() if found}
