"""Draw the three masks that methods give for one point, on a few objects of one dataset."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import ambiguity, pictures, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        files, params = snakemake.input, snakemake.params
        shown = pictures.Files(
            files.images, files.objects, files.prompts, predictions=files.predictions, ambiguity=files.ambiguity
        )
        figure = ambiguity.draw(shown, params.dataset, style.method_looks(params.methods))
        style.save(figure, snakemake.output.ambiguity)
