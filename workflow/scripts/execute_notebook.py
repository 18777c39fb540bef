"""Execute one notebook on the results of the run and keep it with its outputs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.jobs import job

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

SECONDS = 600  # that one cell may take

if __name__ == "__main__":
    with job(snakemake):
        os.environ["PROMPTSEG_RESULTS"] = snakemake.params.results
        os.environ["PROMPTSEG_SHARED"] = snakemake.params.shared
        os.environ["PROMPTSEG_CONFIGFILES"] = " ".join(snakemake.params.configfiles)
        notebook = nbformat.read(snakemake.input.notebook, as_version=4)
        try:
            NotebookClient(notebook, timeout=SECONDS, resources={"metadata": {"path": Path.cwd()}}).execute()
        except CellExecutionError as error:
            raise PromptsegError(
                f"{snakemake.input.notebook}: a cell failed with {error.ename}: {error.evalue}"
            ) from error
        with atomic(snakemake.output.notebook) as path:
            nbformat.write(notebook, path)
