"""Two small runs to compare: folders with tables, made from rows of `support.scores.row`."""

import json
from pathlib import Path

import pandas as pd

from promptseg.analysis.names import NAMES, names
from promptseg.analysis.provenance import SOURCES
from promptseg.core.files import digest
from promptseg.core.tables import write_csv, write_table
from promptseg.preprocess.manifests import MANIFEST
from promptseg.score.tables import SCORES
from support.scores import row

SWITCHES = {"click_label": "object"}
FACTS = {
    "entry": {"adapter": "a:B", "options": {"k": 1}},
    "weights_sha256": "w",
    "seed": 1,
    "versions": {"numpy": "2.0"},
    "protocols": [{"protocol": "corrected", "switch": None, "switches": SWITCHES}],
}
# Task a: patient p1 with images 0.2, 0.4, 0.6 and p2 with 1.0.
IOUS = {"i1": ("p1", 0.2), "i2": ("p1", 0.4), "i3": ("p1", 0.6), "i4": ("p2", 1.0)}
DATASETS = {"d": {"title": "Data", "tasks": {"a": [1]}}}
METHODS = {"m": {"title": "Method M"}, "n": {"title": "Method N"}}
PROTOCOLS = {"corrected": {"title": "corrected"}}


def rows_of(changes=(), **more):
    """Rows of the four objects with their IoU changed, by image; None leaves the image out."""
    changes = dict(changes)
    found = [
        row("a", case, image, changes.get(image, iou), **{"area": 9, **more}) for image, (case, iou) in IOUS.items()
    ]
    return [one for one in found if one["iou"] is not None]


def write_run(folder: Path, rows, facts=None, pixels=None) -> Path:
    """A folder of results.

    Args:
        rows: of SCORES.
        facts: "<method>/<dataset>" -> provenance; that of the methods in the rows if it is not given.
        pixels: dataset -> image -> checksum, for manifests; without it the run does not say which images it saw.
    """
    parts = {f"{one['method']}/{one['dataset']}": FACTS for one in rows} if facts is None else facts
    write_table(folder / "tables" / SCORES.name, pd.DataFrame(rows, columns=SCORES.names), SCORES, parts)
    digests = {}
    for dataset, images in (pixels or {}).items():
        path = folder / "datasets" / dataset / "manifest.csv"
        lines = [
            {"dataset": dataset, "image_id": name, "sha256": text * 64, "status": "ok"} for name, text in images.items()
        ]
        write_csv(path, pd.DataFrame(lines).reindex(columns=MANIFEST.names), MANIFEST)
        digests[dataset] = digest(path)
    known = [
        {"provenance": "p", "method": part.split("/")[0], "dataset": part.split("/")[1], "entry": json.dumps({})}
        | {"manifest_sha256": digests[part.split("/")[1]]}
        for part in parts
        if part.split("/")[1] in digests
    ]
    if known:
        write_csv(
            folder / "tables" / SOURCES.name,
            pd.DataFrame(known, columns=SOURCES.names, dtype=object).fillna(""),
            SOURCES,
        )
    write_csv(folder / "tables" / NAMES.name, names(DATASETS, METHODS, PROTOCOLS), NAMES)
    return folder
