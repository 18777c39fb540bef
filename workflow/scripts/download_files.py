"""Fetch the files of one dataset into its drop folder, unless they are there, and list what lies there."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.digests import Digests
from promptseg.core.jobs import job
from promptseg.download.clients.fill import fill_drop_folder
from promptseg.download.collect import list_files, write_files_csv
from promptseg.download.contents import RECORD
from promptseg.download.dropfolder import DropFolder

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        target = Path(snakemake.output.files)
        fill_drop_folder(snakemake.params.dataset, snakemake.params.sources, snakemake.params.patterns, target.parent)
        digests = Digests(target.parent / RECORD)
        everything = list_files(DropFolder(target.parent).everything(), ["*"], digests)
        write_files_csv(everything[["name", "bytes", "sha256"]], target)
