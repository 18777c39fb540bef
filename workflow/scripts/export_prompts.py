"""Write all prompts of a run on one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.exports.prompts import Prompted, export
from promptseg.exports.volume_prompts import PromptedVolumes
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.settings import VolumeSettings

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, params = snakemake.input, snakemake.params
        volumes = None
        if files.volumes:
            volumes = PromptedVolumes(
                stream_volumes(files.volumes, files.index, files.volume_objects, params.tasks),
                VolumeSettings.of(params.asked_of_volumes, {}),
                dict(zip(params.volume_methods, map(Path, files.volume_predictions), strict=True)),
            )
        run = Prompted(
            dataset=params.dataset,
            about=params.about,
            entry=params.entry,
            files=Path(files.files),
            images=Path(files.images),
            objects=Path(files.objects),
            prompts=Path(files.prompts),
            predictions=dict(zip(params.methods, map(Path, files.predictions), strict=True)),
            modes=params.modes,
            first_clicks=params.first_clicks,
            volumes=volumes,
            presets=dict(zip(params.methods, map(Path, files.presets), strict=bool(files.presets))),
        )
        export(run, Path(snakemake.output.document), Path(snakemake.output.table))
