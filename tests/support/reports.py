"""Small tables for the tests of the page."""

import pandas as pd

from promptseg.analysis.ablation import ABLATION
from promptseg.analysis.columns import made
from promptseg.analysis.everything import EVERYTHING_MEANS
from promptseg.analysis.throughput import THROUGHPUT


def ablated(*rows):
    """The ablation table from (method, switch, clicks, n_tasks, iou, iou_without)."""
    frame = pd.DataFrame(rows, columns=["method", "switch", "clicks", "n_tasks", "iou", "iou_without"])
    difference = frame["iou_without"] - frame["iou"]
    return frame.assign(selection="first", protocol="as_released", difference=difference)[made(ABLATION)]


ABLATED = ablated(
    ("grabcut", "click_label", 1, 4, 0.5, 0.5),
    ("grabcut", "click_label", 9, 4, 0.6, 0.55),
    ("perfect", "click_label", 1, 3, 0.25, 0.5),
    ("perfect", "error_region", 1, 4, 0.375, 0.5),
    ("perfect", "error_region", 3, 4, 0.5, 0.75),
    ("perfect", "error_region", 5, 4, 0.5, 0.25),
    ("perfect", "error_region", 9, 3, 0.5, 0.5),
)


def speeds(*rows):
    """A table of speeds; what a row does not name is missing."""
    frame = pd.DataFrame(rows).reindex(columns=THROUGHPUT.names)
    counts = dict.fromkeys(["images", "objects", "predictions", "prompts", "checked_images"], "Int64")
    return frame.astype(counts).fillna({"device": "", "precision": ""})


FP32 = {"dataset": "chest_xray", "method": "grabcut", "device": "cpu", "precision": "fp32", "images": 10, "prompts": 70}
BF16 = {"dataset": "chest_xray", "method": "sam_vit_b", "device": "cuda", "precision": "bf16", "images": 10}
BF16 |= {"peak_gpu_memory_mb": 3071.6, "checked_images": 8, "iou_difference": -0.002, "largest_iou_difference": 0.03}

GRID = {"pred_iou_thresh": 0.88, "stability_score_thresh": 0.95}


def everything():
    """The table of the mode `everything`: one method that found nothing, and one that did."""
    row = {"level": "all", "dataset": "", "task": "", "n_tasks": 2, "n_objects": 30, "n_patients": 9, "n_images": 112}
    rows = [
        row | {"method": "sam_vit_b", "iou": 0.0, "masks_per_image": 0.0, "n_images_without_masks": 112},
        row | {"method": "perfect", "iou": 0.75, "masks_per_image": 3.0, "n_images_without_masks": 0},
    ]
    return pd.DataFrame(rows).reindex(columns=EVERYTHING_MEANS.names).assign(provenance="")
