"""Large networks on a GPU: the study's way of asking them against the batched engine, in one run on one card.

    python tests/benchmarks/gpu.py                        # SAM ViT-H and SAM 2.1 large, perhaps 10 minutes
    python tests/benchmarks/gpu.py --methods sam_vit_h --ways reference fp32            # a part of it
    python tests/benchmarks/gpu.py --weights sam_vit_h=sam_vit_h_4b8939.pth             # published weights
    python tests/benchmarks/gpu.py --device cpu --methods sam_small --images 2          # the script, without a card

On a machine with an NVIDIA card: `make .venv/.ready`, nothing else on the card (see `nvidia-smi`), then the first
line. What it prints belongs into README's section Speed and docs/performance.md, with its first line, which names
the card. Of several cards choose one by CUDA_VISIBLE_DEVICES. Nothing is downloaded: weights are generated unless
given, and SAM 2.1 needs the package transformers for its reference.

The reference is `segment_anything.SamPredictor`, or for SAM 2.1 `transformers.Sam2Model` with the official preparation
of images, called as the study's released scripts call it: each image is encoded four times, each prompt decoded alone
(see study.py). The other ways are promptseg's engine: `fp32`, `bf16`, both also compiled, and `one_by_one`, in
fp32 without images encoded together. Matrix products in float32 are not TF32, as is PyTorch's default.

Each way runs in a process of its own, on images made before the clock starts, after a round that warms it up (the time
of which, compilation included, is told). Told of each way are

* images per second under the study's protocol: modes 1 to 5 and nine clicks, first mask and oracle, one object each;
* encodings per second, preparation of the image included, and prompts per second of images that are encoded;
* how busy the card was: the mean of `nvidia-smi`'s utilisation, every 0.2 s; on a CPU the method's share of the time;
* peak memory of the card, on a CPU of the process;
* the differences of the masks' IoU from the reference's;
* images per second of the encoder alone, by how many it takes at once, and what the card reaches in a matrix product.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from segment_anything import SamPredictor
from study import Pictures, Predictor, matrix_product, ours, reference, samples, synchronise
from usages import Sam2Transformers, own_method, save_generated

from promptseg.core.vocabulary import STUDY_MODES
from promptseg.methods import Method, Prompt, Query
from promptseg.methods.checkpoints import load_state_dict
from promptseg.methods.devices import has_bf16, keep_freed_memory
from promptseg.methods.sam import Sam
from promptseg.predict.trajectories import prompts_of

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]
WAYS = ("reference", "one_by_one", "fp32", "fp32_compiled", "bf16", "bf16_compiled")
TOGETHER = (1, 2, 4, 8, 16)


class Sam2Predictor:
    """SAM 2's network in `transformers`, called as its authors' predictor is."""

    def __init__(self, variant: str, weights: Path, device: str):
        self.usage = Sam2Transformers(variant, weights, device)

    def set_image(self, image: np.ndarray) -> None:
        self.image = self.usage.encode(image)

    def predict(
        self,
        points: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        box: np.ndarray | None = None,
        return_logits: bool = False,
    ) -> tuple[np.ndarray, np.ndarray, None]:
        given = np.zeros((0, 2), np.int32) if points is None else points
        kinds = np.zeros(0, np.int8) if labels is None else labels
        del return_logits  # what is asked of them is only whether they are above 0, as masks are
        return *self.usage.ask(self.image, Prompt(given, kinds, box)), None


def predictor(entry: dict[str, Any], weights: Path, device: str) -> Predictor:
    """The network as its authors' users call it."""
    if not entry["adapter"].endswith(":Sam"):
        return Sam2Predictor(entry["variant"], weights, device)
    network = Sam.architecture(entry["variant"])
    network.load_state_dict(load_state_dict(weights))
    return SamPredictor(network.to(device).eval())


class Card:
    """How busy a card is: `nvidia-smi` tells the share of its last period in which it computed."""

    def __init__(self) -> None:
        self.shares: list[float] = []

    @contextmanager
    def watched(self, device: str) -> Iterator[None]:
        if device != "cuda":
            yield
            return
        uuid = f"GPU-{torch.cuda.get_device_properties(0).uuid}"
        query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-lms", "200", "-i", uuid]
        with subprocess.Popen(["nvidia-smi", *query], stdout=subprocess.PIPE, text=True) as tool:
            assert tool.stdout
            lines = tool.stdout
            reader = threading.Thread(target=lambda: self.shares.extend(float(x) for x in lines if x.strip().isdigit()))
            reader.start()
            try:
                yield
            finally:
                tool.terminate()
                reader.join()


