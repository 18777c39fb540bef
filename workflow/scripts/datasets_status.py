"""Print how every registered dataset stands."""

from typing import TYPE_CHECKING

from promptseg.download.availability import as_table, availability
from promptseg.core.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        print(as_table(availability(snakemake.config)))
