"""Make claims.csv: findings as sentences, of the published numbers and of ours."""

from typing import TYPE_CHECKING

from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS, claims
from promptseg.analysis.study.published import read_published
from promptseg.core.jobs import job
from promptseg.core.tables import read_csv, write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        found = claims(
            read_published(inputs.published), read_csv(inputs.statistics, STATISTICS), params.methods, params.datasets
        )
        write_csv(snakemake.output.claims, stamp_from(found, inputs.provenance), CLAIMS)
