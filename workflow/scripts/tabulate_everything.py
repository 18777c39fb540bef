"""Make the table of the mode `everything` from the scores and masks of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.everything import EVERYTHING_MEANS, everything_table
from promptseg.analysis.provenance import stamp_from
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        pairs = zip(map(Path, snakemake.input.scores), map(Path, snakemake.input.proposals), strict=True)
        table = everything_table(pairs, snakemake.params.resamples, snakemake.params.seed)
        write_csv(snakemake.output.everything, stamp_from(table, snakemake.input.provenance), EVERYTHING_MEANS)
