"""`promptseg check`: whether a run can start."""

from typing import Annotated

import typer

from promptseg.command import project


def check(
    configfile: project.Configfiles = None,
    full: Annotated[bool, typer.Option("--full", help="Compare checksums of weights as well.")] = False,
) -> None:
    """Look at configuration, machine, weights and data: a line for each, ok, warn or fail; status 1 if one fails.

    Example: promptseg check -c my_xray.yaml
    """
    root = project.enter()
    config = project.configuration(configfile)

    from promptseg.planning.readiness import FAIL, OK, Point, points

    print(Point(OK, "configuration", ", ".join(map(str, configfile or [root / "config" / "config.yaml"]))))
    failed = False
    for point in points(config, full):
        print(point, flush=True)
        failed |= point.verdict == FAIL
    if failed:
        raise typer.Exit(1)
