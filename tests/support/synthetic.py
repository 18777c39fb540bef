"""Score rows of the shape of `score.tables.SCORES` from a seeded generator, for tests of what is made from scores."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from promptseg.core.masks import encode, iou, tight_box
from promptseg.core.tables import write_table
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.tables import PROMPTS
from promptseg.score.tables import SCORES

DATASETS: dict[str, dict[str, Any]] = {
    "brain_tumour": {"title": "Brain tumour (MRI)", "tasks": ["tumour"], "patients": 8, "unit": "mm"},
    "chest_xray": {"title": "Chest X-ray", "tasks": ["lungs"], "patients": 30, "unit": "px"},
    "abdomen_ct": {
        "title": "Abdominal organs (CT)",
        "tasks": ["liver", "spleen", "left kidney", "right kidney", "pancreas", "aorta", "stomach"],
        "patients": 6,
        "unit": "mm",
    },
    "brain_atlas": {
        "title": "MNI152 brain atlas (MRI)",
        "tasks": ["grey matter", "white matter", "cerebrospinal fluid", "caudate", "putamen", "thalamus"],
        "patients": 1,
        "unit": "mm",
    },
    "breast_us": {
        "title": "Breast ultrasound",
        "tasks": ["benign lesion", "malignant lesion"],
        "patients": 25,
        "unit": "px",
    },
}
for entry in DATASETS.values():
    entry["tasks"] = {task: [value] for value, task in enumerate(entry["tasks"], 1)}
DATASETS["brain_tumour"]["published"] = {"tumour": "MRI-Brain: Core"}
DATASETS["chest_xray"]["published"] = {"lungs": "Xray-Chest"}
DATASETS["abdomen_ct"]["published"] = {"liver": "CT-Liver", "spleen": "CT-Spleen"}

BOXES = ["mode3", "mode4", "mode5"]
POINTS = ["mode1", "mode2", "iterative"]
METHODS: dict[str, dict[str, Any]] = {
    "perfect": {"title": "Perfect", "control": True, "prompts": BOXES + POINTS},
    "box_fill": {"title": "Filled box", "control": True, "prompts": BOXES},
    "box_ellipse": {"title": "Ellipse in box", "control": True, "prompts": BOXES},
    "click_disk": {"title": "Disk at click", "control": True, "prompts": POINTS},
    "grabcut": {"title": "GrabCut", "prompts": BOXES},
    "random_walker": {"title": "Random walker", "prompts": BOXES + POINTS},
    "region_growing": {"title": "Region growing", "prompts": POINTS},
    "sam_vit_b": {"title": "SAM ViT-B", "published": "sam", "prompts": BOXES + POINTS, "candidates": 3},
}
# GrabCut has seen the X-rays; nothing is known of SAM.
SEEN: dict[str, dict[str, Any]] = {
    name: {"other": {"answer": "no", "source": "nothing is trained"}} for name in METHODS if name != "sam_vit_b"
} | {"sam_vit_b": {}}
SEEN["grabcut"] = SEEN["grabcut"] | {"chest_xray": {"answer": "yes", "source": "its authors"}}
LEVELS = {"box_fill": 0.55, "box_ellipse": 0.7, "click_disk": 0.3, "grabcut": 0.6, "random_walker": 0.45}
GAIN = {"mode1": 0.0, "mode2": 0.03, "mode3": 0.1, "mode4": 0.2, "mode5": 0.12}


def rows_of(dataset: str, method: str, images: int = 3) -> list[dict[str, Any]]:
    """Score rows of one method on one dataset: `images` images per patient, every task in each."""
    entry, settings = DATASETS[dataset], METHODS[method]
    rng = np.random.default_rng(list(f"{dataset}/{method}".encode()))
    rows = []
    for task_index, task in enumerate(entry["tasks"]):
        for patient in range(entry["patients"]):
            shift = np.random.default_rng([task_index, patient, len(dataset)]).normal(0, 0.1) - 0.03 * task_index
            for image in range(images):
                image_id = f"case{patient:02d}_z{image:03d}"
                key = {
                    "dataset": dataset,
                    "task": task,
                    "case_id": f"case{patient:02d}",
                    "image_id": image_id,
                    "object_id": f"{image_id}:{task}",
                    "method": method,
                    "distance_unit": entry["unit"],
                    "area": 200 + 10 * patient,
                }
                for mode in ["mode1", "mode2", "mode3", "mode4", "mode5", "iterative"]:
                    applies = mode in settings["prompts"]
                    selections = ["first", "best_score", "oracle"] if settings.get("candidates") else ["first"]
                    for step in range(1, 10) if mode == "iterative" else [0]:
                        for selection in selections if applies else ["first"]:
                            value = (
                                LEVELS.get(method, 0.5) + shift + rng.normal(0, 0.05) + GAIN.get(mode, 0.05 * step**0.7)
                            )
                            value += 0.06 * (selection == "oracle")
                            iou = 1.0 if method == "perfect" else float(np.clip(value, 0.02, 0.98))
                            rows.append(
                                key
                                | {
                                    "protocol": "corrected" if mode == "iterative" else None,
                                    "mode": mode,
                                    "step": step,
                                    "selection": selection,
                                    "iou": iou if applies else None,
                                    "dice": 2 * iou / (1 + iou) if applies else None,
                                    "nsd": iou if applies else None,
                                    "hd95": 20 * (1 - iou) if applies else None,
                                    "status": "ok" if applies else "not_applicable",
                                }
                            )
    return rows


def write_run(folder: Path, images: int = 1) -> tuple[list[Path], list[Path]]:
    """Score tables and throughput files of all methods and datasets, laid out as the pipeline does."""
    scores, speeds = [], []
    for method in METHODS:
        for dataset in DATASETS:
            rows = rows_of(dataset, method, images)
            path = folder / "scores" / method / f"{dataset}.parquet"
            write_table(path, pd.DataFrame(rows, columns=SCORES.names), SCORES, {"method": method, "device": "cpu"})
            scores.append(path)
            speed = folder / "predictions" / method / f"{dataset}.throughput.json"
            speed.parent.mkdir(parents=True, exist_ok=True)
            speed.write_text(
                json.dumps(
                    {
                        "images": 10,
                        "objects": 20,
                        "predictions": 280,
                        "encode_seconds": 1.5,
                        "decode_seconds": 0.5,
                        "wall_seconds": 4.0,
                        "peak_memory_mb": 512.0,
                        "device": "cpu",
                    }
                )
            )
            speeds.append(speed)
    return scores, speeds


EXAMPLE_TASKS = {"left disk": [1], "right bar": [2], "both": [1, 2], "small dot": [3], "never shown": [3]}


def write_examples(folder: Path) -> dict[str, Any]:
    """Images, objects, prompts, predictions and scores of one small dataset with pixels twice as tall as wide."""
    rng = np.random.default_rng(7)
    tables: dict[str, list[dict[str, Any]]] = {name: [] for name in ("images", "objects", "prompts")}
    predictions: dict[str, list[dict[str, Any]]] = {"sam_vit_b": [], "region_growing": [], "box_fill": []}
    scores: dict[str, list[dict[str, Any]]] = {name: [] for name in predictions}
    rows, columns = np.mgrid[:64, :128]
    for case in range(3):
        labels = np.zeros((64, 128), np.uint8)
        labels[(rows - 30) ** 2 * 4 + (columns - 35) ** 2 < (18 + 3 * case) ** 2] = 1
        labels[20:40, 80 : 100 + 3 * case] = 2
        labels[52:56, 60:66] = 3
        pixels = np.clip(60 + 50 * labels + rng.normal(0, 15, labels.shape), 0, 255).astype(np.uint8)
        image_id = f"case{case}"
        tables["images"].append(
            {
                "image_id": image_id,
                "case_id": image_id,
                "image": {"bytes": encode_png(pixels), "path": None},
                "labels": {"bytes": encode_png(labels), "path": None},
                "height": 64,
                "width": 128,
                "spacing_y": 2.0,
                "spacing_x": 1.0,
                "status": "ok",
            }
        )
        for task, values in EXAMPLE_TASKS.items():
            truth = np.isin(labels, values)
            x0, y0, x1, y1 = tight_box(truth)
            name = f"{image_id}:{task}"
            box = {"bbox_x0": x0, "bbox_y0": y0, "bbox_x1": x1, "bbox_y1": y1}
            item = {"object_id": name, "image_id": image_id, "case_id": image_id, "task": task}
            tables["objects"].append(item | box | {"area": int(truth.sum()), "n_components": 1})
            y, x = np.argwhere(truth)[len(np.argwhere(truth)) // 2]
            tables["prompts"].append({"object_id": name, "mode": "mode1", "points": [[x, y]], "point_labels": [1]})
            tables["prompts"].append({"object_id": name, "mode": "mode5", "boxes": [[x0, y0, x1, y1]]})
            filled = np.zeros_like(truth)
            filled[y0 : y1 + 1, x0 : x1 + 1] = True
            made = {"sam_vit_b": truth & (columns % 9 > 0), "region_growing": truth & (rows < y), "box_fill": filled}
            for method, mask in made.items():
                mode = "mode1" if method == "region_growing" else "mode5"
                row = {"object_id": name, "mode": mode, "step": 0, "candidate": 0, "rle": encode(mask), "status": "ok"}
                predictions[method].append(row)
                key = {"dataset": "shapes", "task": task, "case_id": image_id, "image_id": image_id, "object_id": name}
                key |= {"method": method, "step": 0, "selection": "first"}
                scores[method].append(key | {"mode": mode, "iou": iou(mask, truth), "status": "ok"})
                other = "mode5" if mode == "mode1" else "mode1"
                scores[method].append(key | {"mode": other, "status": "not_applicable"})
    paths: dict[str, Any] = {"predictions": [], "scores": []}
    for name, schema in (("images", IMAGES), ("objects", OBJECTS), ("prompts", PROMPTS)):
        paths[name] = folder / f"{name}.parquet"
        write_table(paths[name], tables[name], schema)
    for method in predictions:
        for kind, schema, content in (("predictions", PREDICTIONS, predictions), ("scores", SCORES, scores)):
            paths[kind].append(folder / kind / method / "shapes.parquet")
            write_table(paths[kind][-1], content[method], schema)
    return paths
