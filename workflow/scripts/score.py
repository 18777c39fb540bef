"""Score the predictions of one method on one dataset, or on one shard of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.objects import stream_objects
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        score(
            stream_objects(inputs.images, inputs.objects, params.tasks, tuple(params.shard), pixels=False),
            Path(inputs.predictions),
            Path(snakemake.output.scores),
            Tolerance(**params.tolerance),
            dataset=params.dataset,
            method=params.method,
            lines=params.lines,
            of_user=snakemake.wildcards.get("user") is not None,
        )
