"""Unpack what one data set needs and list its files."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.jobs import job
from promptseg.sources import collect, write_files_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        target = Path(snakemake.output.files)
        archive = snakemake.input.get("archive")
        files = collect(
            snakemake.params.dataset,
            snakemake.params.source,
            snakemake.params.patterns,
            Path(archive) if archive else None,
            target.parent,
        )
        write_files_csv(files, target)
