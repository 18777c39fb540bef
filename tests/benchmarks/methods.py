"""Every promptable method under the full protocol: scripts, encode-once loops and the batched engine, in one run.

    python tests/benchmarks/methods.py                                     # small variants of all families
    python tests/benchmarks/methods.py --methods sam2_1_base_plus hq_sam_vit_b
    python tests/benchmarks/methods.py --methods sam_vit_h --device cuda --precision bf16

The full protocol: modes 1 to 5, and nine clicks for each of the selections that make a difference for the method. Three
ways answer the same prompts of the same images with the same generated weights:

* `scripts`: as evaluation scripts do, each mode and each selection encodes the image anew, one prompt per call;
* `once`: every image is encoded once, one prompt per call;
* `engine`: promptseg.

The first two use the authors' package where there is one, `transformers` for SAM 2 (with the official preparation of
images), and our own adapter otherwise. Each way runs in a process of its own; of several rounds the fastest counts.
"""

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from usages import Usage, official, own_method, save_generated

from promptseg.core import masks
from promptseg.core.vocabulary import ITERATIVE, SELECTIONS, STUDY_MODES
from promptseg.methods import Method, Prompt, adapter_class
from promptseg.methods.devices import keep_freed_memory
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan, Target
from promptseg.predict.trajectories import prompts_of
from promptseg.preprocess.images import LabelledImage
from promptseg.prompts.clicks import Click, ClickTarget, Protocol, next_click
from promptseg.prompts.modes import PromptSettings, applies, make_prompts

CLICKS = 9
PROTOCOL = Protocol()
DEFAULT = ("sam_vit_b", "mobile_sam", "sam2_1_tiny", "edgetam", "hq_sam_vit_tiny", "medsam", "sam_med2d")
ENTRIES = yaml.safe_load((Path(__file__).resolve().parents[2] / "config" / "methods.yaml").read_text())["methods"]


def samples(count: int, size: int, objects: int) -> Iterator[tuple[LabelledImage, list[Target]]]:
    """Noisy images with so many objects, each of two parts."""
    rows, columns = np.mgrid[:size, :size] / size
    for index in range(count):
        rng = np.random.default_rng(index)
        labels = np.zeros((size, size), np.uint8)
        for label, radius in itertools.product(range(1, objects + 1), (0.18, 0.08)):
            y, x = rng.uniform(0.25, 0.75, 2)
            labels[((rows - y) / radius) ** 2 + ((columns - x) / (1.4 * radius)) ** 2 < 1] = label
        pixels = np.clip(70 + 60 * labels[..., None] + rng.normal(0, 20, (size, size, 3)), 0, 255).astype(np.uint8)
        image = LabelledImage(f"image{index}", f"image{index}", pixels, labels, None)
        yield image, [_target(f"image{index} {label}", labels == label) for label in range(1, objects + 1)]


def _target(name: str, truth: np.ndarray) -> Target:
    rows = make_prompts(name, truth, [*STUDY_MODES, ITERATIVE], PromptSettings(tie_break="first"))
    return Target(name, truth, {row["mode"]: row for row in rows})


class Script:
    """A user's loop around a method: one prompt per call.

    Args:
        anew: encode the image for each mode and selection; otherwise once.
    """

    def __init__(self, usage: Usage, kind: type[Method], anew: bool):
        self.usage, self.prompt_types, self.anew = usage, kind.prompt_types, anew
        self.selections = SELECTIONS if kind.candidates > 1 else SELECTIONS[:1]
        self.asked = self.encoded = 0

    def run(self, images: Iterator[tuple[LabelledImage, list[Target]]]) -> dict[str, float]:
        """IoU by object, mode, step and selection."""
        found: dict[str, float] = {}
        for image, targets in images:
            encoded = None
            for mode, selection in itertools.product((*STUDY_MODES, ITERATIVE), self.selections):
                if not applies(mode, self.prompt_types):
                    continue
                if encoded is None or self.anew:
                    encoded = self.usage.encode(image.pixels)
                    self.encoded += 1
                for target in targets:
                    for step, iou in self._answers(encoded, image, target, mode, selection):
                        found[f"{target.object_id} {mode} {step} {selection}"] = iou
        return found

    def _ask(self, encoded: Any, prompt: Prompt) -> tuple[np.ndarray, np.ndarray]:
        self.asked += 1
        answer, scores = self.usage.ask(encoded, prompt)
        return answer, np.zeros(len(answer)) if scores is None else scores

    def _answers(
        self, encoded: Any, image: LabelledImage, target: Target, mode: str, selection: str
    ) -> Iterator[tuple[int, float]]:
        prompts = prompts_of(target.prompts[mode])
        if mode != ITERATIVE:
            answers = [self._ask(encoded, prompt) for prompt in prompts]
            joined = np.logical_or.reduce([answer for answer, _ in answers])
            mask = _selected(joined, np.mean([scores for _, scores in answers], axis=0), selection, target.truth)
            yield 0, masks.iou(mask, target.truth)
            return
        seen, clicks = ClickTarget(target.object_id, target.truth, image.labels), []
        mask = np.zeros_like(target.truth)
        for step in range(1, CLICKS + 1):
            click = next_click(seen, mask, clicks, PROTOCOL, tie_break="first", seed=0)
            if click is None:
                return
            clicks.append(click)
            mask = _selected(*self._ask(encoded, _prompt(clicks)), selection, target.truth)
            yield step, masks.iou(mask, target.truth)


