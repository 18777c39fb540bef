"""`promptseg run`: plain Snakemake in the folder of the project."""

import os
from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def run(
    context: typer.Context,
    configfile: project.Configfiles = None,
    cores: Annotated[str, typer.Option(metavar="N", help="Cores to use.")] = "all",
) -> None:
    """Run what is not done yet: Snakemake, in the folder of the project. All other arguments are passed on to it.

    The call is printed first; it does the same without promptseg.

    Example: promptseg run -c my.yaml --cores 8 --dry-run
    """
    here = Path.cwd()
    root = project.enter()
    command = project.snakemake(configfile, "--cores", cores, *context.args)
    print(project.as_typed(command, here, root), flush=True)
    os.execv(command[0], command)  # in place of this process: signals and the exit status are Snakemake's own
