"""Masks scored per CPU second, beside another version of the project: objects of the full SAM protocol.

python tests/benchmarks/scoring.py [--before CHECKOUT] [--objects N] [--sizes 256 512 1024]

Each object has a truth and about a hundred answers to modes 1 to 5 (three candidates) and nine clicks (three
selections): outlines that wave around the truth's, some far off, some empty, one in four equal to an earlier one. Both
versions decode and score the same run-length codes in turn, in processes of one thread; the best of several rounds of
each counts. `CHECKOUT` is a folder with another version, such as `git worktree add ../before 7317f2c`.
"""

import argparse
import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SPACINGS = {"none": None, "equal": (0.7, 0.7), "unequal": (0.7, 1.3)}


def outline(size: int, radius: float, rng: np.random.Generator, wave: float, shift: float) -> np.ndarray:
    """(size, size) bool: a disk whose rim waves."""
    y, x = np.mgrid[:size, :size] - size / 2 - rng.normal(0, 1, (2, 1, 1)) * shift * radius
    angle = np.arctan2(y, x)
    waves = sum(np.sin(n * angle + rng.uniform(0, 7)) / n for n in (2, 3, 5, 9, 17))
    return np.hypot(y, x) < radius * (1 + wave * waves)


def rows_of(size: int, rng: np.random.Generator, encode) -> tuple[np.ndarray, pd.DataFrame]:
    """A truth, and rows of predictions."""
    truth = outline(size, size / 6, rng, 0.2, 0.3)
    rows = [(f"mode{mode}", None, None, 0, candidate) for mode in range(1, 6) for candidate in range(3)]
    for protocol in ("as_released", "corrected", "authors"):
        rows += [
            ("iterative", protocol, kind, step, 0)
            for kind in ("first", "best_score", "oracle")
            for step in range(1, 10)
        ]
    codes: list[dict] = []
    for _ in rows:
        if codes and rng.random() < 0.25:
            codes.append(codes[rng.integers(len(codes))])
        elif rng.random() < 0.03:
            codes.append(encode(np.zeros_like(truth)))
        else:
            wave, shift = rng.choice([0.05, 0.2, 0.5]), rng.choice([0.02, 0.1, 0.5])
            codes.append(encode(outline(size, size / 6 * rng.uniform(0.7, 1.4), rng, wave, shift)))
    frame = pd.DataFrame(rows, columns=["mode", "protocol", "selection", "step", "candidate"])
    scores = rng.random(len(rows)).astype(np.float32)
    return truth, frame.assign(switch=None, status="ok", score=scores, rle=codes)


def measure(size: int, spacing: str, objects: int, rounds: int) -> dict:
    """CPU milliseconds per mask of the version on the path, and its values."""
    try:
        scoring, masks = (importlib.import_module(f"promptseg.{name}") for name in ("score.scoring", "core.masks"))
        images = importlib.import_module("promptseg.preprocess.images")
    except ModuleNotFoundError:  # before the library had rooms
        scoring, masks, images = (
            importlib.import_module(f"promptseg.{name}") for name in ("scoring", "masks", "images")
        )
    tolerance = scoring.Tolerance()
    several = {"several": True} if "several" in inspect.signature(scoring.score_object).parameters else {}
    rng = np.random.default_rng(size)
    made = [rows_of(size, rng, masks.encode) for _ in range(objects)]
    best = np.inf
    for _ in range(rounds):
        start, found = time.process_time(), []
        for truth, frame in made:
            image = images.LabelledImage("i", "c", np.empty(0), truth, SPACINGS[spacing])
            found.append(scoring.score_object(frame, truth, image, tolerance, {}, **several))
        best = min(best, time.process_time() - start)
    masks_scored = sum(len(frame) for _, frame in made)
    values = [[row[name] for name in ("iou", "dice", "nsd", "hd95")] for rows in found for row in rows]
    return {"ms": 1000 * best / masks_scored, "values": values}


def called(checkout: Path, arguments: list[str]) -> dict:
    """`measure` in a process that imports the library of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "workflow" / "scripts"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout of another version")
    parser.add_argument("--objects", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512, 1024])
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        size, spacing, objects, rounds = given.measure
        print(json.dumps(measure(int(size), spacing, int(objects), int(rounds))))
        return
    for size in given.sizes:
        for spacing in SPACINGS:
            arguments = [str(size), spacing, str(given.objects), str(given.rounds)]
            now = called(ROOT, arguments)
            line = f"{size:5d} px, spacing {spacing:8} {now['ms']:7.3f} ms per mask"
            if given.before:
                before = called(given.before.resolve(), arguments)
                apart = np.abs(np.array(before["values"]) - np.array(now["values"])).max()
                line += f"   before {before['ms']:7.3f}   ratio {before['ms'] / now['ms']:5.1f}"
                line += f"   values differ by {apart:.0e} at most"
            print(line, flush=True)


if __name__ == "__main__":
    main()
