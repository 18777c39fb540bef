"""Run one method on one dataset, or on one shard of it."""

from typing import TYPE_CHECKING

from promptseg.config.own_files import own_weights
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

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        computing = Computing(params.device, params.precision, params.compile, snakemake.threads)
        weights = own_weights(params.entry.get("checkpoint", {})) or inputs.get("weights")
        run = prepare(params.method, params.dataset, params.entry, weights, computing, params.own_files)
        protocols = {(one["protocol"], one["switch"]): Protocol(**one["switches"]) for one in params.protocols}
        settings = {key: params[key] for key in ("clicks", "multimask", "tie_break", "seed", "strict")}
        plan = Plan(protocols=protocols, grid=Grid(**params.everything), **settings)
        objects = stream_objects(inputs.images, inputs.objects, params.tasks, tuple(params.shard))
        asked = Inputs.read(objects, inputs.prompts)
        with run.embedding_cache(outputs.predictions, inputs.lib, snakemake.resources["cache_embeddings"]) as cache:
            cost = predict(
                asked,
                Runner(run.method, plan, cache, run.label),
                outputs.predictions,
                everything=outputs.everything,
                label=f"predict {run.name} {run.dataset}",
                provenance=run.provenance(
                    **{key: params[key] for key in ("protocols", "multimask", "everything", "seed")}
                ),
            )
        if run.method.settings.precision != "fp32":
            cost |= compare_precision(asked, run.method, run.in_fp32(), plan)
        write_json(outputs.throughput, cost)
