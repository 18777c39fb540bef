"""Make the tables of ambiguity and calibration from the comparisons of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.ambiguity import ambiguity_tables, read_ambiguity
from promptseg.analysis.csv import write_csv
from promptseg.analysis.provenance import stamp_from
from promptseg.core.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        rows = read_ambiguity(map(Path, snakemake.input.tables))
        ambiguity, calibration = ambiguity_tables(rows, snakemake.params.resamples, snakemake.params.seed)
        write_csv(stamp_from(ambiguity, snakemake.input.provenance), snakemake.output.ambiguity)
        write_csv(stamp_from(calibration, snakemake.input.provenance), snakemake.output.calibration)
