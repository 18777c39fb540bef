"""Score what one method answered about the volumes of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.score.compared import Tolerance
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.scores.run import VolumeScores, score_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params, outputs = snakemake.input, snakemake.params, snakemake.output
        score_volumes(
            stream_volumes(inputs.volumes, inputs.index, inputs.objects, params.tasks),
            Path(inputs.index),
            Path(inputs.predictions),
            VolumeScores(Path(outputs.scores), Path(outputs.slices), Path(outputs.lesions), Path(outputs.detection)),
            Tolerance(**params.tolerance),
            connectivity=params.connectivity,
            dataset=params.dataset,
            method=params.method,
        )
