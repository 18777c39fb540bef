"""Say whether our images are those of somebody else's manifest; fail if they are not."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.errors import PromptsegError
from promptseg.core.jobs import job
from promptseg.preprocess.manifests import verdict

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

if __name__ == "__main__":
    with job(snakemake):
        agree, text = verdict(Path(snakemake.input.comparison))
        print(text, flush=True)
        if not agree:
            raise PromptsegError(f"the images differ; {snakemake.input.comparison} lists every one of them")
        print("All images agree.")
