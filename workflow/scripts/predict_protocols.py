"""Run one method on the images of one dataset under the protocols of others."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.config.imports import adapter_file, helper_files, library
from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.predict.method_run import prepare_job
from promptseg.preprocess.objects import stream_objects
from promptseg.protocols.images import PresetRunner, Presets, write_answers

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        run = prepare_job(snakemake)
        objects = stream_objects(inputs.images, inputs.objects, params.tasks)
        answers = Path(outputs.answers)
        # Embeddings are those of the rule predict, kept beside its predictions and found by its code.
        predictions = answers.parents[3] / "predictions" / params.method / answers.name
        adapter = params.entry["adapter"]
        code = library("predict", adapter, helper_files(adapter_file(adapter)))
        with run.embedding_cache(predictions, code, snakemake.resources["cache_embeddings"]) as cache:
            cost = write_answers(
                objects,
                PresetRunner(
                    run.method, Presets.of(params.asked), cache=cache, label=run.label, threads=snakemake.threads
                ),
                answers,
                label=f"predict_protocols {run.name} {run.dataset}",
                provenance=run.provenance(asked=params.asked),
            )
        write_json(outputs.seconds, cost)
