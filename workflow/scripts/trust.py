"""How confident one method may be of each of its masks of one dataset, and how good they are."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.score.trust import write_trust

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs = snakemake.input
        write_trust(
            Path(inputs.scores),
            Path(inputs.predictions),
            Path(inputs.prompts),
            Path(inputs.robustness) if inputs.robustness else None,
            Path(snakemake.output.table),
            method=snakemake.params.method,
        )
