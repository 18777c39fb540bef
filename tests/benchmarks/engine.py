"""What the engine costs beside the network, beside another version of the project: the full protocol of SAM.

python tests/benchmarks/engine.py [--before CHECKOUT] [--objects N] [--sizes 512 1024] [--busy]

Objects in modes 1 to 5 and with nine clicks under three selections. SAM's encoder and decoder are stubs, whose logits
of 256 x 256 pixels follow the truth the better, the more is clicked; everything else is real: images brought to the
network's input, masks to the image's size, confidences, run-length codes, overlaps, next clicks, rows. CPU seconds of
the network do not count: of the stubs, and of SAM's own prompt encoder. Both versions run in turn in processes of one
thread for NumPy and PyTorch, and the best of several rounds of each counts; then what they answered is compared. The
corrective clicks go by OpenCV's approximate distance, the only one that old versions know. `CHECKOUT` is a folder
with another version, such as `git worktree add ../before 7317f2c`.

With `--busy` the stubs sleep as long as a network takes that is ten times faster than SAM vit_b on two cores (7.2 s per
image, 20 ms per prompt): for what share of the time would a GPU be busy?
"""

import argparse
import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from pycocotools import mask as coco
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

ROOT = Path(__file__).resolve().parents[2]
LOW = 256  # pixels a side of SAM's own masks
ENCODE_SECONDS, PROMPT_SECONDS = 0.72, 0.002


def sam() -> Sam:
    """A network of SAM's parts, of which the encoder and the decoder are not used."""
    encoder = ImageEncoderViT(embed_dim=32, depth=1, num_heads=1, out_chans=256, use_rel_pos=True, window_size=14)
    prompts = PromptEncoder(256, (64, 64), (1024, 1024), 16)
    transformer = TwoWayTransformer(depth=2, embedding_dim=256, mlp_dim=2048, num_heads=8)
    return Sam(encoder, prompts, MaskDecoder(transformer_dim=256, transformer=transformer))


