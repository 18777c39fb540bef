"""An explorer of generated scores, of any size and without pictures, for what its pages do with rows."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.explorer.shards import write_array, write_json

EXPLORER = Path(__file__).resolve().parents[2] / "workflow" / "scripts" / "promptseg" / "explorer"
SETTINGS = ["mode1.first", "mode1.oracle"]
METRICS = {"iou": "IoU", "dice": "Dice", "nsd": "NSD", "hd95": "HD95", "predicted_iou": "predicted IoU"}
DATASETS, TASKS = 20, 5
REASON = "the method gave no mask"


def generate(folder: Path, n: int, methods: list[str]) -> None:
    """Write an explorer of n objects whose scores are random, without pictures."""
    rng = np.random.default_rng(0)
    data = folder / "data"
    columns = [*METRICS, "status"]
    for method in methods:
        for setting in SETTINGS:
            failed = rng.random(n) > 0.99
            for metric in METRICS:
                values = rng.beta(3, 2, n).round(4) * (100 if metric == "hd95" else 1)
                write_array(data, f"scores/{method}/{setting}/{metric}", np.where(failed, np.nan, values).astype("f4"))
            write_array(data, f"scores/{method}/{setting}/status", np.where(failed, 3, 0).astype("u1"))
    datasets = np.sort(rng.integers(0, DATASETS, n))
    images = np.arange(n) // 3
    write_json(
        data,
        "objects",
        {
            "n": n,
            "dataset": datasets.tolist(),
            "task": ((np.arange(n) % 3 + images) % TASKS).tolist(),
            "patient": {
                "values": [f"patient{number:05d}" for number in range(DATASETS * 100)],
                "codes": (datasets * 100 + rng.integers(0, 100, n)).tolist(),
            },
            "image": {
                "values": [f"case{i // 20:05d}_z{i % 20:03d}" for i in range(int(images[-1]) + 1)],
                "codes": images.tolist(),
            },
            "area": np.exp(rng.normal(7, 1.5, n)).astype(int).tolist(),
            "relative_area": np.exp(rng.normal(-6, 1.5, n)).round(5).tolist(),
            "picture": [-1] * n,
        },
    )
    write_json(data, "run", about(n, methods, columns))
    for name in ("app.js", "app.css"):
        shutil.copy(EXPLORER / "built" / name, folder)
    page = (EXPLORER / "index.html.jinja").read_text()
    (folder / "index.html").write_text(page.replace("{{ title }}", "Benchmark"))


def about(n: int, methods: list[str], columns: list[str]) -> dict[str, Any]:
    """The content of data/run.js, as explorer/about.py makes it."""
    shared = {"unit": "", "higher": True, "decimals": 3, "range": [0, 1]}
    distance = {"unit": "mm", "higher": False, "decimals": 1, "range": None}
    setting = {"mode": "mode1", "protocol": None, "switch": None, "step": 0}
    dataset = {"licence": "CC0-1.0", "units": ["mm"]}
    tasks = [{"name": f"task{number}", "title": f"task {number}"} for number in range(TASKS)]
    return {
        "title": f"{n:,} objects, {len(methods)} methods",
        "made": "2026-01-01 00:00 UTC",
        "configuration": {},
        "commit": "unknown",
        "version": "0",
        "counts": {"objects": n, "kept": n, "images": 0, "pictures": 0},
        "sampling": "",
        "datasets": [
            {
                "name": f"d{i:02d}",
                "title": f"Dataset {i}",
                "modality": ("ct", "mri")[i % 2],
                "modality_title": ("CT", "MRI")[i % 2],
                "tasks": tasks,
                **dataset,
            }
            for i in range(DATASETS)
        ],
        "methods": [
            {"name": name, "title": name, "family": name, "colour": "#0072b2", "marker": "o", "control": False}
            for name in methods
        ],
        "protocols": {},
        "settings": [{"id": one, "title": one, "selection": one.split(".")[1], **setting} for one in SETTINGS],
        "metrics": [
            {"name": name, "title": title, **(distance if name == "hd95" else shared)}
            for name, title in METRICS.items()
        ],
        "statuses": ["ok", "not_applicable", "", REASON],
        "titles": {
            "modes": {"mode1": "one point"},
            "selections": {"first": "first mask", "oracle": "oracle"},
            "statuses": {"ok": "scored", "not_applicable": "prompts not taken"},
        },
        "columns": {method: dict.fromkeys(SETTINGS, columns) for method in methods},
        "pages": {"report": "../report/index.html", "volumes": {}},
    }
