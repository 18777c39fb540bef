"""Draw how far methods are from those that they should equal."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import equivalence, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        style.configure(**params.style)
        figure = equivalence.draw(snakemake.input.equivalence, params.methods, params.datasets)
        style.save(figure, snakemake.output.equivalence)
