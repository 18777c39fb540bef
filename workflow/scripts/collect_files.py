"""Unpack what one dataset needs and list its files."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.download.collect import collect, write_files_csv
from promptseg.download.lockfile import LockFile

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        target = Path(snakemake.output.files)
        files = collect(
            snakemake.params.dataset,
            snakemake.params.sources,
            snakemake.params.patterns,
            {Path(path).name: Path(path) for path in snakemake.input.get("archives", [])},
            target.parent,
            LockFile(Path(snakemake.params.lock)),
        )
        write_files_csv(files, target)
