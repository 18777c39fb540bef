"""Remove the files of the run's folder that an earlier configuration made and the current one does not."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.leftovers import remove

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        remove(snakemake.params.files, snakemake.params.run)
        print("\n".join(f"removed {path}" for path in snakemake.params.files) or "There is nothing to remove.")
