"""Cut the prompts of one dataset from its masks."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.prompts.modes import write_prompts

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        write_prompts(
            Path(snakemake.input.images),
            Path(snakemake.input.objects),
            Path(snakemake.output.prompts),
            snakemake.params.tasks,
            snakemake.params.modes,
            max_components=snakemake.params.max_components,
            tie_break=snakemake.params.tie_break,
            seed=snakemake.params.seed,
        )
