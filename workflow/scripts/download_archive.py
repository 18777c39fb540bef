"""Fetch the archive of one dataset, checked against its checksum."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.download.fetch import fetch_archive
from promptseg.download.lockfile import LockFile

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        archive = Path(snakemake.output.archive)
        fetch_archive(snakemake.params.source, archive, LockFile(Path(snakemake.params.lock)))
