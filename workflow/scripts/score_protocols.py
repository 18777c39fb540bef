"""Score what one method answered under the presets of a run, on the images or the volumes of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.objects import stream_objects
from promptseg.protocols.scoring import score_answers
from promptseg.volumes.data.stack import stream_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        score_answers(
            stream_volumes(inputs.volumes, inputs.index, inputs.objects, params.tasks)
            if params.on == "volumes"
            else stream_objects(inputs.images, inputs.objects, params.tasks),
            Path(inputs.answers),
            Path(snakemake.output.scores),
            params.presets,
            dataset=params.dataset,
            method=params.method,
        )
