"""Train one of the small networks of the quickstart, or go on where an interrupted training was."""

from pathlib import Path
from typing import TYPE_CHECKING

from promptseg.core.errors import PromptsegError
from promptseg.core.jobs import job
from promptseg.training.loop import train
from promptseg.training.settings import recipe

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake


def main(name: str, config: Path, folder: Path, device: str, precision: str, threads: int) -> None:
    """Train until the end.

    Raises:
        PromptsegError: the training was stopped before; the next call goes on.
    """
    if not train(recipe(name, config), folder, device=device, precision=precision, threads=threads):
        raise PromptsegError(f"The training of {name} was stopped. Run again to go on; {folder} holds what it reached.")


if __name__ == "__main__":
    with job(snakemake):
        main(
            snakemake.params.network,
            Path(snakemake.input.recipes),
            Path(snakemake.output.network).parent,
            snakemake.params.device,
            snakemake.params.precision,
            snakemake.threads,
        )
