"""Click methods for many objects in lockstep against one object at a time, in one run on one machine.

    python tests/benchmarks/click_methods.py                       # two threads of a CPU, a few minutes
    python tests/benchmarks/click_methods.py --device cuda

Both ways go through the engine, which plays the user and asks for nine clicks on each object: once with all images,
once anew for each object. The small variants run with deterministic weights. Where a rounding error leads to another
click, the two ways part; the number of predictions without counterpart is printed, and the rest are compared. Seconds
of CPU time are those of all threads; with one thread they do not depend on what else the machine does.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from promptseg.methods import Candidates, Method, Query, Settings, adapter_class
from promptseg.methods.devices import keep_freed_memory
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.methods.networks.hrnet import RitmNet
from promptseg.methods.networks.simpleclick import SimpleClickNet
from promptseg.parity.generated_weights import rule_state
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan, Target
from promptseg.preprocess.images import LabelledImage
from promptseg.prompts.modes import PromptSettings, make_prompts

METHODS: dict[str, tuple[str, Any, str]] = {
    "simpleclick": ("promptseg.methods.simpleclick:SimpleClick", SimpleClickNet, "vit_xtiny"),
    "focalclick": ("promptseg.methods.focalclick:FocalClick", FocalClickNet, "segformerB0_S2"),
    "ritm": ("promptseg.methods.ritm:Ritm", RitmNet, "hrnet18s"),
}
CLICKS = 9
SIZES = ((320, 320), (288, 400), (380, 300), (352, 352))
OBJECTS = 3  # in an image


def pictures() -> list[tuple[LabelledImage, list[Target]]]:
    """Noisy images with three ellipses each."""
    rng = np.random.default_rng(0)
    found = []
    for number, (height, width) in enumerate(SIZES):
        labels = np.zeros((height, width), np.uint8)
        rows, columns = np.mgrid[:height, :width]
        for value in range(1, OBJECTS + 1):
            row, column = height * (0.2 + 0.3 * (value - 1)), width * rng.uniform(0.25, 0.75)
            radii = rng.uniform(0.06, 0.14, 2) * (height, width)
            labels[((rows - row) / radii[0]) ** 2 + ((columns - column) / radii[1]) ** 2 <= 1] = value
        shade = 60 + 40 * labels[..., None] + rng.normal(0, 15, (height, width, 3))
        image = LabelledImage(f"{number}", f"{number}", np.clip(shade, 0, 255).astype(np.uint8), labels, None)
        targets = []
        for value in range(1, OBJECTS + 1):
            truth = labels == value
            prompts = make_prompts(f"{number}:{value}", truth, ["iterative"], PromptSettings(tie_break="first"))
            targets.append(Target(f"{number}:{value}", truth, {row["mode"]: row for row in prompts}))
        found.append((image, targets))
    return found


class Recorder:
    """Keeps the probability map of every prediction by image and clicks."""

    def __init__(self, method: Method):
        self.predict = method.predict
        self.maps: dict[tuple[Any, ...], torch.Tensor] = {}

    def __call__(self, queries: Sequence[Query]) -> list[Candidates]:
        """Stands in for `Method.predict`."""
        answers = self.predict(queries)
        for query, answer in zip(queries, answers, strict=True):
            assert answer.states is not None
            clicks = query.prompt.points.tobytes(), query.prompt.labels.tobytes()
            self.maps[tuple(query.image.shape), *clicks] = answer.states[0].probability
        return answers


def run(
    method: Method, plan: Plan, batches: Sequence[Sequence[tuple[LabelledImage, list[Target]]]]
) -> tuple[float, float, dict[tuple[Any, ...], torch.Tensor]]:
    """Seconds for all batches one after the other, of wall and of CPU time, and the probability maps."""
    recorder = Recorder(method)
    method.predict = recorder  # type: ignore[method-assign]
    try:
        start, cpu = time.perf_counter(), time.process_time()
        for batch in batches:
            for _ in Runner(method, plan).run(batch):
                pass
        if method.settings.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter() - start, time.process_time() - cpu, recorder.maps
    finally:
        del method.predict


def main() -> None:
    """Print a line for each method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), choices=METHODS)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    data = pictures()
    alone = [[(image, [target])] for image, targets in data for target in targets]
    plan = Plan(clicks=CLICKS, tie_break="first", strict=True)
    device = torch.cuda.get_device_name(arguments.device) if arguments.device.startswith("cuda") else arguments.device
    print(
        f"{device}, {torch.get_num_threads()} threads, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"{len(data)} images, {len(alone)} objects, {CLICKS} clicks",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as folder:
        methods = {name: method_of(name, arguments.device, Path(folder)) for name in arguments.methods}
        warm = [[(data[0][0], data[0][1][:1])]]
        plainly = {}
        for name, method in methods.items():
            run(method, plan, warm)
            plainly[name], _, _ = run(method, plan, alone)
        keep_freed_memory()  # for good, so that what goes without comes first
        for name, method in methods.items():
            run(method, plan, warm)
            one_seconds, one_cpu, one = run(method, plan, alone)
            seconds, cpu, lockstep = run(method, plan, [data])
            common = one.keys() & lockstep.keys()
            difference = max(float((one[key] - lockstep[key]).abs().max()) for key in common)
            print(
                f"{name}: lockstep {seconds:.1f} s (CPU {cpu:.1f})\n"
                f"  one object at a time {plainly[name]:.1f} s, ratio {plainly[name] / seconds:.2f}\n"
                f"  one object at a time, freed memory kept {one_seconds:.1f} s (CPU {one_cpu:.1f}), "
                f"ratio {one_seconds / seconds:.2f}\n"
                f"  largest difference in probability {difference:.1e} ({len(common)} predictions compared, "
                f"{len(one) - len(common)} without counterpart)",
                flush=True,
            )


def method_of(name: str, device: str, folder: Path) -> Any:
    """The method with generated weights."""
    adapter, network, variant = METHODS[name]
    path = folder / f"{name}.safetensors"
    with torch.device("meta"):
        empty = network.from_variant(variant)
    save_file(rule_state(empty, "bench"), path)
    return adapter_class(adapter)(Settings(variant=variant, weights=path, device=device))


if __name__ == "__main__":
    main()
