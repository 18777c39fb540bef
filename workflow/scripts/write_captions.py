"""Write a caption beside every figure: how to read it, and what of this run it shows."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures.captions import write_captions

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        names = {"methods": params.methods, "protocols": params.protocols}
        files = [Path(file) for file in snakemake.output.captions]
        write_captions(files, snakemake.input.datasets, params.volumes, names, params.endings)
