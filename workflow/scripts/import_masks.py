"""Take the masks of files as the predictions of one method on one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.masks.answers import Given
from promptseg.masks.run import Outputs, import_masks
from promptseg.preprocess.inputs import Inputs
from promptseg.preprocess.objects import stream_objects

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, outputs, params = snakemake.input, snakemake.output, snakemake.params
        counts = import_masks(
            Given(params.method, params.dataset, params.masks, params.entry, params.protocols),
            stream_objects(inputs.images, inputs.objects, params.entry["tasks"]),
            Inputs.of(Path(inputs.files), params.entry),
            Outputs(Path(outputs.predictions), Path(outputs.everything)),
            strict=params.strict,
            files_sha256=params.files_sha256,
        )
        write_json(outputs.throughput, counts)
