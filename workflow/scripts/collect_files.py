"""Unpack what one dataset needs and list its files."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.config.folders import folders
from promptseg.core.jobs import job
from promptseg.core.shared import made_with
from promptseg.download.collect import collect, write_files_csv
from promptseg.download.dropfolder import drop_folder
from promptseg.download.lockfile import LockFile

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        target, dataset = Path(snakemake.output.files), snakemake.params.dataset
        sources, patterns = snakemake.params.sources, snakemake.params.patterns
        shared = Path(folders(snakemake.config)[1], "raw", dataset)
        with made_with([sources, patterns], target):
            files = collect(
                dataset,
                sources,
                patterns,
                {Path(path).name: Path(path) for path in snakemake.input.get("archives", [])},
                target.parent,
                LockFile(Path(snakemake.params.lock)),
                drop_folder(sources, target.parent, shared),
            )
            write_files_csv(files, target)
