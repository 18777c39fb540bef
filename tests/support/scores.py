"""Score rows by hand, and one row of a table."""


def row(task, case, image, iou, dataset="d", mode="mode1", **more):
    """A row of SCORES."""
    scores = {"iou": iou, "dice": iou, "nsd": iou, "hd95": None if iou is None else 10 * iou, "distance_unit": "mm"}
    return {
        "dataset": dataset,
        "task": task,
        "case_id": case,
        "image_id": image,
        "object_id": f"{image}:{task}" if task else None,
        "method": "m",
        "mode": mode,
        "step": 0 if mode != "iterative" else 1,
        "protocol": "corrected" if mode == "iterative" else None,
        "selection": "first",
        "status": "ok",
        **scores,
        **more,
    }


# Task a: patient p1 with images 0.2, 0.4, 0.6 and p2 with 1.0; task b: p1 with 0.5, p3 with 0.1.
SMALL = [
    row("a", "p1", "i1", 0.2),
    row("a", "p1", "i2", 0.4),
    row("a", "p1", "i3", 0.6),
    row("a", "p2", "i4", 1.0),
    row("b", "p1", "i1", 0.5),
    row("b", "p3", "i5", 0.1),
]


def pick(frame, **keys):
    """The only row with these values."""
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    assert len(frame) == 1
    return frame.iloc[0]
