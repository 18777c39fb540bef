"""`promptseg status`: in which state a folder of results is."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def status(
    results: Annotated[
        Path | None,
        typer.Argument(callback=project.absolute, help="Folder of the run; by default that of the configuration."),
    ] = None,
    configfile: project.Configfiles = None,
) -> None:
    """Say whether a run is alive, what is complete, what failed and why, and which run and settings made it.

    Example: promptseg status runs/my_xray
    """
    project.enter()
    folder = project.results_of(results, configfile)

    from promptseg.planning.status import status_text

    print(status_text(folder, project.configuration(configfile)))
