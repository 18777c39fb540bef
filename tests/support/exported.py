"""A small dataset of a run as it is exported: two images, three objects that overlap, answers of two methods."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from promptseg.core.masks import encode, iou, tight_box
from promptseg.core.settings import Setting
from promptseg.core.tables import write_table
from promptseg.exports.source import Source
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.tables import PROMPTS
from promptseg.score.tables import SCORES

# Other systems read these as one file, or as a folder: names are taken as they are, files are called otherwise.
GREY, COLOURED = "case/a:1", "case/A?1"
TASKS = {"bone": [1], "all of it": [1, 2]}
LABELS = {GREY: np.zeros((6, 9), np.uint8), COLOURED: np.zeros((5, 4), np.uint8)}
LABELS[GREY][1:4, 2:5] = 1
LABELS[GREY][3:6, 5:7] = 2
LABELS[COLOURED][2:4, 1:3] = 2
PIXELS = {
    GREY: (np.arange(54).reshape(6, 9) * 4).astype(np.uint8),
    COLOURED: (np.arange(60).reshape(5, 4, 3) * 4).astype(np.uint8),
}
OBJECT_IDS = [f"{GREY}:bone", f"{GREY}:all of it", f"{COLOURED}:all of it"]
MODE1, ORACLE = Setting("mode1", "", "", 0, "first"), Setting("mode1", "", "", 0, "oracle")
BOX, CLICKS = Setting("mode5", "", "", 0, "first"), Setting("iterative", "corrected", "", 2, "first")


def truth(object_id: str) -> np.ndarray:
    """(h, w) bool."""
    image, _, task = object_id.rpartition(":")
    return np.isin(LABELS[image], TASKS[task])


def answer(object_id: str, kind: str) -> np.ndarray:
    """(h, w) bool: what the methods give: the truth, its upper rows (`half`), or nothing."""
    mask = truth(object_id)
    if kind == "half":
        mask[tight_box(mask)[3] :] = False
    return mask if kind != "nothing" else np.zeros_like(mask)


def write_source(folder: Path) -> Source:
    """The dataset `bones`, with all settings above.

    The method `guess` gives two masks to a point, the half with 0.75 and the truth with 0.5, then clicks; on the last
    object it gives nothing, and fails after clicks. `box` gives the truth, and has no scores of its own.
    """
    images, objects, prompts = [], [], []
    predictions: dict[str, list] = {"guess": [], "box": []}
    scores: dict[str, list] = {"guess": [], "box": []}
    for name, labels in LABELS.items():
        known = {"spacing_y": 2.0, "spacing_x": 0.5} if name == GREY else {}
        images.append(
            {
                "image_id": name,
                "case_id": "case",
                "image": {"bytes": encode_png(PIXELS[name])},
                "labels": {"bytes": encode_png(labels)},
                "height": labels.shape[0],
                "width": labels.shape[1],
                "status": "ok",
                **known,
            }
        )
    for number, name in enumerate(OBJECT_IDS):
        image, _, task = name.rpartition(":")
        mask = truth(name)
        box = tight_box(mask)
        keys = {"object_id": name, "image_id": image, "case_id": "case", "task": task}
        ends = dict(zip(("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"), box, strict=True))
        objects.append(keys | ends | {"area": int(mask.sum()), "n_components": 1})
        point = [int(box[0]), int(box[1])]
        prompts.append({"object_id": name, "mode": "mode1", "points": [point], "point_labels": [1]})
        prompts.append({"object_id": name, "mode": "mode5", "boxes": [list(box)]})
        last = number == 2
        given = [(0, "nothing" if last else "half", 0.75), (1, "nothing" if last else "exact", 0.5)]
        row = {"object_id": name, "status": "ok"}
        for candidate, kind, score in given:
            more = {"mode": "mode1", "step": 0, "candidate": candidate, "score": score}
            predictions["guess"].append(row | more | {"rle": encode(answer(name, kind))})
        for step, kind in ((1, "half"), (2, "exact")):
            click = {"click_x": step, "click_y": step + 1, "click_label": 2 - step}
            more = {"mode": "iterative", "protocol": "corrected", "step": step, "selection": "first", "score": 0.25}
            masked = {"status": "broken"} if last else {"rle": encode(answer(name, kind))}
            predictions["guess"].append(row | more | click | masked)
        more = {"mode": "mode5", "step": 0, "candidate": 0, "rle": encode(mask)}
        predictions["box"].append(row | more)
        about = keys | {"dataset": "bones", "method": "guess", "status": "ok"}
        for setting, kind in ((MODE1, given[0][1]), (ORACLE, given[1][1]), (CLICKS, "exact")):
            named = setting._asdict() | {"protocol": setting.protocol or None, "switch": None}
            value = {"status": "broken"} if last and setting == CLICKS else {"iou": iou(answer(name, kind), mask)}
            scores["guess"].append(about | named | value)
        named = BOX._asdict() | {"protocol": None, "switch": None}
        scores["box"].append(about | named | {"method": "box", "iou": 1.0})
    for table, rows in ((IMAGES, images), (OBJECTS, objects), (PROMPTS, prompts)):
        write_table(folder / table.name, rows, table)
    for method in predictions:
        write_table(folder / "predictions" / method / "bones.parquet", predictions[method], PREDICTIONS)
        about = {"candidates": 2 if method == "guess" else 1}
        write_table(folder / "scores" / method / "bones.parquet", scores[method], SCORES, about)
    return Source(
        dataset="bones",
        about={"title": "Bones", "licence": "CC0", "tasks": TASKS},
        images=folder / IMAGES.name,
        objects=folder / OBJECTS.name,
        prompts=folder / PROMPTS.name,
        scores={name: folder / "scores" / name / "bones.parquet" for name in scores},
        predictions={name: folder / "predictions" / name / "bones.parquet" for name in predictions},
        settings=[MODE1, ORACLE, BOX, CLICKS],
        methods={"guess": {"title": "A guess"}, "box": {"title": "Box"}},
        protocols={"corrected": {"title": "corrected"}},
    )


def without_predictions(source: Source, folder: Path) -> Source:
    """The same, whose predictions are no longer kept."""
    return replace(source, predictions={name: folder / name / "bones.parquet" for name in source.predictions})
