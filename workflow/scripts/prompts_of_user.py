"""Write down the prompts of a user other than the ideal one for one dataset."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.chosen import user_of
from promptseg.prompts.modes import PromptSettings
from promptseg.prompts.writing import write_prompts_of

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        write_prompts_of(
            user_of(params.user, inputs.recorded, inputs.noise),
            stream_objects(inputs.images, inputs.objects, params.tasks),
            Path(snakemake.output.prompts),
            PromptSettings.of(params.settings),
            params.modes,
        )
