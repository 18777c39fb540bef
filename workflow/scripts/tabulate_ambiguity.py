"""Make the tables of ambiguity and calibration from the comparisons of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.ambiguity import AMBIGUITY_MEANS, CALIBRATION, ambiguity_tables, read_ambiguity
from promptseg.analysis.provenance import stamp_from
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        rows = read_ambiguity(map(Path, snakemake.input.tables))
        ambiguity, calibration = ambiguity_tables(rows, snakemake.params.resamples, snakemake.params.seed)
        write_csv(snakemake.output.ambiguity, stamp_from(ambiguity, snakemake.input.provenance), AMBIGUITY_MEANS)
        write_csv(snakemake.output.calibration, stamp_from(calibration, snakemake.input.provenance), CALIBRATION)
