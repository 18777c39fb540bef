"""Draw the masks that methods find without a prompt, on a few images of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import everything, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        figure = everything.everything_figure(
            images=snakemake.input.images,
            objects=snakemake.input.objects,
            predictions=[Path(path) for path in snakemake.input.predictions],
            everything=[Path(path) for path in snakemake.input.everything],
            scores=[Path(path) for path in snakemake.input.scores],
            tasks=snakemake.params.dataset["tasks"],
            looks=style.method_looks(snakemake.params.methods),
            dataset=snakemake.params.dataset,
        )
        style.save(figure, snakemake.output.everything_pdf, snakemake.output.everything_png)
