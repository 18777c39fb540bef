"""The tables of what methods answer."""

import pyarrow as pa

RLE = pa.struct([("size", pa.list_(pa.int32(), 2)), ("counts", pa.string())])  # COCO, see masks.encode

PREDICTIONS = pa.schema(
    [
        ("object_id", pa.string()),
        ("protocol", pa.string()),  # null for all modes but iterative
        ("mode", pa.string()),
        ("step", pa.int16()),  # clicks so far; 0 for all modes but iterative
        ("selection", pa.string()),  # null for modes 1 to 5: scoring selects
        ("candidate", pa.int16()),
        ("score", pa.float32()),  # the method's own estimate of the IoU; null if it has none
        ("rle", RLE),  # null if it failed
        ("click_x", pa.int32()),  # the click that led to this step; null for modes 1 to 5
        ("click_y", pa.int32()),
        ("click_label", pa.int8()),
        ("status", pa.string()),
    ]
)

PROPOSALS = pa.schema(
    [
        ("image_id", pa.string()),
        ("candidate", pa.int16()),  # as in PREDICTIONS, mode everything
        ("score", pa.float32()),
        ("stability", pa.float32()),
        ("area", pa.int32()),  # pixels
        ("rle", RLE),
    ]
)

ROBUSTNESS = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("mode", pa.string()),
        ("kind", pa.string()),  # box_jitter, point_offset, seed
        ("amount", pa.float64()),  # share of the box's sides or of the depth; 0 where the kind is seed
        ("seed", pa.int64()),
        ("iou", pa.float64()),  # of the first candidate
        ("status", pa.string()),
    ]
)
