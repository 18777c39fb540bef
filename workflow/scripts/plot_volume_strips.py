"""Draw slices of one object of a dataset, and what each route made of it."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import style, volume_strips
from promptseg.volumes.data.stack import stream_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        files, params = snakemake.input, snakemake.params
        stream = stream_volumes(files.volumes, files.index, files.objects, params.dataset["tasks"])
        shown = volume_strips.Files(stream, files.predictions, files.scores)
        figure = volume_strips.draw(shown, params.dataset, params.methods, params.prompts)
        style.save(figure, snakemake.output.volume_strips)
