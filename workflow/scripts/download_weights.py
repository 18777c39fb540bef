"""Fetch the weights of one method, checked against their checksum."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.shared import made_with
from promptseg.download.weights import fetch_weights

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake), made_with(snakemake.params.checkpoint, snakemake.output.weights):
        fetch_weights(snakemake.params.method, snakemake.params.checkpoint, Path(snakemake.output.weights))
