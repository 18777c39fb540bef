"""Take the masks of files as what was answered about the volumes of one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.masks.answers import Given
from promptseg.masks.volumes import import_volumes
from promptseg.preprocess.inputs import Inputs

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        import_volumes(
            Given(params.method, params.dataset, params.masks, params.entry),
            Inputs.of(Path(inputs.files), params.entry),
            inputs.index,
            inputs.objects,
            (Path(outputs.predictions), Path(outputs.seconds)),
            params.files_sha256,
        )
