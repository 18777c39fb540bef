"""Draw what inexact prompts do to the IoU and to the order of the methods."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import robustness, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        figure = robustness.draw(snakemake.input.robustness, snakemake.input.ranks, snakemake.params.methods)
        style.save(figure, snakemake.output.robustness)
