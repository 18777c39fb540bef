"""Draw IoU against clicks for each task and on average (the study's figures 3 and 4), published or of this run."""

from typing import TYPE_CHECKING

from promptseg.jobs import job
from promptseg.plotting import clicks, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        if snakemake.input.get("published"):
            tasks, mean = clicks.draw_published(snakemake.input.published, snakemake.params.methods)
        else:
            tasks, mean = clicks.draw_measured(
                snakemake.input.statistics,
                snakemake.params.datasets,
                snakemake.params.methods,
                snakemake.params.protocol,
            )
        style.save(tasks, snakemake.output.tasks_pdf, snakemake.output.tasks_png)
        style.save(mean, snakemake.output.mean_pdf, snakemake.output.mean_png)
