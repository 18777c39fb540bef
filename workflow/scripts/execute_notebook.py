"""Execute one notebook on the results of the run and keep it with its outputs, and as a page."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.files import atomic
from promptseg.core.jobs import job
from promptseg.report.notebook import execute, page, read, write

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        os.environ["PROMPTSEG_RESULTS"] = snakemake.params.results
        os.environ["PROMPTSEG_SHARED"] = snakemake.params.shared
        os.environ["PROMPTSEG_CONFIGFILES"] = " ".join(snakemake.params.configfiles)
        notebook = read(snakemake.input.notebook)
        execute(notebook, snakemake.input.notebook)
        with atomic(snakemake.output.notebook) as path:
            write(notebook, path)
        stem = Path(snakemake.output.page).stem
        with atomic(snakemake.output.page) as path:
            path.write_text(page(notebook, stem), encoding="utf-8")
