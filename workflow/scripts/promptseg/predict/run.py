"""The stage predict: run one method on one dataset, write its predictions and count what they cost."""

import logging
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from promptseg.core.jobs import age
from promptseg.core.progress import progress
from promptseg.core.queue import queue_seconds
from promptseg.core.tables import open_table
from promptseg.core.vocabulary import EVERYTHING
from promptseg.predict.abilities import Abilities
from promptseg.predict.engine import Runner
from promptseg.predict.nothing import nothing_found
from promptseg.predict.plan import Inputs, Item
from promptseg.predict.tables import PREDICTIONS, PREDICTIONS_OF_USER, PROPOSALS
from promptseg.prompts.users import IDEAL

logger = logging.getLogger(__name__)

ROWS = 20_000  # of a row group


def _peak_memory_mb(device: str) -> dict[str, float]:
    """Largest resident memory of this process, and largest memory held on the GPU, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    memory = {"peak_memory_mb": peak / (2**20 if sys.platform == "darwin" else 2**10)}
    if device.startswith("cuda"):
        import torch

        memory["peak_gpu_memory_mb"] = torch.cuda.max_memory_allocated() / 2**20
    return memory


def _segmented(item: Item) -> bool:
    """Whether a method answered the mode `everything` for an image, be it with no mask."""
    return any(row["mode"] == EVERYTHING and row["status"] == "ok" for row in item.rows)


def predict(
    inputs: Inputs,
    runner: Runner,
    output: str | Path,
    *,
    everything: str | Path | None = None,
    label: str = "predict",
    provenance: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the predictions of one method for one dataset (PREDICTIONS, or PREDICTIONS_OF_USER, see predict.tables).

    Args:
        everything: where to write all masks of the mode `everything` (predict.tables.PROPOSALS); None: nowhere.
        label: shown beside the progress.
        provenance: stored in the metadata of `output`, with what the method is asked, see `Abilities`.

    Raises:
        PromptsegError: the method answered no prompt at all; nothing is written.

    Returns:
        What they cost, for `throughput.json`: counts, seconds and memory, see `Cost`, with device and precision.
    """
    method = runner.method
    declared = PREDICTIONS if runner.plan.user is IDEAL else PREDICTIONS_OF_USER
    provenance = {**(provenance or {}), **Abilities.of(method).facts()}
    start, started = time.perf_counter(), age()
    rows: list[dict[str, Any]] = []
    found: list[bool] = []  # whether there are masks, of the images that the mode `everything` was run for
    with ExitStack() as stack:
        table = stack.enter_context(open_table(output, declared, provenance))
        proposals = stack.enter_context(open_table(everything, PROPOSALS, provenance)) if everything else None
        done = runner.run(inputs)
        for item in progress(done, len(inputs), label, "image", lambda item: len(item.targets), "object"):
            rows += item.rows
            if proposals:
                proposals.write(item.proposals)
                found += [bool(item.proposals)] if _segmented(item) else []
            if len(rows) >= ROWS:
                table.write(rows)
                rows = []
        table.write(rows)
        runner.failures.conclude()
    if not all(found):
        logger.warning("%s: %s", label, nothing_found(found.count(False), len(found), vars(runner.plan.grid)))
    return {
        **vars(runner.cost),
        "queue_seconds": queue_seconds(),
        "start_seconds": started,
        "wall_seconds": time.perf_counter() - start,
        **_peak_memory_mb(method.settings.device),
        "device": method.settings.device,
        "backend": method.settings.backend,
        "precision": method.settings.precision,
    }
