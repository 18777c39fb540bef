"""The table of prompts."""

from dataclasses import replace

import pyarrow as pa

from promptseg.core.columns import MODE, OBJECT
from promptseg.core.tables import Column, Table

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
