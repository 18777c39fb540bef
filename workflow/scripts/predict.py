"""Run one method on one dataset, or on one shard of it."""

from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.core.files import digest
from promptseg.core.jobs import job
from promptseg.core.provenance import provenance
from promptseg.methods import Grid, adapter_class
from promptseg.methods.devices import keep_freed_memory
from promptseg.predict.embeddings import EmbeddingCache
from promptseg.predict.engine import Plan
from promptseg.predict.run import PACKAGES, Inputs, predict, settings_of
from promptseg.prompts.clicks import Protocol

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs: Any, outputs: Any, params: Any, threads: int, cache_embeddings: bool) -> None:
    """Load the method once and run it on all images of the job."""
    entry = params.entry
    keep_freed_memory()
    weights = Path(inputs.weights) if inputs.get("weights") else None
    settings = settings_of(
        params.method,
        entry,
        weights,
        device=params.device,
        precision=params.precision,
        compiled=params.compile,
        threads=threads,
    )
    adapter = adapter_class(entry["adapter"])
    weights_digest = digest(weights) if weights else None
    # Embeddings depend on the code that makes them, too.
    depends_on = {
        "weights": weights_digest,
        "code": [digest(Path(file)) for file in inputs.lib],
        "variant": settings.variant,
        "options": sorted(settings.options.items()),
        "device": settings.device,
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
                grid=Grid(**params.everything),
            ),
            Path(outputs.predictions),
            Path(outputs.throughput),
            everything=Path(outputs.everything),
            cache=cache,
            reference=None if settings.precision == "fp32" else lambda: adapter(replace(settings, precision="fp32")),
            label=f"predict {params.method} {params.dataset}",
            provenance=provenance(
                PACKAGES,
                method=params.method,
                dataset=params.dataset,
                entry={key: entry.get(key) for key in ("adapter", "variant", "options")},
                weights_sha256=weights_digest,
                device=settings.device,
                precision=settings.precision,
                protocols=params.protocols,
                everything=params.everything,
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