def per_second(count: int, device: str, call: Callable[[], object], rounds: int = 3) -> float:
    """How many of `count` things a call does in a second, in the fastest round."""
    seconds = []
    for _ in range(rounds):
        synchronise(device)
        start = time.perf_counter()
        call()
        synchronise(device)
        seconds.append(time.perf_counter() - start)
    return count / min(seconds)


def shown(pictures: Pictures) -> list[list[Prompt]]:
    """The prompts of the five modes of each picture."""
    return [
        [prompt for mode in STUDY_MODES for prompt in prompts_of(target.prompts[mode])] for _, (target,) in pictures
    ]


def as_the_study(arguments: argparse.Namespace, entry: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    """The reference way."""
    asked, device, some = predictor(entry, arguments.weights, arguments.device), arguments.device, pictures[:4]
    start = time.perf_counter()
    reference(asked, pictures[:1], oracle=False)
    result: dict[str, Any] = {"warm": time.perf_counter() - start, "ious": {}}
    card, start = Card(), time.perf_counter()
    with card.watched(device):
        for selection in ("first", "oracle"):
            ious = reference(asked, pictures, selection == "oracle")
            result["ious"] |= {f"{selection} {key}": value for key, value in ious.items()}
    result |= {"seconds": time.perf_counter() - start, "busy": card.shares}

    def answer() -> None:
        for prompt in shown(some)[0]:
            points = (prompt.points, prompt.labels) if len(prompt.points) else (None, None)
            asked.predict(*points, box=prompt.box)

    result["encodings"] = per_second(len(some), device, lambda: [asked.set_image(one.pixels) for one, _ in some])
    asked.set_image(some[0][0].pixels)
    result["prompts"] = per_second(len(shown(some)[0]), device, answer)
    return result


def encoder_alone(method: Any, device: str, dtype: torch.dtype, compiled: bool) -> dict[str, float]:
    """Images per second of the encoder, by how many it takes at once; as far as the memory of the card goes."""
    found = {}
    for together in (1, method.encodes_at_once) if compiled else TOGETHER if device == "cuda" else TOGETHER[:3]:
        inputs = torch.randn(together, 3, method.side, method.side, device=device)
        try:
            with torch.inference_mode():
                method.encoder(inputs)
                found[str(together)] = per_second(together, device, lambda given=inputs: method.encoder(given))
        except torch.cuda.OutOfMemoryError:
            break
    found["TFLOP/s of a matrix product"] = matrix_product(device, dtype) / 1e12
    return found


def with_the_engine(arguments: argparse.Namespace, entry: dict[str, Any], pictures: Pictures) -> dict[str, Any]:
    """One of our ways."""
    keep_freed_memory()
    device, way = arguments.device, arguments.way
    precision, compiled = "bf16" if way.startswith("bf16") else "fp32", way.endswith("compiled")
    start = time.perf_counter()
    method: Method = own_method(entry, arguments.weights, device, precision, compiled)
    if way == "one_by_one":
        method.encodes_at_once = 1
    most = method.encodes_at_once
    # All sizes of batches that will come: full ones, the last one, and single images.
    for warm in (pictures[:most], pictures[: len(pictures) % most or most], pictures[:1]):
        ours(method, warm)
    result: dict[str, Any] = {"warm": time.perf_counter() - start}
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    card, start = Card(), time.perf_counter()
    with card.watched(device):
        result["ious"], runner = ours(method, pictures)
    result |= {"seconds": time.perf_counter() - start, "busy": card.shares}
    if device != "cuda":
        result["busy"] = [100 * (runner.cost.encode_seconds + runner.cost.decode_seconds) / result["seconds"]]
    result["gpu_mb"] = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else 0.0
    pixels = [image.pixels for image, _ in pictures[: max(most, 4)]]
    parts = [pixels[first : first + most] for first in range(0, len(pixels), most)]
    images = method.encode_all(parts[0])
    queries = [
        Query(image, prompt)
        for image, prompts in zip(images, shown(pictures), strict=False)
        for prompt in prompts * (8 if device == "cuda" else 1)
    ]
    result["encodings"] = per_second(len(pixels), device, lambda: [method.encode_all(part) for part in parts])
    result["prompts"] = per_second(len(queries), device, lambda: [one.masks.sum() for one in method.predict(queries)])
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    if way != "one_by_one":
        result["encoder"] = encoder_alone(method, device, dtype, compiled)
    return result


def work(arguments: argparse.Namespace) -> dict[str, Any]:
    """What one process does."""
    entry, pictures = ENTRIES[arguments.method], list(samples(arguments.images, arguments.size))
    run = as_the_study if arguments.way == "reference" else with_the_engine
    result = run(arguments, entry, pictures)
    if arguments.device == "cuda":
        result.setdefault("gpu_mb", torch.cuda.max_memory_allocated() / 2**20)
    return result | {"memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def child(arguments: argparse.Namespace, method: str, way: str, weights: Path) -> dict[str, Any]:
    """Run `work` in a fresh process."""
    command = [sys.executable, __file__, "--method", method, "--way", way, "--file", str(weights)]
    for name in ("images", "size", "device"):
        command += [f"--{name}", str(getattr(arguments, name))]
    done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def told(name: str, found: dict[str, Any], first: dict[str, Any], images: int) -> str:
    """A line on one way."""
    apart = [abs(found["ious"][key] - value) for key, value in first["ious"].items()]
    busy = f"{np.mean(found['busy']):3.0f} %" if found["busy"] else "?"
    memory = f"{found['gpu_mb']:.0f} MB of the card" if found.get("gpu_mb") else f"{found['memory_mb']:.0f} MB"
    return (
        f"{name:14s} {images / found['seconds']:7.2f} images/s ({first['seconds'] / found['seconds']:5.1f} times the "
        f"reference), {found['encodings']:7.2f} encodings/s, {found['prompts']:7.1f} prompts/s, busy {busy}, {memory}, "
        f"warm after {found['warm']:.0f} s; IoU of {len(apart)} masks: mean difference {np.mean(apart):.1e}, largest "
        f"{max(apart):.1e}"
    )


def compare(arguments: argparse.Namespace, method: str, weights: Path) -> None:
    """Time the ways of one method and print them side by side."""
    print(f"{method}, {arguments.images} images of {arguments.size} x {arguments.size}", flush=True)
    first: dict[str, Any] = {}
    for way in arguments.ways:
        if way.startswith("bf16") and not has_bf16(arguments.device):
            print(f"{way}: not measured, there are no instructions for it")
            continue
        found = child(arguments, method, way, weights)
        first = first or found  # differences are from the first way, where the reference is not among them
        print(told(way, found, first, arguments.images), flush=True)
        if rates := found.get("encoder"):
            print(
                "  the encoder alone, images/s by how many at once: "
                + ", ".join(f"{n}: {v:.2f}" for n, v in rates.items())
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", nargs="+", default=["sam_vit_h", "sam2_1_large"], metavar="NAME")
    parser.add_argument("--ways", nargs="+", default=WAYS, choices=WAYS, metavar="WAY", help=", ".join(WAYS))
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--size", type=int, default=512, help="height and width of the images")
    parser.add_argument("--device", default="cuda", choices=["cpu", "cuda"])
    parser.add_argument("--weights", nargs="*", default=[], metavar="NAME=FILE", help="of methods, else generated")
    for hidden in ("method", "way", "file"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        arguments.weights = Path(arguments.file)
        print(json.dumps(work(arguments)))
        return
    if arguments.device == "cuda":
        card = torch.cuda.get_device_properties(0)
        print(
            f"{card.name}, {card.total_memory / 2**30:.0f} GiB, PyTorch {torch.__version__}, CUDA {torch.version.cuda}"
        )
    given = {name: Path(file).resolve() for name, _, file in (pair.partition("=") for pair in arguments.weights)}
    with tempfile.TemporaryDirectory() as folder:
        for method in arguments.methods:
            own = ENTRIES[method]["checkpoint"].get("path")
            weights = given.get(method) or (ROOT / own if own else Path(folder) / f"{method}.safetensors")
            if not weights.exists():
                save_generated(ENTRIES[method], weights)
            compare(arguments, method, weights)


if __name__ == "__main__":
    main()
