"""Draw the five prompt modes task by task (the study's figure 2), from the published table or from this run."""

from typing import TYPE_CHECKING

from promptseg.jobs import job
from promptseg.plotting import modes, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        if snakemake.input.get("published"):
            figure = modes.draw_published(snakemake.input.published, snakemake.params.methods)
        else:
            figure = modes.draw_measured(
                snakemake.input.statistics, snakemake.params.datasets, snakemake.params.methods
            )
        style.save(figure, snakemake.output.pdf, snakemake.output.png)
