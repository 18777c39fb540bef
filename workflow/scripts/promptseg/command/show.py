"""`promptseg show`: the main table of a finished run in the terminal, and where the rest is."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def show(
    results: Annotated[
        Path | None,
        typer.Argument(callback=project.absolute, help="Folder of the run; by default that of the configuration."),
    ] = None,
    clicks: Annotated[
        list[int] | None, typer.Option(min=1, help="A column after so many clicks; several times; 1, 5 and 9 if none.")
    ] = None,
    configfile: project.Configfiles = None,
) -> None:
    """Print the main table of a finished run, and where the rest is.

    Example: promptseg show -c my.yaml --clicks 1 --clicks 3
    """
    project.enter()
    folder = project.results_of(results, configfile)

    from promptseg.report.terminal import overview

    print(overview(folder, clicks))
