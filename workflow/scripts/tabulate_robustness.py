"""Make the tables of robustness from the repeated prompts of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.csv import write_csv
from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.robustness import read_robustness, robustness_ranks, robustness_table
from promptseg.core.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        rows = read_robustness(map(Path, snakemake.input.tables))
        table = robustness_table(rows, snakemake.params.resamples, snakemake.params.seed)
        write_csv(stamp_from(table, snakemake.input.provenance), snakemake.output.robustness)
        write_csv(robustness_ranks(rows, snakemake.params.controls), snakemake.output.ranks)
