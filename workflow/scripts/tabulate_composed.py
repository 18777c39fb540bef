"""Tabulate what it costs to put all objects of an image or a volume into one label map."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.composed import COMPOSED
from promptseg.compose.tabulate import composed_table, read_composed
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        params = snakemake.params
        rows = read_composed(map(Path, snakemake.input.tables))
        write_csv(snakemake.output.composed, composed_table(rows, params.resamples, params.seed), COMPOSED)
