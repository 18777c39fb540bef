"""`promptseg export-volumes`: predicted masks of volumes in the geometry of their files."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project
from promptseg.core.errors import PromptsegError


def export_volumes(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", callback=project.absolute, help="Folder to write into.")
    ],
    method: Annotated[
        list[str] | None, typer.Option("--method", "-m", help="May be given several times; all if none.")
    ] = None,
    route: Annotated[str | None, typer.Option(help="How slices became a volume, such as carry_box or memory.")] = None,
    slices: Annotated[str | None, typer.Option(help="Which slices were prompted: largest, 3, ...")] = None,
    prompt: Annotated[str | None, typer.Option(help="What was shown on them: box, point or mask.")] = None,
    extents: Annotated[str | None, typer.Option(help="Ends of the object: given or open.")] = None,
    clicks: Annotated[int | None, typer.Option(help="Corrective clicks; the most if none.")] = None,
    formats: Annotated[
        list[str] | None, typer.Option("--format", "-f", help="nifti or seg (DICOM); several times; nifti if none.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is there.")] = False,
    results: project.Results = None,
    configfile: project.Configfiles = None,
) -> None:
    """Write masks of volumes as NIfTI or DICOM SEG, voxel by voxel in the grid of the files that they were read from.

    Where several settings of a method fit, they are listed.

    Example: promptseg export-volumes -m sam_small --route carry_box --slices 3 --extents open -o masks
    """
    project.enter()
    config = project.configuration(configfile)

    from promptseg.core.choices import one_of
    from promptseg.exports.volumes import FORMATS, VolumeRun, Wish, export

    project.require_free(output, force=force)
    folder = results or Path(config["results"]).absolute()
    run = VolumeRun(folder, Path(config["shared"]).absolute(), config["datasets"])
    if not run.methods:
        raise PromptsegError(f"{folder} has no masks of volumes: run a configuration with `volumes` first.")
    wanted = [one_of(FORMATS, kind, "--format") for kind in formats or ("nifti",)]
    methods = [one_of(run.methods, name, "--method") for name in method or run.methods]
    for problem in export(run, methods, Wish(route, slices, prompt, extents, clicks), wanted, output):
        print(problem)
    print(output)
