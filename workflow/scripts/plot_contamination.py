"""Draw which datasets were in the training set of which method."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import contamination, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        figure = contamination.draw(snakemake.input.contamination, snakemake.params.methods, snakemake.params.datasets)
        style.save(figure, snakemake.output.contamination)
