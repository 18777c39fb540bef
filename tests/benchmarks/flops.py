"""What encoding an image takes, in GFLOP of matrix products and convolutions, and a network's weights.

    python tests/benchmarks/flops.py [NAME ...]

Nothing is computed: tensors have shapes alone (PyTorch's device `meta`), so the largest networks take seconds. A number
divided by what a machine sustains in matrix products (tests/benchmarks/sam_protocol.py prints it) is the least time.
"""

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any
from unittest import mock

import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "workflow" / "scripts"))

from promptseg.core.errors import PromptsegError
from promptseg.methods import Settings, adapter_class
from promptseg.methods.promptable import Encoding, Promptable

ENTRIES = yaml.safe_load((Path(__file__).resolve().parents[2] / "config" / "methods.yaml").read_text())["methods"]


def counted(name: str) -> str | None:
    """A line on a method with an encoder; None for others."""
    entry = ENTRIES[name]
    try:
        kind: Any = adapter_class(entry["adapter"])
    except PromptsegError:  # a method for volumes
        return None
    if not (issubclass(kind, Encoding) and "variant" in entry):
        return None
    # Mixed precision, which is off here, is refused on such tensors.
    off = mock.patch("torch.autocast", return_value=nullcontext())
    with off, torch.device("meta"), torch.inference_mode():
        method = kind.__new__(kind)
        Promptable.__init__(method, Settings(entry["variant"], device="meta", options=entry.get("options", {})))
        network = kind.architecture(entry["variant"]).eval().requires_grad_(False)
        method._take(network)
        with FlopCounterMode(display=False) as counter:
            method.encoder(torch.zeros(1, 3, method.side, method.side))
        weights = sum(value.nbytes for value in network.parameters()) / 2**20
    return f"{name:20s} {method.side:5d} px {counter.get_total_flops() / 1e9:8.0f} GFLOP {weights:8.0f} MB of weights"


def main() -> None:
    for name in sys.argv[1:] or ENTRIES:
        if line := counted(name):
            print(line, flush=True)


if __name__ == "__main__":
    main()
