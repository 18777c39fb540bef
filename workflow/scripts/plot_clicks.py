"""Draw what clicks achieve, published or of this run: IoU against clicks, the methods at one click, click metrics."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import click_metrics, clicks, comparison, source, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        output, params = snakemake.output, snakemake.params
        if snakemake.input.get("published"):
            shown = source.published(snakemake.input.published, params.methods)
        else:
            clicked = (params.protocol, params.protocols)
            shown = source.measured(snakemake.input.statistics, params.datasets, params.methods, *clicked)
            metrics = click_metrics.draw(snakemake.input.click_metrics, params.methods, *clicked)
            style.save(metrics, output.click_metrics)
        style.save(clicks.draw_tasks(shown), output.clicks_tasks)
        style.save(clicks.draw_mean(shown), output.clicks_mean)
        style.save(comparison.draw(shown), output.one_click)
