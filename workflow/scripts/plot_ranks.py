"""Draw how the methods rank over the tasks."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import ranks, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        style.configure(**params.style)
        figure = ranks.draw(snakemake.input.ranks, params.methods, params.protocols)
        style.save(figure, snakemake.output.ranks)
