"""Print which files of the run's folder an earlier configuration made and the current one does not."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        print("\n".join(snakemake.params.files) or "All results are of the current configuration.")