def smooth(rng: np.random.Generator, size: int, cell: int) -> np.ndarray:
    """(size, size) float32 noise of variance 1 whose waves are some cells long."""
    return cv2.resize(rng.normal(size=(size // cell, size // cell)).astype(np.float32), (size, size))


class Scene:
    """An image with one object of one or two parts, and what the stub says to prompts about it."""

    def __init__(self, number: int, size: int):
        rng = np.random.default_rng(number)
        y, x = np.mgrid[:LOW, :LOW] / LOW
        field = np.full((LOW, LOW), -1.0)
        for radius in (rng.uniform(0.08, 0.25), rng.uniform(0.03, 0.08))[: 1 + number % 2]:
            centre = rng.uniform(0.3, 0.7, (2, 1, 1))
            angle = np.arctan2(y - centre[0], x - centre[1])
            rim = radius * (1 + sum(0.2 / n * np.sin(n * angle + rng.uniform(0, 7)) for n in (2, 3, 5, 9)))
            field = np.maximum(field, rim - np.hypot(y - centre[0], x - centre[1]))
        self.field = (field * LOW).astype(np.float32)  # low-resolution pixels from the rim, positive inside
        self.noise = [smooth(rng, LOW, cell) for cell in (8, 16, 32, 8, 16, 32)]
        self.labels = (cv2.resize(self.field, (size, size)) > 0).astype(np.uint8)
        self.pixels = np.clip(rng.normal(90 + 60 * self.labels[..., None], 20, (size, size, 3)), 0, 255).astype(
            np.uint8
        )

    def logits(self, tokens: int, seed: int) -> np.ndarray:
        """(3, 256, 256) float32: a part, the whole and more than that, the worse the fewer tokens a prompt has."""
        rng = np.random.default_rng(seed)
        wrong = sum(weight * noise for weight, noise in zip(rng.normal(size=6), self.noise, strict=True))
        offsets = np.array([-4, 0, 6], np.float32) + rng.normal(0, 2, 3).astype(np.float32)
        depth = self.field + offsets[:, None, None] + (12 / (1 + tokens)) * wrong.astype(np.float32)
        return 12 * np.tanh(depth / 12)


class Stub(torch.nn.Module):
    """In the place of SAM's encoder and decoder; what it takes itself is in `seconds`."""

    def __init__(self, scenes: list[Scene], sleeps: bool):
        super().__init__()
        self.scenes, self.sleeps = scenes, sleeps
        self.encoded, self.seconds, self.busy = 0, 0.0, 0.0

    def count(self, part: torch.nn.Module) -> None:
        """Leave what a part of the network takes itself out, too."""
        begun: list[float] = []
        part.register_forward_pre_hook(lambda *_: begun.append(time.thread_time()))
        part.register_forward_hook(lambda *_: self._add(time.thread_time() - begun.pop()))

    def _add(self, seconds: float) -> None:
        self.seconds += seconds

    def encoder(self, batch: torch.Tensor) -> torch.Tensor:
        """(b, 256, 64, 64) features that say which image it is."""
        start = time.perf_counter()
        if self.sleeps:
            time.sleep(ENCODE_SECONDS * len(batch))
        self.encoded += len(batch)
        numbers = torch.arange(self.encoded - len(batch), self.encoded, dtype=torch.float32)
        features = numbers.reshape(-1, 1, 1, 1).expand(-1, 256, 64, 64)
        self.busy += time.perf_counter() - start
        return features

    def prepare(self, features: torch.Tensor, mask: torch.Tensor | None = None) -> int:
        return int(features[0, 0, 0, 0])

    def forward(self, images: list[int], sparse: torch.Tensor, multimask: bool = True) -> tuple[Any, Any]:
        start, begun = time.perf_counter(), time.thread_time()
        seeds = (sparse.double().sum((1, 2)) * 64).round().long().abs().tolist()
        tokens = sparse.shape[1]
        low = [self.scenes[number].logits(tokens, seed) for number, seed in zip(images, seeds, strict=True)]
        scores = [np.random.default_rng(seed).random(3, np.float32) for seed in seeds]
        answer = torch.from_numpy(np.stack(low)), torch.from_numpy(np.stack(scores))
        self._add(time.thread_time() - begun)
        if self.sleeps:
            time.sleep(max(0.0, PROMPT_SECONDS * len(images) - (time.perf_counter() - start)))
        self.busy += time.perf_counter() - start
        return answer


def library() -> dict[str, Any]:
    """What is used of the version on the path, by name."""
    rooms = {
        "Runner": "predict.engine engine",
        "Plan": "predict.plan engine",
        "Target": "predict.plan engine",
        "LabelledImage": "preprocess.images images",
        "Protocol": "prompts.clicks clicks",
        "PromptSettings": "prompts.modes prompts",
        "make_prompts": "prompts.modes prompts",
        "Sam": "methods.sam",
        "keep_freed_memory": "methods.devices devices",
    }
    found: dict[str, Any] = {}
    for name, modules in rooms.items():
        for module in modules.split():
            try:
                found[name] = getattr(importlib.import_module(f"promptseg.{module}"), name, None)
            except ModuleNotFoundError:  # before the library had rooms
                continue
            break
    return found


def inputs(scenes: list[Scene], use: dict[str, Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Images with their objects and prompts."""
    modes = [*(f"mode{number}" for number in range(1, 6)), "iterative"]
    for number, scene in enumerate(scenes):
        name, truth = f"image{number}", scene.labels == 1
        settings = [use["PromptSettings"]()] if use["PromptSettings"] else []
        rows = use["make_prompts"](name, truth, modes, *settings)
        prompts = {row["mode"]: row for row in rows}
        image = use["LabelledImage"](name, name, scene.pixels, scene.labels, None)
        yield image, [use["Target"](name, truth, prompts)]


def answers(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Of each prompt and candidate: code of the mask, click_x, click_y, score, stability, soft_dice."""
    named = ("mode", "step", "selection", "candidate")
    values = ("click_x", "click_y", "score", "stability", "soft_dice")
    prompts = {
        "-".join(str(row.get(key)) for key in named): [row["rle"]["counts"], *(row.get(value) for value in values)]
        for row in rows
        if row["mode"] != "iterative"
    }
    clicks = {
        f"{row['selection']} click {row['step']}": [row["rle"]["counts"], *(row.get(value) for value in values)]
        for row in rows
        if row["mode"] == "iterative"
    }
    return prompts | clicks


def measure(size: int, objects: int, rounds: int, sleeps: bool) -> dict[str, Any]:
    """CPU seconds per object of the version on the path, without the stub's, and what it answered."""
    use = library()
    use["keep_freed_memory"]()  # as jobs do
    known = inspect.signature(use["Protocol"]).parameters
    protocol = use["Protocol"](**({"distance": "chamfer5"} if "distance" in known else {}))
    named = {("corrected", None) if "distance" in known else "corrected": protocol}
    plan = use["Plan"](
        protocols=named, **({"tasks": {}} if "tasks" in inspect.signature(use["Plan"]).parameters else {})
    )
    threads = {"threads": 2} if "threads" in inspect.signature(use["Runner"]).parameters else {}
    scenes = [Scene(number, size) for number in range(objects)]
    images = list(inputs(scenes, use))
    torch.manual_seed(0)
    best, busy, found = np.inf, 0.0, {}
    for _ in range(rounds):
        network, stub = sam(), Stub(scenes, sleeps)
        stub.count(network.prompt_encoder)
        method = use["Sam"].of_network(network, "cpu")
        method.encoder, method.decoder = stub.encoder, stub
        start, begun = time.perf_counter(), time.process_time()
        items = list(use["Runner"](method, plan, **threads).run(iter(images)))
        seconds = time.process_time() - begun - stub.seconds
        busy = max(busy, stub.busy / (time.perf_counter() - start))
        best = min(best, seconds / objects)
        found = {item.image.image_id: answers(item.rows) for item in items}
    return {"seconds": best, "busy": busy, "answers": found}


def called(checkout: Path, arguments: list[str]) -> dict[str, Any]:
    """`measure` in a process that imports the library of a checkout."""
    environment = os.environ | {"PYTHONPATH": str(checkout / "workflow" / "scripts"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, __file__, "--measure", *arguments]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def decoded(counts: str, size: int) -> np.ndarray:
    """(size, size) bool mask."""
    return coco.decode({"size": [size, size], "counts": counts}).astype(bool)


def compared(now: dict[str, Any], before: dict[str, Any], size: int) -> str:
    """How much answers differ."""
    equal, differing, pixels, moved, numbers = 0, 0, 0, 0, {}
    for name, theirs in before.items():
        for key, (code, *values) in theirs.items():
            other, *others = now[name][key]
            if values[:2] != others[:2]:  # after a mask that differs in a pixel the next click may lie elsewhere
                moved += 1
                continue
            equal += code == other
            differing += code != other
            pixels += int((decoded(code, size) ^ decoded(other, size)).sum()) if code != other else 0
            for what, one, two in zip(("score", "stability", "soft_dice"), values[2:], others[2:], strict=True):
                if one is not None and two is not None:
                    numbers[what] = max(numbers.get(what, 0.0), abs(one - two))
    apart = ", ".join(f"{what} by {most:.0e}" for what, most in numbers.items())
    return (
        f"{equal} masks are equal, {differing} differ (by {pixels} pixels in all), {moved} answer another click; "
        f"{apart} at most"
    )


def main() -> None:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="a checkout of another version")
    parser.add_argument("--objects", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 1024])
    parser.add_argument("--busy", action="store_true", help="the share of time in which the network works, instead")
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        size, objects, rounds, sleeps = map(int, given.measure)
        print(json.dumps(measure(size, objects, rounds, bool(sleeps))))
        return
    for size in given.sizes:
        arguments = [str(size), str(given.objects), "1" if given.busy else str(given.rounds), str(int(given.busy))]
        now = called(ROOT, arguments)
        before = called(given.before.resolve(), arguments) if given.before else None
        if given.busy:
            line = f"{size:5d} px: the network is busy {now['busy']:.1%} of the time"
            print(line + (f", before {before['busy']:.1%}" if before else ""), flush=True)
            continue
        line = f"{size:5d} px: {1000 * now['seconds']:7.1f} ms of CPU per object"
        if before:
            line += f"   before {1000 * before['seconds']:7.1f}   ratio {before['seconds'] / now['seconds']:5.1f}\n"
            line += f"          {compared(now['answers'], before['answers'], size)}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
