"""Draw IoU by groups of patients."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import groups, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        figure = groups.draw(snakemake.input.groups, snakemake.params.methods)
        style.save(figure, snakemake.output.groups)
