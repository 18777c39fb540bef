"""The tables of scores."""

from dataclasses import replace

import pyarrow as pa

from promptseg.core.columns import ANNOTATOR, AREA, IOU, KEYS, MODE, PROTOCOL, SELECTION, STATUS, STEP, VARIANT_COLUMNS
from promptseg.core.tables import FLOAT, STRING, Column, Table
from promptseg.score.metrics import METRICS

_MASKS = range(3)

AMBIGUITY = Table(
    "ambiguity.parquet",
    "The three masks that a method gave for one prompt, compared: one row per object and mode.",
    [
        *KEYS,
        MODE,
        *(Column(f"iou_{a}{b}", FLOAT, f"IoU of masks {a} and {b}") for a, b in ((0, 1), (0, 2), (1, 2))),
        *(Column(f"predicted_{k}", pa.float32(), f"the method's own estimate of the IoU of mask {k}") for k in _MASKS),
        *(Column(f"true_{k}", FLOAT, f"IoU of mask {k} with the truth") for k in _MASKS),
        *(Column(f"grown_{k}", FLOAT, f"IoU of mask {k} with the region grown from the point; mode 1") for k in _MASKS),
    ],
)

SCORES = Table(
    "scores.parquet",
    "Every score: one row for each object, method, prompt and selection.",
    [
        *KEYS,
        *VARIANT_COLUMNS[1:],
        *(metric.single for metric in METRICS),
        Column(
            "distance_unit",
            STRING,
            "unit of hd95 and of the tolerance of nsd: `mm`, or `px` where the spacing is unknown",
        ),
        AREA,
        Column("relative_area", FLOAT, "pixels of the object / pixels of the image"),
        STATUS.but(meaning="`ok`, `not_applicable`, or the reason why there is no score"),
    ],
)

SCORES_OF_USER = replace(
    SCORES,
    about="Every score of the masks for the prompts of a user, of each annotator by itself.",
    columns=[*SCORES.columns[: len(KEYS)], ANNOTATOR, *SCORES.columns[len(KEYS) :]],
)

# What may tell good masks from bad ones without a truth: the higher, the more confident.
CONFIDENCES = (
    Column("predicted_iou", FLOAT, "the method's own estimate of the IoU"),
    Column("stability", FLOAT, "IoU of the mask at a higher and a lower threshold"),
    Column("soft_dice", FLOAT, "expected Dice of the mask by the method's own probabilities"),
    Column("candidates_agree", FLOAT, "mean IoU of the pairs of masks that the method gave for the prompt"),
    Column("prompts_agree", FLOAT, "mean IoU of the mask with those of the object's other prompts (modes 1 to 5)"),
    Column("jitter_agrees", FLOAT, "mean IoU of masks of inexact prompts with that of the exact one (`robustness`)"),
)

TRUST = Table(
    "trust.parquet",
    "How confident a method may be of each mask that was scored, and how good it is; selections that need no truth.",
    [*KEYS, PROTOCOL, MODE, STEP, SELECTION, IOU, *CONFIDENCES],
)
