"""Turn the raw files of a dataset into its images and objects."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.shared import made_with
from promptseg.preprocess.build import build

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake), made_with([snakemake.params.entry, snakemake.params.strict], snakemake.output.images):
        build(
            Path(snakemake.input.files),
            Path(snakemake.output.images),
            Path(snakemake.output.objects),
            snakemake.params.dataset,
            snakemake.params.entry,
            snakemake.params.strict,
            snakemake.threads,
        )
