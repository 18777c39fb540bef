"""Compare the three masks that one method gives for each prompt of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.methods import Settings
from promptseg.methods.classical import RegionGrowing
from promptseg.preprocess.objects import stream_objects
from promptseg.score.ambiguity import write_ambiguity

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        write_ambiguity(
            stream_objects(inputs.images, inputs.objects, params.tasks),
            Path(inputs.prompts),
            Path(inputs.predictions),
            Path(snakemake.output.table),
            RegionGrowing(Settings(options=params.region_growing)),
            dataset=params.dataset,
            method=params.method,
        )
