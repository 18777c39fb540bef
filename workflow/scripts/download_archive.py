"""Fetch the archive of one data set, checked against its checksum."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.lockfile import LockFile
from promptseg.sources import fetch_archive

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        archive = Path(snakemake.output.archive)
        fetch_archive(snakemake.params.source, archive, LockFile(Path(snakemake.params.lock)))
