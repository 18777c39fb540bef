"""Make claims.csv: findings as sentences, of the published numbers and of ours."""

from typing import TYPE_CHECKING

import pandas as pd

from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.statistics import STATISTICS
from promptseg.analysis.study.claims import CLAIMS, claims
from promptseg.analysis.study.published import read_published
from promptseg.analysis.trust.claims import trust_claims
from promptseg.analysis.trust.tables import TRUST_MEANS, TRUST_PAIRS
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
        if inputs.trust:
            tables = read_csv(inputs.trust[0], TRUST_MEANS), read_csv(inputs.trust[1], TRUST_PAIRS)
            found = pd.concat([found, trust_claims(*tables, params.methods, params.protocol)], ignore_index=True)
        write_csv(snakemake.output.claims, stamp_from(found, inputs.provenance), CLAIMS)
