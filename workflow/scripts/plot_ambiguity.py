"""Draw the three masks that methods give for one point, on a few objects of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import ambiguity, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        figure = ambiguity.ambiguity_figure(
            images=snakemake.input.images,
            objects=snakemake.input.objects,
            prompts=snakemake.input.prompts,
            predictions=[Path(path) for path in snakemake.input.predictions],
            ambiguity=[Path(path) for path in snakemake.input.ambiguity],
            tasks=snakemake.params.dataset["tasks"],
            looks=style.method_looks(snakemake.params.methods),
            dataset=snakemake.params.dataset,
        )
        style.save(figure, snakemake.output.ambiguity_pdf, snakemake.output.ambiguity_png)
