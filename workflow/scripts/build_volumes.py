"""Turn the raw files of a dataset into its volumes, slice by slice, and the objects in them."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.core.shared import made_with
from promptseg.volumes.data.build import build_volumes

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake), made_with([snakemake.params.entry, snakemake.params.strict], snakemake.output.volumes):
        build_volumes(
            Path(snakemake.input.files),
            [Path(snakemake.output[name]) for name in ("volumes", "index", "objects")],
            snakemake.params.dataset,
            snakemake.params.entry,
            snakemake.params.strict,
            snakemake.threads,
        )
