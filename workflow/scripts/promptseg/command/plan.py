"""`promptseg plan`: what will run, why, and what it will cost."""

import os
from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project
from promptseg.core.errors import PromptsegError


def plan(
    targets: Annotated[list[str] | None, typer.Argument(help="Files or rules; by default everything.")] = None,
    configfile: project.Configfiles = None,
    cores: Annotated[int, typer.Option(metavar="N", help="Cores that the run will have; by default all.")] = 0,
    profile: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            callback=project.absolute,
            help="Profile of Snakemake that the run will have, as profiles/slurm; says what a cluster is asked for.",
        ),
    ] = None,
) -> None:
    """Say what will run and why, which setting changed, and what it costs in time, downloads, disk and GPU memory.

    Nothing is run or written. Snakemake makes the plan, as for `snakemake --dry-run`.

    Example: promptseg plan -c my.yaml --cores 8

    Example: promptseg plan -c config/paper.yaml --profile profiles/slurm
    """
    project.enter()
    if profile and not profile.exists():
        raise PromptsegError(f"--profile: {profile} does not exist.")  # Snakemake would go on without it

    from promptseg.planning.dryrun import dry_run
    from promptseg.planning.history import History
    from promptseg.planning.text import plan_text

    asked = ["--workflow-profile", str(profile)] if profile else []
    if cores or not profile:
        asked += ["--cores", str(cores or os.cpu_count() or 1)]
    command = project.snakemake(configfile, *asked, *(targets or ()))
    print(plan_text(dry_run(command), History()))
