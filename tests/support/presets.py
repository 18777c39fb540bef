"""Tables of two methods under two presets, which order them the other way round."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from promptseg.analysis.columns import PROVENANCE
from promptseg.core.tables import write_csv, write_table
from promptseg.protocols.comparison.run import TABLES, comparison
from promptseg.score.tables import SCORES

METHODS = {"sam_x": {"title": "SAM X"}, "cut": {"title": "Cut"}, "perfect": {"title": "Perfect"}}
TITLES = {"a": {"title": "First one"}, "b": {"title": "Second one"}}
_MEASURED = {
    "metrics": {"iou": {}},
    "conditions": {"nsd_zero_unless_dice_above": "none", "failed": "repeat", "unknown": "skip"},
    "averaging": ["objects"],
    "prompts": 2,
}
_FINAL = {"name": "iou_final", "metric": "iou", "kind": "final"}
_NOC = {"name": "noc_80", "metric": "iou", "kind": "noc", "threshold": 0.8, "cap": 2}
PRESETS = {
    "a": {
        **_MEASURED,
        "title": "First one",
        "summaries": [_FINAL],
        "variants": {"start": {"title": "the start counts", "summaries": [{**_FINAL, "kind": "at", "step": 0}]}},
    },
    "b": {**_MEASURED, "title": "Second one", "summaries": [_NOC], "variants": {}},
}
_CURVES = {
    "sam_x": [[0.9, 0.7, 0.95], [0.5, 0.6, 0.6]],
    "cut": [[0.8, 0.8, 0.6], [0.8, 0.9, 0.7]],
    "perfect": [[1, 1, 1], [1, 1, 1]],
}


def tables(folder: Path, presets: Sequence[str] = ("a", "b"), methods: Sequence[str] = tuple(_CURVES)):
    """The files of TABLES by stem."""
    lines = [
        {"preset": preset, "variant": variant, "on": "images", "dataset": "d", "task": "t", "case_id": f"p{number}"}
        | {"image_id": f"i{number}", "object_id": f"i{number}:t", "method": method, "step": step, "iou": iou}
        | {"status": "ok", "failed": None}
        for preset in presets
        for variant in ("", *PRESETS[preset]["variants"])
        for method in methods
        for number, curve in enumerate(_CURVES[method])
        for step, iou in enumerate(curve)
    ]
    write_table(folder / "scores.parquet", [], SCORES)
    declared = {name: PRESETS[name] for name in presets}
    rivals = [name for name in methods if name != "perfect"]
    found = comparison(pd.DataFrame(lines), declared, folder / "scores.parquet", rivals, 100, 1)
    for frame, table in zip(found, TABLES, strict=True):
        stamped = frame.assign(provenance="") if PROVENANCE in table.columns else frame
        write_csv(folder / table.name, stamped, table)
    return {table.name.removesuffix(".csv"): folder / table.name for table in TABLES}
