"""The table of prompts."""

import pyarrow as pa

PROMPTS = pa.schema(
    [
        ("object_id", pa.string()),
        ("mode", pa.string()),
        ("points", pa.list_(pa.list_(pa.int32(), 2))),  # (x, y)
        ("point_labels", pa.list_(pa.int8())),  # 1 object, 0 background
        ("boxes", pa.list_(pa.list_(pa.int32(), 4))),  # XYXY, inclusive
    ]
)
