"""Draw how the methods rank, and how this run compares with the published values."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import ranks, reproduced, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        output, titles = snakemake.output, (snakemake.params.methods, snakemake.params.protocols)
        style.save(ranks.draw(snakemake.input.ranks, *titles), output.ranks)
        style.save(reproduced.draw(snakemake.input.published, *titles), output.reproduced)
