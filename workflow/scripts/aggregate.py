"""Merge the scores of all methods and datasets; write means, intervals, counts and what compares them with the study.

The intervals are percentile bootstraps over patients; see `promptseg.analysis.bootstrap`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.aggregate import About, Inputs, aggregate
from promptseg.analysis.datasets import DATASETS, counts
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        aggregate(
            Inputs(
                [Path(path) for path in snakemake.input.scores],
                [Path(path) for path in snakemake.input.throughput],
                [Path(path) for path in snakemake.input.manifests],
                Path(snakemake.input.published),
                {name: path for name, (path, _) in snakemake.params.metadata.items()},
            ),
            Path(snakemake.output.scores).parent,
            About(**{name: snakemake.params[name] for name in ("datasets", "methods", "seen", "protocols", "modes")}),
            snakemake.params.resamples,
            snakemake.params.seed,
        )
        write_csv(
            snakemake.output.datasets,
            counts(
                snakemake.input.manifests,
                snakemake.input.objects,
                snakemake.params.registered,
                snakemake.params.unavailable,
            ),
            DATASETS,
        )
