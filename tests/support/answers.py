"""Tables of what a route answered, written by hand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.core.tables import write_table
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS

SETTING = {"route": "carry_box", "slices": "largest", "prompt": "box", "extents": "open", "step": 0}


def answer_rows(object_id: str, mask: np.ndarray, prompted: list[int] | None, **more: Any) -> list[dict[str, Any]]:
    """Rows of one answer: a (d, h, w) bool mask of a volume whose slices `prompted` were shown.

    Args:
        more: other values of the setting or of the row that sums up; `first` and `last` are the whole volume.
    """
    setting = SETTING | {name: more.pop(name) for name in SETTING if name in more}
    keys = {"object_id": object_id, **setting}
    facts = {
        "k": prompted and len(prompted),
        "prompted": prompted,
        "first": 0,
        "last": len(mask) - 1,
        "n_interactions": 2,
        "n_contours": 0,
        "dropped": 0,
        "status": "ok",
    }
    slices = [{**keys, "z": z, "rle": code, "status": "ok"} for z, code in MaskStack.of(mask).codes.items()]
    return [{**keys, **facts, **more}, *slices]


def write_answers(path: Path, rows: list[dict[str, Any]], provenance: Mapping[str, Any] | None = None) -> Path:
    """A file of VOLUME_PREDICTIONS."""
    write_table(path, rows, VOLUME_PREDICTIONS, provenance)
    return path
