"""What a reduced precision does to the masks of a method, measured on a few images in both."""

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core import masks
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.methods import Method
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs, Item, Plan

logger = logging.getLogger(__name__)

CHECKED_IMAGES = 8


def compare_precision(inputs: Inputs, method: Method, reference: Method, plan: Plan) -> dict[str, Any]:
    """What a reduced precision does to the IoU: both methods on the same few images, evenly spread over the dataset.

    Returns:
        checked_images; iou_difference, mean IoU of `method` minus that of `reference` over all prompts and candidates
        that both answered; largest_iou_difference of a single one.
    """
    image_ids = inputs.objects.image_ids
    chosen = np.linspace(0, len(image_ids) - 1, min(CHECKED_IMAGES, len(image_ids))).round().astype(int)
    some = inputs.only([image_ids[index] for index in chosen])
    ious = [_ious(Runner(one, plan).run(some)) for one in (reference, method)]
    difference = (ious[1] - ious[0]).dropna()
    found = {
        "checked_images": len(some),
        "iou_difference": float(difference.mean()),
        "largest_iou_difference": float(difference.abs().max()),
    }
    logger.info("%s against fp32 on %d images: %s", method.settings.precision, len(some), found)
    return found


def _ious(items: Iterator[Item]) -> pd.Series:
    keys = ["object_id", "protocol", "switch", "mode", "step", "selection", "candidate"]
    values = []
    for item in items:
        truths = {target.object_id: target.truth for target in item.targets}
        for row in item.rows:
            if row["status"] == "ok":
                iou = masks.iou(masks.decode(row["rle"]), truths[row["object_id"]])
                # These are one answer (a trajectory one per step), whichever candidate it is.
                candidate = None if row["mode"] in (ITERATIVE, EVERYTHING) else row["candidate"]
                values.append({**{key: row.get(key) for key in keys}, "candidate": candidate, "iou": iou})
    frame = pd.DataFrame(values, columns=[*keys, "iou"]).fillna(
        {"protocol": "", "switch": "", "selection": "", "candidate": -1}
    )
    return frame.set_index(keys)["iou"]
