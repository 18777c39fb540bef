"""Make the tables of trust from the confidences of all methods and datasets."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.trust.run import TABLES, trust_tables
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        frames = trust_tables(map(Path, snakemake.input.tables), snakemake.params.resamples, snakemake.params.seed)
        outputs = [snakemake.output[name] for name in ("trust", "trust_curves", "trust_pairs", "trust_thresholds")]
        for output, frame, table in zip(outputs, frames, TABLES, strict=True):
            write_csv(output, stamp_from(frame, snakemake.input.provenance), table)
