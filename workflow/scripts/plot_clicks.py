"""Draw what clicks achieve, published or of this run: IoU against clicks, the methods at one click, click metrics."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import click_metrics, clicks, comparison, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        output, params = snakemake.output, snakemake.params
        if snakemake.input.get("published"):
            tasks, mean = clicks.draw_published(snakemake.input.published, params.methods)
            one = comparison.draw_published(snakemake.input.published, params.methods)
        else:
            run = (snakemake.input.statistics, params.datasets, params.methods, params.protocol)
            tasks, mean = clicks.draw_measured(*run)
            one = comparison.draw_measured(*run)
            metrics = click_metrics.draw(snakemake.input.click_metrics, params.methods, params.protocol)
            style.save(metrics, output.click_metrics_pdf, output.click_metrics_png)
        style.save(tasks, output.clicks_tasks_pdf, output.clicks_tasks_png)
        style.save(mean, output.clicks_mean_pdf, output.clicks_mean_png)
        style.save(one, output.one_click_pdf, output.one_click_png)
