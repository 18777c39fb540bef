"""Compose the masks of one method on the images of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.compose.images import ImageSource, compose_images
from promptseg.compose.rules import Wanted
from promptseg.core.jobs import job
from promptseg.core.settings import Setting
from promptseg.preprocess.objects import stream_objects

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params, folder = snakemake.input, snakemake.params, snakemake.output.get("folder")
        source = ImageSource(
            stream_objects(files.images, files.objects, params.tasks),
            Path(files.scores),
            Path(files.predictions),
            [Setting(*one) for one in params.settings],
            Path(files.probabilities) if files.probabilities else None,
        )
        compose_images(
            source,
            Wanted(params.rules, Path(folder) if folder else None),
            Path(snakemake.output.table),
            dataset=params.dataset,
            method=params.method,
        )
