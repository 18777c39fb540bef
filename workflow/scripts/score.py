"""Score the predictions of one method on one dataset, or on one shard of it."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.score.scoring import Tolerance, score

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        score(
            Path(snakemake.input.images),
            Path(snakemake.input.objects),
            Path(snakemake.input.prompts),
            Path(snakemake.input.predictions),
            Path(snakemake.output.scores),
            dataset=snakemake.params.dataset,
            method=snakemake.params.method,
            tasks=snakemake.params.tasks,
            tolerance=Tolerance(mm=snakemake.params.tolerance_mm, px=snakemake.params.tolerance_px),
            shard=tuple(snakemake.params.shard),
        )
