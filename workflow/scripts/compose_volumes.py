"""Compose the masks of one method, or of true contours, on the volumes of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.compose.rules import Wanted
from promptseg.compose.volumes import VolumeSource, compose_volumes
from promptseg.core.jobs import job
from promptseg.volumes.data.stack import stream_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params, folder = snakemake.input, snakemake.params, snakemake.output.get("folder")
        source = VolumeSource(
            stream_volumes(files.volumes, files.index, files.objects, params.tasks),
            Path(files.predictions),
            Path(files.files) if files.files else None,
            params.entry,
        )
        compose_volumes(
            source,
            Wanted(params.rules, Path(folder) if folder else None),
            Path(snakemake.output.table),
            dataset=params.dataset,
            method=params.method,
        )
