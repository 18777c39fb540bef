"""Run one method on one dataset, or on one shard of it."""

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.methods import Grid
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import Computing, prepare
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.precision import compare_precision
from promptseg.predict.run import predict
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.clicks import Protocol

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs: Any, outputs: Any, params: Any, threads: int, cache_embeddings: bool) -> None:
    """Load the method once and run it on all images of the job."""
    weights = Path(inputs.weights) if inputs.get("weights") else None
    computing = Computing(params.device, params.precision, params.compile, threads)
    run = prepare(params.method, params.dataset, params.entry, weights, computing)
    plan = Plan(
        clicks=params.clicks,
        protocols={(run["protocol"], run["switch"]): Protocol(**run["switches"]) for run in params.protocols},
        tie_break=params.tie_break,
        seed=params.seed,
        strict=params.strict,
        grid=Grid(**params.everything),
    )
    objects = stream_objects(inputs.images, inputs.objects, params.tasks, tuple(params.shard))
    images = Inputs.read(objects, Path(inputs.prompts))
    predictions = Path(outputs.predictions)
    path = predictions.with_suffix(".embeddings.sqlite")
    with run.embedding_cache(path, inputs.lib) if cache_embeddings else nullcontext() as cache:
        cost = predict(
            images,
            Runner(run.method, plan, cache),
            predictions,
            everything=Path(outputs.everything),
            label=f"predict {params.method} {params.dataset}",
            provenance=run.provenance(protocols=params.protocols, everything=params.everything, seed=params.seed),
        )
    if run.method.settings.precision != "fp32":
        cost |= compare_precision(images, run.method, run.in_fp32(), plan)
    write_json(outputs.throughput, cost)


if __name__ == "__main__":
    with job(snakemake):
        cache_embeddings = bool(snakemake.resources["cache_embeddings"])
        main(snakemake.input, snakemake.output, snakemake.params, snakemake.threads, cache_embeddings)
