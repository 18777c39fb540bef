"""Make the tables of robustness from the repeated prompts of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.robustness import (
    ROBUSTNESS_MEANS,
    ROBUSTNESS_RANKS,
    read_robustness,
    robustness_ranks,
    robustness_table,
)
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        rows = read_robustness(map(Path, snakemake.input.tables))
        table = robustness_table(rows, snakemake.params.resamples, snakemake.params.seed)
        write_csv(snakemake.output.robustness, stamp_from(table, snakemake.input.provenance), ROBUSTNESS_MEANS)
        write_csv(snakemake.output.ranks, robustness_ranks(rows, snakemake.params.controls), ROBUSTNESS_RANKS)
