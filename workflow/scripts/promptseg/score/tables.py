"""The tables of scores."""

import pyarrow as pa

AMBIGUITY = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("mode", pa.string()),
        *((f"iou_{a}{b}", pa.float64()) for a, b in ((0, 1), (0, 2), (1, 2))),  # of two candidates with one another
        *((f"predicted_{k}", pa.float32()) for k in range(3)),  # the method's own estimate of a candidate's IoU
        *((f"true_{k}", pa.float64()) for k in range(3)),
        *((f"grown_{k}", pa.float64()) for k in range(3)),  # IoU with the region grown from the point; mode 1 only
    ]
)

SCORES = pa.schema(
    [
        ("dataset", pa.string()),
        ("task", pa.string()),
        ("case_id", pa.string()),
        ("image_id", pa.string()),
        ("object_id", pa.string()),
        ("method", pa.string()),
        ("protocol", pa.string()),
        ("mode", pa.string()),
        ("step", pa.int16()),
        ("selection", pa.string()),
        ("iou", pa.float64()),
        ("dice", pa.float64()),
        ("nsd", pa.float64()),
        ("hd95", pa.float64()),
        ("distance_unit", pa.string()),  # of hd95 and of the NSD tolerance: mm, or px where the spacing is unknown
        ("area", pa.int32()),
        ("relative_area", pa.float64()),  # area / pixels of the image
        ("status", pa.string()),  # ok, not_applicable, or the reason why there is no score
    ]
)
