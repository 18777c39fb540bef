"""`promptseg export`: predicted masks and scores of a finished run for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FOLDER", callback=project.absolute, help="Folder to write into.")
    ],
    method: Annotated[
        list[str] | None, typer.Option("--method", "-m", help="May be given several times; all if none.")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(
            help="mode1 to mode5, a scribble, lasso or iterative; by default of each method one box, else one point."
        ),
    ] = None,
    clicks: Annotated[
        int | None, typer.Option(help="Number of clicks, of the mode iterative; the last if none.")
    ] = None,
    selection: Annotated[str, typer.Option(help="Which of several masks: first or best_score.")] = "first",
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", "-f", help="png, nifti, coco or csv; several times; png and csv if none."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a folder that is there.")] = False,
    results: project.Results = None,
    configfile: project.Configfiles = None,
) -> None:
    """Write predicted masks as PNG, NIfTI or COCO JSON, and their scores as CSV, into a folder of its own.

    Example: promptseg export -m sam_small --mode mode5 --format coco --format csv -o masks
    """
    project.enter()
    run, _ = project.finished(results, configfile)

    from promptseg.analysis.lookup import Wish, methods_of
    from promptseg.core.choices import one_of
    from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, MODES
    from promptseg.exports.masks import FORMATS, export

    project.require_free(output, force=force)
    there = methods_of(run)
    wish = Wish(
        ITERATIVE if mode is None and clicks else mode and one_of([*MODES, AUTOMATIC], mode, "--mode"),
        clicks,
        selection=one_of(("first", "best_score"), selection, "--selection"),
    )
    wanted = [one_of(FORMATS, kind, "--format") for kind in formats or ("png", "csv")]
    methods = [one_of(there, name, "--method") for name in method or there]
    for name in export(run, methods, wish, wanted, output):
        print(f"{name} has no mask of that kind")
    print(output)
