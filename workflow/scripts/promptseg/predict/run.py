"""The stage predict: run one method on one dataset, write its predictions and count what they cost."""

import resource
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from promptseg.core.progress import progress
from promptseg.core.tables import open_table
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs
from promptseg.predict.tables import PREDICTIONS, PROPOSALS

ROWS = 20_000  # of a row group


def _peak_memory_mb(device: str) -> dict[str, float]:
    """Largest resident memory of this process, and largest memory held on the GPU, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = {"peak_memory_mb": peak / (2**20 if sys.platform == "darwin" else 2**10)}
    if device.startswith("cuda"):
        import torch

        memory["peak_gpu_memory_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return memory


def predict(
    inputs: Inputs,
    runner: Runner,
    output: str | Path,
    *,
    everything: str | Path | None = None,
    label: str = "predict",
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the predictions of one method for one dataset (predict.tables.PREDICTIONS).

    Args:
        everything: where to write all masks of the mode `everything` (predict.tables.PROPOSALS); None: nowhere.
        label: shown beside the progress.
        provenance: stored in the metadata of `output`, with the prompts that the method takes.

    Returns:
        What they cost, for `throughput.json`: counts, seconds and memory, see `Cost`, with device and precision.
    """
    method = runner.method
    provenance = {**(provenance or {}), "prompt_types": sorted(method.prompt_types)}
    start = time.perf_counter()
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        table = stack.enter_context(open_table(output, PREDICTIONS, provenance))
        proposals = stack.enter_context(open_table(everything, PROPOSALS, provenance)) if everything else None
        done = runner.run(inputs)
        for item in progress(done, len(inputs), label, "image", lambda item: len(item.targets), "object"):
            rows += item.rows
            if proposals:
                proposals.write(item.proposals)
            if len(rows) >= ROWS:
                table.write(rows)
                rows = []
        table.write(rows)
    return {
        **vars(runner.cost),
        "wall_seconds": time.perf_counter() - start,
        **_peak_memory_mb(method.settings.device),
        "device": method.settings.device,
        "precision": method.settings.precision,
    }
