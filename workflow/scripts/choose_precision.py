"""Choose between bf16 and fp32 for one method on one dataset, where the configuration says `precision: auto`."""

from typing import TYPE_CHECKING

from promptseg.core.files import write_json
from promptseg.core.jobs import job
from promptseg.predict.precision import choose_precision

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        write_json(snakemake.output.choice, choose_precision(snakemake))
