"""Draw how the IoU is spread over single objects, for each method, and how it depends on their size."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import distributions, size, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        output, params = snakemake.output, snakemake.params
        scores, about = [Path(path) for path in snakemake.input.scores], (params.datasets, params.methods)
        order = distributions.task_order(scores, params.datasets)
        for method in params.shown:
            style.save(distributions.draw(scores, method, order, *about), output[f"distributions_{method}"])
        sizes = (snakemake.input.bins, snakemake.input.correlations, scores)
        style.save(size.draw(*sizes, "mode1", *about), output.size_point)
        style.save(size.draw(*sizes, "mode4", *about), output.size_box)
