"""Write the volumes of a dataset in stored units."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.volumes.data.raw import write_raw_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        write_raw_volumes(
            Path(snakemake.input.files),
            Path(snakemake.input.index),
            Path(snakemake.output.folder),
            snakemake.params.entry,
            snakemake.threads,
        )
