"""Compare the three masks that one method gives for each prompt of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.methods import Settings
from promptseg.methods.classical import RegionGrowing
from promptseg.score.ambiguity import write_ambiguity

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        write_ambiguity(
            Path(snakemake.input.images),
            Path(snakemake.input.objects),
            Path(snakemake.input.prompts),
            Path(snakemake.input.predictions),
            Path(snakemake.output.table),
            snakemake.params.tasks,
            RegionGrowing(Settings(options=snakemake.params.region_growing)),
            dataset=snakemake.params.dataset,
            method=snakemake.params.method,
        )
