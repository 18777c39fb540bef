"""Draw routes against one another, what is left with the distance from a prompt, and what lies beyond the ends."""

from typing import TYPE_CHECKING

from promptseg.core.jobs import job
from promptseg.figures import overrun, retention, routes, style

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        files, output, methods = snakemake.input, snakemake.output, snakemake.params.methods
        style.save(routes.draw(files.routes, methods), output.routes_pdf, output.routes_png)
        style.save(retention.draw(files.retention, methods), output.retention_pdf, output.retention_png)
        style.save(overrun.draw(files.routes, methods), output.overrun_pdf, output.overrun_png)
