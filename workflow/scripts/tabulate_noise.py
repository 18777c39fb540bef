"""How far recorded prompts lie off the ideal ones: the table, and the noise of each user as others can have it."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from promptseg.analysis.noise import NOISE, estimates, noise_of
from promptseg.analysis.observed import observed, require_prompts
from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv
from promptseg.preprocess.objects import stream_objects

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        streams = [
            stream_objects(images, objects, tasks)
            for images, objects, tasks in zip(inputs.images, inputs.objects, params.tasks, strict=True)
        ]
        rows = []
        for user, output in zip(params.users, snakemake.output.noise, strict=True):
            recorded = [path for path in inputs.recorded if Path(path).parts[-3] == user]
            require_prompts(user, recorded)
            seen = [one for path, stream in zip(recorded, streams, strict=True) for one in observed(path, stream)]
            own = estimates(seen, user, params.resamples, params.seed)
            write_json(output, asdict(noise_of(own)))
            rows += own
        write_csv(snakemake.output.table, pd.DataFrame(rows, columns=NOISE.names), NOISE)
