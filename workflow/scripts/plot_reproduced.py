"""Draw how this run compares with the published values."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import reproduced, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        style.configure(**params.style)
        figure = reproduced.draw(snakemake.input.published, params.methods, params.protocols)
        style.save(figure, snakemake.output.reproduced)
