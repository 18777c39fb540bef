"""Ask one method about one dataset once more, for the probabilities of its masks in the settings that are composed."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.settings import Setting
from promptseg.core.vocabulary import ITERATIVE, SELECTIONS
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import prepare_job
from promptseg.predict.plan import Inputs, Plan
from promptseg.predict.probabilities import write_probabilities
from promptseg.preprocess.objects import stream_objects

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        run = prepare_job(snakemake, probabilities=True)
        settings = [Setting(*one) for one in params.asked["settings"]]
        followed = {one.selection for one in settings if one.mode == ITERATIVE}
        plan = replace(Plan.of(params.asked), selections=[name for name in SELECTIONS if name in followed])
        objects = stream_objects(inputs.images, inputs.objects, params.tasks)
        write_probabilities(
            Inputs.of(objects, params.asked, run.method),
            Runner(run.method, plan, label=run.label, threads=snakemake.threads),
            settings,
            Path(snakemake.output.table),
            label=f"probabilities {run.name} {run.dataset}",
            provenance=run.provenance(asked=params.asked),
        )
