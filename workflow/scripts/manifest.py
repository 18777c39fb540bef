"""List the images of a dataset with the checksums of their pixels: results/datasets/<dataset>/manifest.csv."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.manifests import write_manifest

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        write_manifest(Path(snakemake.input.images), snakemake.params.dataset, Path(snakemake.output.manifest))
