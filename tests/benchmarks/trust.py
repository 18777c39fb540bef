"""Time of the tables of trust for many masks, and intervals to first order against those of exact resampling.

PYTHONPATH=workflow/scripts python tests/benchmarks/trust.py [--objects 100000] [--settings 20] [--patients 5000]

Speed: one method with six confidences of each mask in some settings, 28 tasks of 11 datasets; all four tables. Then
small samples of masks whose measures are known from a large one: width of both kinds of interval, and how often they
hold the truth.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from promptseg.analysis.bootstrap import draw_patients
from promptseg.analysis.trust.measures import BASE, contributions
from promptseg.analysis.trust.run import trust_tables
from promptseg.core.tables import write_table
from promptseg.score.tables import CONFIDENCES, TRUST

MEASURES = ["aurc", "auroc_50", "ap_50", "kept_80"]
RESAMPLES = 300


def sample(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """IoU and a confidence of n masks."""
    iou = rng.beta(2, 1.2, n)
    return iou, iou + rng.normal(0, 0.25, n)


def write(folder: Path, objects: int, settings: int, patients: int) -> list[Path]:
    """Files of score.tables.TRUST."""
    rng = np.random.default_rng(0)
    tasks = rng.integers(0, 28, objects)
    about = {
        "dataset": [f"d{task % 11}" for task in tasks],
        "task": [f"t{task}" for task in tasks],
        "case_id": [f"p{number}" for number in rng.integers(0, patients // 11, objects)],
        "object_id": [f"o{number}" for number in range(objects)],
        "method": "sam",
        "protocol": "corrected",
        "mode": "iterative",
        "selection": "first",
    }
    parts = []
    for step in range(1, settings + 1):
        iou, _ = sample(objects, rng)
        values = {column.name: iou + rng.normal(0, 0.2, objects) for column in CONFIDENCES}
        parts.append(pd.DataFrame(about | values | {"iou": iou, "step": step}).reindex(columns=TRUST.names))
    files = []
    for dataset, rows in pd.concat(parts).groupby("dataset"):
        files.append(folder / "sam" / f"{dataset}.parquet")
        write_table(files[-1], rows, TRUST)
    return files


def compare(patients: int, each: int, samples: int) -> None:
    """Print widths and coverage of both kinds of interval."""
    rng = np.random.default_rng(1)
    columns = [BASE.index(name) for name in MEASURES]
    truth = contributions(*sample(200_000, rng)).mean(axis=0)[columns]
    held, widths = np.zeros((2, 2, len(MEASURES)))
    at = np.repeat(np.arange(patients), each)
    for _ in range(samples):
        iou, confidence = sample(patients * each, rng)
        weights = draw_patients(patients, RESAMPLES, rng)[:, at]
        exact = []
        for drawn in weights.astype(int):
            places = np.repeat(np.arange(len(iou)), drawn)
            exact.append(contributions(iou[places], confidence[places]).mean(axis=0))
        linear = weights @ contributions(iou, confidence) / weights.sum(axis=1, keepdims=True)
        for kind, found in enumerate((np.array(exact), linear)):
            low, high = np.nanpercentile(found[:, columns], [2.5, 97.5], axis=0)
            held[kind] += (low <= truth) & (truth <= high)
            widths[kind] += high - low
    for kind, word in enumerate(("exact", "linear")):
        cells = [
            f"{name} {width:.3f} ({share:.0%})"
            for name, width, share in zip(MEASURES, widths[kind] / samples, held[kind] / samples, strict=True)
        ]
        print(f"{patients} patients of {each} masks, {word}: width (holds the truth) {', '.join(cells)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("objects", 100_000), ("settings", 20), ("patients", 5000), ("samples", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), options.objects, options.settings, options.patients)
        start = time.perf_counter()
        rows = [len(frame) for frame in trust_tables(files, 2000, 0)]
        print(
            f"{options.objects} masks in {options.settings} settings: {time.perf_counter() - start:.0f} s, rows {rows}"
        )
    for patients, each in ((6, 4), (15, 3), (40, 5)) if options.samples else ():
        compare(patients, each, options.samples)


if __name__ == "__main__":
    main()
