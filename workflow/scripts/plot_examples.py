"""Draw what each method made of a few objects of one dataset, beside the image with its truth and prompts."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.jobs import job
from promptseg.plotting import examples, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        figure = examples.examples_figure(
            images=snakemake.input.images,
            objects=snakemake.input.objects,
            prompts=snakemake.input.prompts,
            predictions=[Path(path) for path in snakemake.input.predictions],
            scores=[Path(path) for path in snakemake.input.scores],
            tasks=snakemake.params.dataset["tasks"],
            looks=style.method_looks(snakemake.params.methods),
            dataset=snakemake.params.dataset,
        )
        style.save(figure, snakemake.output.pdf, snakemake.output.png)
