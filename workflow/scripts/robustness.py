"""Run one method on one dataset with prompts that are a little off, and write the IoU."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.predict.abilities import Showing
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import prepare_job
from promptseg.predict.plan import Plan
from promptseg.predict.robustness import InexactInputs, write_robustness
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.inexact import Changes
from promptseg.prompts.lines import LineSettings
from promptseg.prompts.modes import PromptSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        run = prepare_job(snakemake)
        unused = {"enabled"} if params.lines else {"enabled", "line_shift"}
        changes = {key: value for key, value in params.changes.items() if key not in unused}
        drawing = LineSettings.of(params.lines.get("lines", {}))
        exact = PromptSettings(params.max_components, params.tie_break, params.seed, params.equal_components, drawing)
        objects = stream_objects(inputs.images, inputs.objects, params.tasks)
        write_robustness(
            InexactInputs(objects, Changes(**changes), exact, Showing.of(params.lines, run.method)),
            Runner(
                run.method,
                Plan(protocols={}, multimask=params.multimask, strict=params.strict),
                label=run.label,
                threads=snakemake.threads,
            ),
            Path(snakemake.output.table),
            dataset=run.dataset,
            method=run.name,
            provenance=run.provenance(robustness=changes, multimask=params.multimask, seed=params.seed),
        )
