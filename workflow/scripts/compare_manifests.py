"""Match our images with those of somebody else's manifest."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.manifests import compare_files

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        compare_files(map(Path, snakemake.input.ours), Path(snakemake.input.theirs), Path(snakemake.output.comparison))
