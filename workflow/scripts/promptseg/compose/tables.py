"""The table of composed objects."""

import pyarrow as pa

from promptseg.analysis.composed import DICE, ON, RULE, SETTING
from promptseg.core.columns import CASE, DATASET, IOU, METHOD, STATUS, TASK
from promptseg.core.tables import STRING, Column, Table

COMPOSED_OBJECTS = Table(
    "composed.parquet",
    "Objects alone and after all masks of their image or volume were composed: one row per object, setting and rule.",
    [
        *(DATASET, METHOD, ON, SETTING, RULE, TASK, CASE),
        Column("place_id", STRING, "the image, or the volume"),
        Column("object_id", STRING, "the object"),
        IOU.but(name="iou_alone", meaning="IoU of the mask alone, 0 to 1"),
        IOU.but(name="iou_composed", meaning="IoU of what is left of it, 0 to 1"),
        DICE.but(name="dice_alone", meaning="Dice coefficient of the mask alone, 0 to 1"),
        DICE.but(name="dice_composed", meaning="Dice coefficient of what is left of it, 0 to 1"),
        Column("area", pa.int64(), "of the mask alone", "pixels"),
        Column("shared", pa.int64(), "of them in masks of objects that exclude it", "pixels"),
        Column("lost", pa.int64(), "of them that went to another object", "pixels"),
        STATUS.but(meaning="`ok`, or why the rule cannot be used"),
    ],
)
