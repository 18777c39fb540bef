"""A small run on the disk for the explorer, and the data files of an explorer as what they hold."""

import base64
import gzip
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core import masks
from promptseg.core.tables import write_table
from promptseg.explorer.about import Run
from promptseg.explorer.build import build
from promptseg.explorer.objects import Files
from promptseg.predict.tables import PREDICTIONS
from promptseg.predict.trajectories import prediction
from promptseg.preprocess.images import encode_png, object_mask
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.modes import PromptSettings, make_prompts
from promptseg.prompts.tables import PROMPTS
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score
from promptseg.score.trust import write_trust

TASKS = {"chest": {"nodule": [300]}, "heart": {"it's <b>": [1, 2], "cell": [2]}}
ODD = 'p1 "z"/1#ä'
ROLES = {
    "sam": {"prompt_types": ["point", "box", "everything"], "max_points": None, "candidates": 3},
    "boxes": {"prompt_types": ["box"], "max_points": None, "candidates": 1},
}
METHODS = {
    "boxes": {"title": "Boxes filled", "control": True, "family": "boxes"},
    "sam": {"title": "SAM <1>", "control": False, "family": "SAM"},
    "other": {"title": "Not of this run", "control": False, "family": "other"},
}
PROTOCOLS = {"corrected": {"title": "corrected"}, "as_released": {"title": "as released"}}
MODES = ("mode1", "mode3", "iterative", "everything")


def block(x0: int, y0: int, x1: int, y1: int, size: tuple[int, int] = (6, 10)) -> np.ndarray:
    """(h, w) bool: a box, its ends inclusive."""
    mask = np.zeros(size, bool)
    mask[y0 : y1 + 1, x0 : x1 + 1] = True
    return mask


def labels() -> dict[str, dict[str, np.ndarray]]:
    """Dataset -> image -> label map. In the heart label 1 has 8 pixels and label 2 has 4."""
    heart = (block(0, 0, 3, 1) + 2 * block(6, 2, 7, 3)).astype(np.uint8)
    return {
        "chest": {"c": 300 * block(2, 2, 5, 4).astype(np.uint16)},
        "heart": {ODD: heart, "b": heart[:, ::-1].copy()},
    }


def answers(method: str, name: str, truth: np.ndarray) -> list[dict[str, Any]]:
    """What a method says of an object: the truth shifted by columns."""

    def row(mode: str, shift: int, **more: Any) -> dict[str, Any]:
        return {"candidate": 0, **prediction(name, mode, rle=masks.encode(np.roll(truth, shift, 1))), **more}

    if method == "boxes":
        return [row("mode3", 0)]
    if name == f"{ODD}:cell":
        first = [prediction(name, "mode1", status="method failed: SAM raised ValueError; see the log")]
    else:
        first = [row("mode1", k, candidate=k, score=score) for k, score in enumerate((0.5, 0.25, 0.875))]
    clicks = [
        row("iterative", 3 - step, step=step, protocol="corrected", selection=selection, score=0.125 * step,
            click_x=step, click_y=1, click_label=step % 2)
        for selection in ("first", "oracle") for step in (1, 2)
    ]  # fmt: skip
    variant = row("iterative", 0, step=1, protocol="as_released", switch="repeat_clicks", selection="first",
                  click_x=4, click_y=0, click_label=1)  # fmt: skip
    return [*first, *clicks, variant, row("everything", 1)]


def write_run(folder: Path, only: str = "") -> dict[str, Any]:
    """Write the files of a run of two methods on two datasets, or on one of them; the arguments of `build`."""
    datasets, parts = {}, {kind: {} for kind in ("scores", "predictions", "trust")}
    for dataset, maps in labels().items():
        if only and only != dataset:
            continue
        own = folder / dataset
        images = [_image(name, one, dataset) for name, one in maps.items()]
        unread = {"image_id": "d", "case_id": "d", "status": "unreadable: d.png; look at it"}
        write_table(own / "images.parquet", [*images, *([unread] if dataset == "heart" else [])], IMAGES)
        objects = {
            f"{name}:{task}": (name, task, object_mask(one, values))
            for name, one in maps.items()
            for task, values in TASKS[dataset].items()
        }
        rows = [_object(name, *about) for name, about in objects.items()]
        write_table(own / "objects.parquet", rows, OBJECTS)
        settings = PromptSettings(tie_break="first")
        prompts = [
            row for name, (*_, truth) in objects.items() for row in make_prompts(name, truth, MODES[:3], settings)
        ]
        write_table(own / "prompts.parquet", prompts, PROMPTS)
        datasets[dataset] = Files(*(own / f"{kind}.parquet" for kind in ("images", "objects", "prompts")))
        for method in ROLES:
            paths = {kind: folder / kind / method / f"{dataset}.parquet" for kind in parts}
            given = [row for name, (*_, truth) in objects.items() for row in answers(method, name, truth)]
            write_table(paths["predictions"], given, PREDICTIONS, ROLES[method])
            stream = stream_objects(datasets[dataset].images, datasets[dataset].objects, TASKS[dataset])
            score(stream, paths["predictions"], paths["scores"], Tolerance(2, 2), dataset=dataset, method=method)
            files = [paths["scores"], paths["predictions"], datasets[dataset].prompts]
            write_trust(*files, None, paths["trust"], method=method)
            for kind, path in paths.items():
                parts[kind][method, dataset] = path
    return {"run": about(list(datasets)), "datasets": datasets, **parts}


def about(datasets: list[str], most: tuple[int, int] = (100, 100)) -> Run:
    """What the configuration of the run says."""
    entries = {name: {"modality": "ct", "licence": "CC0-1.0", "tasks": TASKS[name]} for name in datasets}
    configuration = {"device": "cpu", "prompts": {"seed": 1}}
    return Run("A run", configuration, entries, METHODS, PROTOCOLS, MODES, most, seed=1, volumes={})


def explored(folder: Path, **run: Any) -> Path:
    """An explorer of the run in a folder."""
    build(folder / "explorer", **write_run(folder, **run))
    return folder / "explorer"


def _image(name: str, one: np.ndarray, dataset: str) -> dict[str, Any]:
    grey = np.where(one > 0, 200, 50).astype(np.uint8)
    pixels = np.dstack([grey, grey // 2, grey // 4]) if dataset == "chest" else grey
    spacing = {} if dataset == "chest" else {"spacing_y": 0.5, "spacing_x": 0.25}
    return {
        "image_id": name,
        "case_id": name[0],
        "height": one.shape[0],
        "width": one.shape[1],
        "status": "ok",
        "image": {"bytes": encode_png(pixels)},
        "labels": {"bytes": encode_png(one)},
        **spacing,
    }


def _object(name: str, image: str, task: str, truth: np.ndarray) -> dict[str, Any]:
    box = dict(zip(("bbox_x0", "bbox_y0", "bbox_x1", "bbox_y1"), masks.tight_box(truth), strict=True))
    about = {"object_id": name, "image_id": image, "case_id": image[0], "task": task}
    return {**about, **box, "area": int(truth.sum()), "n_components": masks.count_components(truth)}


def read_shard(explorer: Path, name: str) -> Any:
    """What `data/<name>.js` holds: an array or JSON."""
    text = (explorer / "data" / f"{name}.js").read_text(encoding="utf-8")
    told, kind, packed = re.fullmatch(r'promptseg\.shard\((".*"),"(\w+)","([\w+/=]+)"\);\n', text).groups()
    assert json.loads(told) == name
    payload = gzip.decompress(base64.b64decode(packed))
    return json.loads(payload) if kind == "json" else np.frombuffer(payload, f"<{kind}")
