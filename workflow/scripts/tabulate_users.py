"""Set the scores of the users of a run side by side."""

from typing import TYPE_CHECKING

from promptseg.analysis.provenance import stamp_from
from promptseg.analysis.users import USERS, read_users, users_table
from promptseg.core.jobs import job
from promptseg.core.tables import write_csv

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        inputs, params = snakemake.input, snakemake.params
        rows = read_users({name: inputs[f"of_{name}"] for name in params.users})
        found = users_table(rows, params.users, params.resamples, params.seed)
        write_csv(snakemake.output.users, stamp_from(found, inputs.provenance), USERS)
