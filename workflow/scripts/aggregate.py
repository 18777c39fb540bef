"""Merge the scores of all methods and datasets; write means, intervals, the comparison with the study and its findings.

The intervals are percentile bootstraps over patients; see `promptseg.aggregate`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.aggregate import aggregate
from promptseg.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        aggregate(
            [Path(path) for path in snakemake.input.scores],
            [Path(path) for path in snakemake.input.throughput],
            Path(snakemake.input.published),
            {name: Path(path) for name, path in snakemake.output.items()},
            snakemake.params.datasets,
            snakemake.params.methods,
            snakemake.params.resamples,
            snakemake.params.seed,
        )
