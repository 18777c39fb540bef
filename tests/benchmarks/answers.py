"""What it takes to check a method's answers and to tell how confident it is, beside the time that the method takes.

python tests/benchmarks/answers.py
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "workflow" / "scripts"), str(ROOT / "tests")]

from promptseg.methods import Candidates, Method, Prompt, Query, Settings  # noqa: E402
from promptseg.methods.classical import GrabCut  # noqa: E402
from promptseg.methods.confidence import confidence  # noqa: E402
from promptseg.methods.controls import BoxFill  # noqa: E402
from promptseg.methods.sam import Sam  # noqa: E402
from promptseg.predict.answers import checked, listed  # noqa: E402

SIZE = (512, 512)
SAM = Settings(variant="small", weights=ROOT / "resources" / "quickstart" / "sam_small.safetensors")


def seconds(call, least=0.3):
    """Of one call: the least of as many as fit into `least` seconds, at least three."""
    taken, end = [], time.perf_counter() + least
    while len(taken) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        taken.append(time.perf_counter() - start)
    return min(taken)


def measured(method: Method) -> list:
    """Name, us of `predict` and us of the check, per prompt of a batch of eight boxes."""
    pixels = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    image = method.encode(pixels)
    boxes = [np.array([100 + 5 * n, 120, 300, 340], np.int32) for n in range(8)]
    queries = [Query(image, Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), box)) for box in boxes]
    answers = method.predict(queries)
    asking = seconds(lambda: method.predict(queries)) / 8 * 1e6
    checking = seconds(lambda: [checked(one, SIZE, method.candidates) for one in listed(answers, 8)]) / 8 * 1e6
    return [type(method).__name__, f"{asking:.0f}", f"{checking:.1f}", f"{checking / asking:.2%}"]


def main() -> None:
    """Print both tables."""
    print(f"Images of {SIZE[0]} x {SIZE[1]} pixels, us per prompt\n")
    rows = [measured(method) for method in (BoxFill(Settings()), GrabCut(Settings()), Sam(SAM))]
    print(tabulate(rows, ["method", "predict", "check", "share"], disable_numparse=True))
    kinds = []
    for dtype in (bool, np.uint8, np.float32, np.float64, np.int64):
        masks = np.random.default_rng(0).random((3, *SIZE)) > 0.5
        given = Candidates(masks.astype(dtype), np.ones(3))
        kinds.append([np.dtype(dtype).name, f"{seconds(lambda: checked(given, SIZE, 3)) * 1e6:.1f}"])  # noqa: B023
    print("\n" + tabulate(kinds, ["three masks of", "check"], disable_numparse=True))
    logits = torch.randn(3, *SIZE)
    taken = seconds(lambda: confidence(logits.sigmoid())) * 1e6
    print(
        f"\nStability and expected Dice of three masks: {taken:.0f}, {taken / float(rows[-1][1]):.1%} of {rows[-1][0]}"
    )


if __name__ == "__main__":
    main()
