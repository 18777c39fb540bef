"""Draw the masks that methods find without a prompt, on a few images of one dataset."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import everything, pictures, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        files, params = snakemake.input, snakemake.params
        shown = pictures.Files(
            files.images, files.objects, predictions=files.predictions, scores=files.scores, everything=files.everything
        )
        figure = everything.draw(shown, params.dataset, style.method_looks(params.methods))
        style.save(figure, snakemake.output.everything)
