"""The table of prompts."""

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