def _prompt(clicks: list[Click]) -> Prompt:
    points = np.array([(click.x, click.y) for click in clicks], np.int32)
    return Prompt(points, np.array([click.positive for click in clicks], np.int8))


def _selected(answer: np.ndarray, scores: np.ndarray, selection: str, truth: np.ndarray) -> np.ndarray:
    if selection == "oracle":
        return answer[masks.best_candidate(answer, truth)]
    return answer[masks.best_score(scores) if selection == "best_score" else 0]


def engine(runner: Runner, images: Iterator[tuple[LabelledImage, list[Target]]]) -> dict[str, float]:
    """IoU as `Script.run` gives them."""
    found: dict[str, float] = {}
    for item in runner.run(images):
        truths = {target.object_id: target.truth for target in item.targets}
        candidates: dict[tuple[str, str], list[tuple[np.ndarray, float]]] = {}
        for row in item.rows:
            if row["status"] != "ok":
                continue
            name, mask = row["object_id"], masks.decode(row["rle"])
            if row["mode"] != ITERATIVE:
                candidates.setdefault((name, row["mode"]), []).append((mask, row["score"] or 0.0))
            elif row.get("click_x") is not None:
                found[f"{name} {ITERATIVE} {row['step']} {row['selection']}"] = masks.iou(mask, truths[name])
        for (name, mode), answers in candidates.items():
            stacked, scores = np.stack([mask for mask, _ in answers]), np.array([score for _, score in answers])
            for selection in SELECTIONS:
                mask = _selected(stacked, scores, selection, truths[name])
                found[f"{name} {mode} 0 {selection}"] = masks.iou(mask, truths[name])
    return found


def work(arguments: argparse.Namespace) -> dict[str, Any]:
    """What one process does."""
    entry = ENTRIES[arguments.method]
    kind = adapter_class(entry["adapter"])
    keep_freed_memory()
    images, device = lambda: samples(arguments.images, arguments.size, arguments.objects), arguments.device
    warm = next(images())[0].pixels
    if arguments.way == "engine":
        method = own_method(entry, arguments.weights, device, arguments.precision)
        runner = Runner(method, Plan(CLICKS, {("corrected", None): PROTOCOL}, tie_break="first", strict=True))
        method.encode(warm)
        start = time.perf_counter()
        ious = engine(runner, images())
        means, prompts, encodings = "promptseg", runner.cost.prompts, runner.cost.images
    else:
        means, usage = official(entry, arguments.weights, device)
        script = Script(usage, kind, arguments.way == "scripts")
        usage.encode(warm)
        start = time.perf_counter()
        ious = script.run(images())
        prompts, encodings = script.asked, script.encoded
    seconds = time.perf_counter() - start
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    gpu = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0.0
    counts = {"prompts": prompts, "encodings": encodings}
    return {"means": means, "seconds": seconds, "ious": ious, "memory_mb": memory, "gpu_mb": gpu, **counts}


def child(arguments: argparse.Namespace, method: str, way: str, weights: Path) -> dict[str, Any]:
    """Run `work` in a fresh process."""
    command = [sys.executable, __file__, "--method", method, "--way", way, "--weights", str(weights)]
    for name in ("images", "objects", "size", "device", "precision"):
        command += [f"--{name}", str(getattr(arguments, name))]
    done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def compare(arguments: argparse.Namespace, method: str, folder: Path) -> None:
    """Time the ways of one method and print them side by side."""
    entry, weights = ENTRIES[method], folder / f"{method}.safetensors"
    save_generated(entry, weights)
    fastest: dict[str, dict[str, Any]] = {}
    for _ in range(arguments.rounds):
        for way in arguments.ways:
            found = child(arguments, method, way, weights)
            if way not in fastest or found["seconds"] < fastest[way]["seconds"]:
                fastest[way] = found
    weights.unlink()
    ours = fastest["engine"]
    for way, found in fastest.items():
        apart = [abs(found["ious"][key] - ours["ious"][key]) for key in found["ious"].keys() & ours["ious"].keys()]
        print(
            f"{method:18s} {way:8s} {found['seconds'] / arguments.images:7.2f} s per image, "
            f"{found['seconds'] / ours['seconds']:5.2f} times the engine's, {found['encodings']:3d} encodings, "
            f"{found['prompts']:4d} prompts, {found['memory_mb']:5.0f} MB"
            + (f", {found['gpu_mb']:.0f} MB on the GPU" if found["gpu_mb"] else "")
            + f"; IoU {np.mean(list(found['ious'].values())):.2f}, from the engine's {max(apart):.1e} at most, "
            f"{np.median(apart):.1e} median ({found['means']})",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=DEFAULT, choices=sorted(ENTRIES), metavar="NAME")
    parser.add_argument("--ways", nargs="+", default=["scripts", "once", "engine"])
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1, help="how often each way is timed")
    parser.add_argument("--objects", type=int, default=1, help="objects per image")
    parser.add_argument("--size", type=int, default=512, help="height and width of the images")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"], help="of the engine")
    for hidden in ("method", "way", "weights"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS, type=Path if hidden == "weights" else str)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(work(arguments)))
        return
    sizes = f"{arguments.images} images, side {arguments.size}, objects in each {arguments.objects}"
    print(f"{sizes}, {torch.get_num_threads()} threads, {arguments.device}")
    with tempfile.TemporaryDirectory() as folder:
        for method in arguments.methods:
            compare(arguments, method, Path(folder))


if __name__ == "__main__":
    main()
