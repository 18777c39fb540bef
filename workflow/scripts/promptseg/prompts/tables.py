"""The table of prompts."""

from dataclasses import replace

import pyarrow as pa

from promptseg.core.columns import ANNOTATOR, MODE, OBJECT
from promptseg.core.tables import FLOAT, INTEGER, STRING, Column, Table

_POINTS = pa.list_(pa.list_(pa.int32(), 2))

PROMPTS = Table(
    "prompts.parquet",
    "The prompts of every object: one row per object and mode.",
    [
        OBJECT,
        MODE,
        Column("points", _POINTS, "points (x, y); a point is the deepest pixel by OpenCV's 5 by 5 distance", "pixels"),
        Column("point_labels", pa.list_(pa.int8()), "of each point: 1 object, 0 background"),
        Column("boxes", pa.list_(pa.list_(pa.int32(), 4)), "boxes (x0, y0, x1, y1), tight, inclusive", "pixels"),
        Column("exact_points", _POINTS, "as points, by the exact distance; null but for `iterative`", "pixels"),
    ],
)

_SCRIBBLE = pa.struct([("line", _POINTS), ("label", pa.int8()), ("width", pa.int16())])

LINES = replace(
    PROMPTS,
    columns=[
        *PROMPTS.columns,
        Column(
            "scribbles",
            pa.list_(_SCRIBBLE),
            "lines drawn with a brush: pixels (x, y) in order, 1 object or 0 background, width; null but for scribbles",
            "pixels",
        ),
        Column("lasso", _POINTS, "a closed curve (x, y) around the object; null but for `lasso`", "pixels"),
    ],
)

PROMPTS_OF_USER = replace(
    LINES,
    about="The prompts of a user, who may be several annotators: one row per object, annotator and mode.",
    columns=[OBJECT, ANNOTATOR, *LINES.columns[1:]],
)

RECORDED = Table(
    "recorded.parquet",
    "What people gave as prompts, in pixels of the pictures: one row per prompt.",
    [
        OBJECT,
        ANNOTATOR,
        Column("order", INTEGER, "which prompt of the annotator for the object it was"),
        Column("step", INTEGER, "prompts of the same step were given before any answer was seen"),
        Column("seconds", FLOAT, "since the image was shown; null where it was not recorded", "s"),
        Column("kind", STRING, "`point`, `box`, `scribble` or `lasso`"),
        Column("label", pa.int8(), "1 object, 0 background"),
        Column("points", _POINTS, "of a box two opposite corners, both inside it", "pixels"),
    ],
)
