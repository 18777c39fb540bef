"""Cut the prompts of one dataset from its masks."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.modes import PromptSettings, write_prompts

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        write_prompts(
            stream_objects(snakemake.input.images, snakemake.input.objects, params.tasks, pixels=False),
            Path(snakemake.output.prompts),
            PromptSettings.of(params.settings),
            lines="lines" in params.settings,
        )
