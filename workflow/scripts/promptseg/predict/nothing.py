"""What to say where the mode `everything` finds no mask."""

from collections.abc import Mapping
from typing import Any


def nothing_found(without: int, images: int, grid: Mapping[str, Any]) -> str:
    """A sentence with the number of images without a mask, and one with what to change.

    Args:
        images: how many images the mode was run for, `without` of them without a mask.
        grid: attributes of `methods.Grid`, as under `everything:` of the configuration.
    """
    which = "its only image" if images == 1 else f"any of {images} images"
    where = f"in {which}" if without == images else f"in {without} of {images} images"
    return (
        f"The mode everything found no mask {where}. It keeps masks whose predicted IoU is above "
        f"{grid['pred_iou_thresh']:g} (`everything: pred_iou_thresh`) and whose stability is at least "
        f"{grid['stability_score_thresh']:g} (`everything: stability_score_thresh`). Lower thresholds in the "
        "configuration keep more; 0 keeps all."
    )
