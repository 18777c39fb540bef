"""Points and boxes cut from the lines that a user drew, for methods that take no lines."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from promptseg.core.lines import along, closed, filled, points_of
from promptseg.core.stand_ins import StandIn, StandIns
from promptseg.prompts.modes import deepest_in


def given(row: Mapping[str, Any], kind: StandIn, settings: StandIns) -> dict[str, Any]:
    """A row of prompts.tables.PROMPTS with points or a box in place of its scribbles or its lasso.

    Args:
        kind: what stands for them, as `settings.kind` says; it is noted as `stand_in`.
    """
    bare = {**row, "scribbles": None, "lasso": None, "stand_in": kind}
    if row.get("lasso") is not None:
        curve = points_of(row["lasso"])
        if kind == "box":
            return {**bare, "boxes": [[*curve.min(axis=0).tolist(), *curve.max(axis=0).tolist()]]}
        inside = filled(curve, (int(curve[:, 1].max()) + 1, int(curve[:, 0].max()) + 1))
        middle = deepest_in(inside, "exact").pixels[0].tolist()
        around = along(closed(curve), settings.lasso_points).tolist()
        return {**bare, "points": [middle, *around], "point_labels": [1] + [0] * len(around)}
    lines = row["scribbles"]
    # So many points in all; each line gets as many as another, or one more.
    counts = np.diff(np.arange(len(lines) + 1) * settings.scribble_points // len(lines))
    parts = [along(points_of(one["line"]), int(n)).tolist() for one, n in zip(lines, counts, strict=True)]
    labels = [one["label"] for one, part in zip(lines, parts, strict=True) for _ in part]
    return {**bare, "points": [point for part in parts for point in part], "point_labels": labels}
