"""Draw how fast each method is on each dataset, where its time goes and how much memory it takes."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import style, throughput

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        figure = throughput.draw(snakemake.input.throughput, snakemake.params.datasets, snakemake.params.methods)
        style.save(figure, snakemake.output.throughput)
