"""Draw routes against one another, what is left with the distance from a prompt, and what lies beyond the ends."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import overrun, retention, routes, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        style.configure(**snakemake.params.style)
        files, output, methods = snakemake.input, snakemake.output, snakemake.params.methods
        style.save(routes.draw(files.routes, methods), output.routes)
        style.save(retention.draw(files.retention, methods), output.retention)
        style.save(overrun.draw(files.routes, methods), output.overrun)
