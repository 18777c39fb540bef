"""Run one method on one dataset with prompts that are a little off, and write the IoU."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptseg.core.jobs import job
from promptseg.predict.engine import Runner
from promptseg.predict.method_run import Computing, prepare
from promptseg.predict.plan import Plan
from promptseg.predict.robustness import InexactInputs, write_robustness
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.inexact import Changes
from promptseg.prompts.modes import PromptSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(inputs: Any, outputs: Any, params: Any, threads: int) -> None:
    """Load the method once and ask it about all objects."""
    weights = Path(inputs.weights) if inputs.get("weights") else None
    computing = Computing(params.device, params.precision, params.compile, threads)
    run = prepare(params.method, params.dataset, params.entry, weights, computing)
    changes = {key: value for key, value in params.changes.items() if key != "enabled"}
    write_robustness(
        InexactInputs(
            stream_objects(inputs.images, inputs.objects, params.tasks),
            Changes(**changes),
            PromptSettings(params.max_components, params.tie_break, params.seed),
        ),
        Runner(run.method, Plan(protocols={}, strict=params.strict)),
        Path(outputs.table),
        dataset=params.dataset,
        method=params.method,
        provenance=run.provenance(robustness=changes, seed=params.seed),
    )


if __name__ == "__main__":
    with job(snakemake):
        main(snakemake.input, snakemake.output, snakemake.params, snakemake.threads)
