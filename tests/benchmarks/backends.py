"""Back ends and precisions of SAM's encoder: CPU seconds and memory, and what they do to the IoU.

    python tests/benchmarks/backends.py                      # vit_b with generated weights
    python tests/benchmarks/backends.py --results results    # sam_small, trained, on the images of a finished run

Each way runs in a process of its own, all of them in turns, with one thread; of several rounds the fastest counts.
Weights that are generated give no masks, so that IoU is measured with the small network: mean difference over all
prompts and candidates, with the interval of a bootstrap over images.
"""

import argparse
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

from safetensors.torch import save_file  # noqa: E402

from promptseg.core import masks  # noqa: E402
from promptseg.methods import Prompt, Query, Settings  # noqa: E402
from promptseg.methods.devices import keep_freed_memory  # noqa: E402
from promptseg.methods.sam import Sam  # noqa: E402
from promptseg.parity.generated_weights import rule_state  # noqa: E402
from promptseg.preprocess.images import LabelledImage, read_images  # noqa: E402
from promptseg.prompts.modes import PromptSettings, make_prompts  # noqa: E402

WAYS = [
    ("torch", "fp32"),
    ("torch", "bf16"),
    ("torch", "int8"),
    ("openvino", "fp32"),
    ("openvino", "bf16"),
    ("openvino", "int8"),
    ("onnxruntime", "fp32"),
    ("onnxruntime", "int8"),
]
SMALL = ROOT / "resources" / "quickstart" / "sam_small.safetensors"


def encode_once(backend: str, precision: str, weights: Path) -> dict[str, float]:
    """CPU seconds of one image of 1024 pixels, and peak memory, in this process."""
    keep_freed_memory()
    torch.set_num_threads(1)
    method = Sam(Settings(variant="vit_b", weights=weights, backend=backend, precision=precision))
    pixels = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), np.uint8)
    taken = []
    for _ in range(3):
        start = time.process_time()
        method.encode(pixels)
        taken.append(time.process_time() - start)
    return {"seconds": min(taken), "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def speed(rounds: int) -> None:
    """Each way in a new process, all of them in turns."""
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "vit_b.safetensors"
        with torch.device("meta"):
            network = Sam.architecture("vit_b")
        save_file(rule_state(network), weights)
        found: dict[tuple[str, str], list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way in WAYS:
                command = [sys.executable, __file__, "--way", *way, "--weights", str(weights)]
                answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
                found[way].append(json.loads(answer.splitlines()[-1]))
    best = {way: min(one["seconds"] for one in every) for way, every in found.items()}
    for (backend, precision), seconds in best.items():
        memory = min(one["mb"] for one in found[backend, precision])
        gain = best["torch", "fp32"] / seconds
        print(f"{backend:12} {precision:5} {seconds:6.2f} CPU s, {gain:.2f} times as fast, {memory:5.0f} MB")


def questions(image: LabelledImage) -> list[tuple[Prompt, np.ndarray]]:
    """A click on each label of an image and the box around it, with the truth."""
    asked = []
    for label in np.unique(image.labels[image.labels > 0]):
        truth = image.labels == label
        for row in make_prompts(image.image_id, truth, ["mode1", "mode3"], PromptSettings(tie_break="first")):
            if row["mode"] == "mode1":
                points = np.array(row["points"], np.int32).reshape(-1, 2)
                asked.append((Prompt(points, np.ones(len(points), np.int8)), truth))
            else:
                box = np.array(row["boxes"][0], np.int32)
                asked.append((Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), box), truth))
    return asked


def difference(results: Path, most: int) -> None:
    """IoU of each way minus that of PyTorch in fp32, by dataset, of at most so many images each."""
    torch.set_num_threads(1)
    methods = {way: Sam(Settings(variant="small", weights=SMALL, backend=way[0], precision=way[1])) for way in WAYS}
    for folder in sorted((results / "datasets").iterdir()):
        found: dict[tuple[str, str], list[np.ndarray]] = {way: [] for way in WAYS}
        for image in itertools.islice(read_images(folder / "images.parquet"), most):
            asked = questions(image)
            for way, method in methods.items():
                if asked:
                    encoded = method.encode(image.pixels)
                    answers = method.predict([Query(encoded, prompt) for prompt, _ in asked])
                    pairs = zip(answers, asked, strict=True)
                    found[way].append(np.array([[masks.iou(m, truth) for m in one.masks] for one, (_, truth) in pairs]))
        for way, ious in found.items():
            differences = [mine - ours for mine, ours in zip(ious, found[WAYS[0]], strict=True)]
            means, largest = [one.mean() for one in differences], max(np.abs(one).max() for one in differences)
            drawn = np.random.default_rng(0).choice(means, (2000, len(means))).mean(1)
            low, high = np.quantile(drawn, (0.025, 0.975))
            print(
                f"{folder.name:16} {way[0]:12} {way[1]:5} IoU {np.mean(means):+.5f} [{low:+.5f}, {high:+.5f}], "
                f"largest {largest:.4f}, of {len(means)} images"
            )


def main() -> None:
    """See the docstring of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, help="folder of a finished run: differences of the IoU")
    parser.add_argument("--images", type=int, default=40, help="of each dataset at most")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--way", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--weights", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(encode_once(*arguments.way, arguments.weights)))
    elif arguments.results:
        difference(arguments.results, arguments.images)
    else:
        speed(arguments.rounds)


if __name__ == "__main__":
    main()
