"""Print how every registered dataset stands."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.download.availability import as_table, availability

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        print(as_table(availability(snakemake.config, Path(snakemake.params.raw))))
