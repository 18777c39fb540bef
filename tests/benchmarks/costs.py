"""The part on methods of resources/costs.yaml, which `promptseg plan` reads where nothing was measured yet.

    OMP_NUM_THREADS=1 python tests/benchmarks/costs.py [NAME ...]

Each method answers prompts on an image of 512 x 512 with generated weights, in a process of its own. Seconds are CPU
time of one core. The memory on a GPU is computed: weights, and the largest sum of tensors that live at a time, here on
the CPU, while an image is encoded and 16 prompts are answered at once; half a gigabyte is added for CUDA itself.
"""

import json
import subprocess
import sys
import tempfile
import time
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from usages import own_method

from promptseg.methods import Method, Prompt, Query, adapter_class
from promptseg.parity.generated_weights import rule_state

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = yaml.safe_load((ROOT / "config" / "methods.yaml").read_text())["methods"]
SIZE, BATCH, CUDA_MB = 512, 16, 500


class Living(TorchDispatchMode):
    """Counts the bytes of all tensors that live: `peak` is the largest sum."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(out):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        return out

    def _count(self, storage: torch.UntypedStorage) -> None:
        address = storage.data_ptr()
        if not address or address in self._known:
            return
        self._known.add(address)
        self.now += storage.nbytes()
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._free, address, storage.nbytes())

    def _free(self, address: int, size: int) -> None:
        self._known.discard(address)
        self.now -= size


def prompts(kind: type[Method]) -> list[Prompt]:
    """Points, or boxes for a method that takes no points, at different places."""
    found = []
    for index in range(BATCH):
        x, y = 100 + 20 * index, 300 - 10 * index
        points = np.array([[x, y]] if "point" in kind.prompt_types else np.zeros((0, 2)), np.int32)
        box = None if len(points) else np.array([x - 60, y - 60, x + 60, y + 60], np.int32)
        found.append(Prompt(points, np.ones(len(points), np.int8), box))
    return found


def measure(name: str) -> dict[str, Any]:
    """The row of one method."""
    entry = ENTRIES[name]
    kind = adapter_class(entry["adapter"])
    parameters = 0
    with tempfile.TemporaryDirectory() as folder:
        weights = None
        if "checkpoint" in entry:
            weights = Path(folder) / "weights.safetensors"
            with torch.device("meta"):
                network = kind.architecture(entry["variant"])
            state = rule_state(network)
            save_file(state, weights)
            parameters = sum(value.numel() for value in state.values())
            del network, state
        start = time.process_time()
        method = own_method(entry, weights, "cpu")
        load = time.process_time() - start
    y, x = np.mgrid[:SIZE, :SIZE]
    truth = (x - 250) ** 2 + (y - 250) ** 2 < 120**2
    noise = np.random.default_rng(0).normal(0, 20, (SIZE, SIZE, 3))
    pixels = np.clip(80 + 60 * truth[..., None] + noise, 0, 255).astype(np.uint8)
    encode = _fastest(lambda: method.encode(pixels))
    encoded = method.encode(pixels)
    queries = [Query(encoded, prompt, truth=truth if kind.needs_truth else None) for prompt in prompts(kind)]
    method.predict(queries[:1])
    answer = _fastest(lambda: method.predict(queries)) / BATCH
    takes = {("point",): "points", ("box",): "boxes"}.get(tuple(sorted(kind.prompt_types - {"everything"})), "both")
    row = {"takes": takes, "load": round(load, 1), "encode": round(encode, 3), "prompt": round(answer, 4)}
    if entry.get("gpu"):
        with Living() as living:
            encoded = method.encode(pixels)
            method.predict([Query(encoded, query.prompt) for query in queries])
        row["gpu_mb"] = round(4 * parameters / 2**20 + living.peak / 2**20 + CUDA_MB)
    return row


def _fastest(work: Any) -> float:
    """CPU seconds of one call; of quick ones the fastest of three."""
    seconds = []
    while len(seconds) < 3 and sum(seconds) < 2:
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return min(seconds)


def main() -> None:
    names = sys.argv[1:] or list(ENTRIES)
    if len(names) == 1:
        print(json.dumps(measure(names[0])))
        return
    for name in names:
        done = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=False)
        row = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
        if row:
            print(f"  {name}: {{{', '.join(f'{key}: {value}' for key, value in row.items())}}}", flush=True)


if __name__ == "__main__":
    main()
