"""Run one method on one dataset, or on one shard of it."""

import logging
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.clicks import Protocol
from promptseg.devices import choose_device, has_bf16, keep_freed_memory
from promptseg.embeddings import EmbeddingCache
from promptseg.engine import Plan
from promptseg.errors import PromptsegError
from promptseg.files import digest
from promptseg.jobs import job
from promptseg.methods import Settings, adapter_class
from promptseg.predict import Inputs, predict
from promptseg.provenance import provenance

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

PACKAGES = ["numpy", "opencv-python-headless", "scikit-image", "segment-anything-py", "torch"]


def main(inputs: Any, outputs: Any, params: Any, threads: int, cache_embeddings: bool) -> None:
    """Load the method once and run it on all images of the job."""
    entry = params.entry
    device = choose_device(params.device, entry["gpu"])
    keep_freed_memory()
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
        precision=params.precision if weights else "fp32",
        compile=params.compile,
        options=entry["options"],
    )
    if settings.precision == "bf16" and not has_bf16(device):
        logging.warning("This processor has no bfloat16 instructions: precision bf16 is far slower on it than fp32.")
    adapter = adapter_class(entry["adapter"])
    weights_digest = digest(weights) if weights else None
    # Embeddings depend on the code that makes them, too.
    depends_on = {
        "weights": weights_digest,
        "code": [digest(Path(file)) for file in inputs.lib],
        "variant": settings.variant,
        "options": sorted(settings.options.items()),
        "device": device,
        "precision": settings.precision,
        "compile": settings.compile,
    }
    path = Path(outputs.predictions).with_suffix(".embeddings.sqlite")
    with closing(EmbeddingCache(path, depends_on)) if cache_embeddings else nullcontext() as cache:
        predict(
            Inputs.read(Path(inputs.images), Path(inputs.objects), Path(inputs.prompts), tuple(params.shard)),
            adapter(settings),
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
            cache=cache,
            reference=None if settings.precision == "fp32" else lambda: adapter(replace(settings, precision="fp32")),
            label=f"predict {params.method} {params.dataset}",
            provenance=provenance(
                PACKAGES,
                method=params.method,
                dataset=params.dataset,
                entry={key: entry.get(key) for key in ("adapter", "variant", "options")},
                weights_sha256=weights_digest,
                device=device,
                precision=settings.precision,
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
            bool(snakemake.resources["cache_embeddings"]),
        )
