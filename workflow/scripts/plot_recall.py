"""Draw how many objects are among the masks that methods find without a prompt."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import recall, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        figure = recall.draw(snakemake.input.everything, snakemake.params.methods)
        style.save(figure, snakemake.output.recall)
