"""Merge the scores of volumes; write means with intervals, paired comparisons, retention, lesions, and times."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.volumes.analysis.tables import VolumeInputs, tabulate

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        kinds = ("scores", "slices", "lesions", "detection", "seconds", "manifests")
        tabulate(
            VolumeInputs(**{kind: [Path(path) for path in snakemake.input[kind]] for kind in kinds}),
            Path(snakemake.output.scores).parent,
            snakemake.params.seen,
            snakemake.params.resamples,
            snakemake.params.seed,
        )
