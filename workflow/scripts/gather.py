"""Put the shards of a dataset's predictions or scores together."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.predict.shards import gather_tables, gather_throughput

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        gather_tables([Path(path) for path in snakemake.input.tables], Path(snakemake.output.table))
        if snakemake.input.get("everything"):
            gather_tables([Path(path) for path in snakemake.input.everything], Path(snakemake.output.everything))
        if snakemake.input.get("throughput"):
            gather_throughput([Path(path) for path in snakemake.input.throughput], Path(snakemake.output.throughput))
