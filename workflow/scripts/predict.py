"""Run one method on one dataset, or on one shard of it."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.clicks import Protocol
from promptseg.devices import choose_device
from promptseg.errors import PromptsegError
from promptseg.files import digest
from promptseg.jobs import job
from promptseg.methods import Settings, adapter_class
from promptseg.predict import Plan, predict
from promptseg.provenance import provenance

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

PACKAGES = ["numpy", "opencv-python-headless", "scikit-image", "segment-anything-py", "torch"]


def main(inputs: Any, outputs: Any, params: Any, threads: int) -> None:
    """Load the method once and run it on all images of the job."""
    entry = params.entry
    device = choose_device(params.device, entry["gpu"])
    weights = Path(inputs.weights) if inputs.get("weights") else None
    if weights:
        # Methods without weights start faster without these.
        import torch

        from promptseg.transfer import Checksum

        torch.set_num_threads(threads)
        published = Checksum.from_mapping(entry["checkpoint"])
        differs = published.verify(weights) if published else None
        problem = f"{weights} does not hold the published weights of {params.method}: {differs}."
        if differs and "path" not in entry["checkpoint"]:
            raise PromptsegError(f"{problem} Delete it and run again, or name a file of yours by checkpoint: path.")
        if differs:
            logging.warning(problem)
    settings = Settings(
        variant=entry.get("variant"),
        weights=weights,
        device=device,
        precision=params.precision,
        compile=params.compile,
        options=entry["options"],
    )
    predict(
        Path(inputs.images),
        Path(inputs.objects),
        Path(inputs.prompts),
        adapter_class(entry["adapter"])(settings),
        Plan(
            tasks=params.tasks,
            clicks=params.clicks,
            protocols={name: Protocol(**switches) for name, switches in params.protocols.items()},
            tie_break=params.tie_break,
            seed=params.seed,
            strict=params.strict,
        ),
        Path(outputs.predictions),
        Path(outputs.throughput),
        shard=tuple(params.shard),
        label=f"predict {params.method} {params.dataset}",
        provenance=provenance(
            PACKAGES,
            method=params.method,
            dataset=params.dataset,
            entry={key: entry.get(key) for key in ("adapter", "variant", "options")},
            weights_sha256=digest(weights) if weights else None,
            device=device,
            precision=params.precision,
            protocols=params.protocols,
            seed=params.seed,
        ),
    )


if __name__ == "__main__":
    with job(snakemake):
        main(
            snakemake.input,
            snakemake.output,
            snakemake.params,
            snakemake.threads,
        )
