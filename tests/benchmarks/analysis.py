"""Time and memory of the whole analysis for 28 tasks, 8 methods and 100,000 objects, with generated scores.

PYTHONPATH=workflow/scripts python tests/benchmarks/analysis.py [--objects 100000] [--folder DIR]

SAM has three selections, the others one; five modes, and nine clicks under two protocols: 230 rows per object. The
scores are written as the pipeline writes them, one file for each method and dataset; then the stage `aggregate` runs.
"""

import argparse
import logging
import multiprocessing
import resource
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.analysis.contamination import Seen
from promptseg.analysis.study.published import read_published
from promptseg.core.tables import open_table
from promptseg.score.tables import SCORES

PUBLISHED = Path(__file__).resolve().parents[2] / "resources" / "published" / "mazurowski2023.csv"
METHODS = ["sam_vit_h", "ritm", "simpleclick", "focalclick", "cfr_icl", "grabcut", "random_walker", "region_growing"]
STUDY = {"sam_vit_h": "sam", "ritm": "ritm", "simpleclick": "simpleclick", "focalclick": "focalclick"}
PROTOCOLS = ["as_released", "corrected"]
IMAGES_OF_PATIENT = 20
CLICKS = 9


def settings_of(method: str) -> list[tuple[str | None, str, int, str]]:
    """(protocol, mode, step, selection) of all rows of one object."""
    selections = ["first", "best_score", "oracle"] if method.startswith("sam") else ["first"]
    modes = [(None, f"mode{number}", 0) for number in range(1, 6)]
    clicks = [(protocol, "iterative", step) for protocol in PROTOCOLS for step in range(1, CLICKS + 1)]
    return [(*mode, selection) for mode in [*modes, *clicks] for selection in selections]


def texts(names: Sequence[str | None], codes: np.ndarray) -> pa.Array:
    """A column of strings from codes."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(names, pa.string())).cast("string")


def scores_of(dataset: str, task: str, method: str, objects: int, rng: np.random.Generator) -> pa.Table:
    """Rows of one task and method, sorted by object: IoU by patient, object, size and setting."""
    settings = settings_of(method)
    rows = np.repeat(np.arange(objects), len(settings))
    setting = np.tile(np.arange(len(settings)), objects)
    images = [f"case{index // IMAGES_OF_PATIENT:04d}_z{index % IMAGES_OF_PATIENT:03d}" for index in range(objects)]
    cases = np.arange(objects) // IMAGES_OF_PATIENT
    area = np.random.default_rng(objects).lognormal(-4, 1.5, objects).clip(1e-5, 0.5)
    level = 0.5 + rng.normal(0, 0.1, cases[-1] + 1)[cases] + rng.normal(0, 0.1, objects) + 0.05 * np.log10(area)
    gain = np.array([0.02 * step for *_, step, _ in settings])
    iou = (level[rows] + gain[setting] + rng.normal(0, 0.05, len(rows))).clip(0, 1)
    columns: dict[str, pa.Array] = {
        "dataset": texts([dataset], np.zeros(len(rows))),
        "task": texts([task], np.zeros(len(rows))),
        "case_id": texts([f"case{index:04d}" for index in range(cases[-1] + 1)], cases[rows]),
        "image_id": texts(images, rows),
        "object_id": texts([f"{image}:{task}" for image in images], rows),
        "method": texts([method], np.zeros(len(rows))),
        "distance_unit": texts(["mm"], np.zeros(len(rows))),
        "status": texts(["ok"], np.zeros(len(rows))),
        "iou": pa.array(iou),
        "dice": pa.array(2 * iou / (1 + iou)),
        "nsd": pa.array(iou**0.5),
        "hd95": pa.array(20 * (1 - iou)),
        "area": pa.array((area * 512 * 512).astype(np.int32)[rows]),
        "relative_area": pa.array(area[rows]),
    }
    for place, name in ((0, "protocol"), (1, "mode"), (3, "selection")):
        values = [item[place] for item in settings]
        found = sorted({value for value in values if value})
        codes = np.array([found.index(value) if value else -1 for value in values])[setting]
        indices = pa.array(codes.astype(np.int32), mask=codes < 0)
        columns[name] = pa.DictionaryArray.from_arrays(indices, pa.array(found, pa.string())).cast("string")
    columns["step"] = pa.array(np.array([item[2] for item in settings], np.int16)[setting])
    empty = {name: pa.nulls(len(rows)) for name in SCORES.names}
    return pa.table({name: column.cast(SCORES.schema.field(name).type) for name, column in (empty | columns).items()})


def generate(folder: Path, objects: int) -> tuple[list[Path], dict[str, dict[str, Any]]]:
    """Score files, and the entries of their datasets: those of the study, with its tasks."""
    names = list(dict.fromkeys(read_published(PUBLISHED)["task"]))
    datasets: dict[str, dict[str, Any]] = {}
    for name in names:
        dataset = name.split(":")[0].lower().replace(" ", "_").replace("-", "_")
        entry = datasets.setdefault(dataset, {"title": dataset, "published": {}, "tasks": {}})
        task = name.split(": ")[-1].lower()
        entry["published"][task], entry["tasks"][task] = name, [1]
    paths = []
    rng = np.random.default_rng(0)
    for method in METHODS:
        for dataset, entry in datasets.items():
            paths.append(folder / "scores" / method / f"{dataset}.parquet")
            with open_table(paths[-1], SCORES, {"method": method, "dataset": dataset, "seed": 1}) as table:
                for task in entry["published"]:
                    table.write(scores_of(dataset, task, method, objects // len(names), rng))
    return paths, datasets


def main() -> None:
    """Generate the scores, run the stage, print seconds of each part and the largest memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--folder", type=Path, help="where scores and tables go; a temporary folder by default")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        # In a process of its own, so that its memory does not count.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            scores, datasets = pool.apply(generate, (folder, options.objects))
        methods = {name: {"title": name, "published": STUDY.get(name)} for name in METHODS}
        wall, cpu = time.perf_counter(), time.process_time()
        seen: Seen = {name: {} for name in METHODS}
        aggregate(Inputs(scores, [], [], PUBLISHED), folder / "tables", About(datasets, methods, seen), 2000, 1)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        rows = pq.read_metadata(folder / "tables" / "scores.parquet").num_rows
        print(f"{rows:,} rows: {wall:.0f} s, {cpu:.0f} s of processor time, at most {peak:.2f} GiB")


if __name__ == "__main__":
    main()
