"""`promptseg view`: one object of a finished run as a picture."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def view(
    name: Annotated[
        str,
        typer.Argument(
            metavar="OBJECT", help="object_id or its beginning, DATASET/OBJECT, worst:METHOD or best:METHOD."
        ),
    ],
    method: Annotated[
        list[str] | None,
        typer.Option("--method", "-m", help="Show this method; may be given several times. All if none."),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(help="mode1 to mode5, a scribble, lasso or iterative; by default one box, else one point."),
    ] = None,
    clicks: Annotated[
        int | None, typer.Option(help="Number of clicks, of the mode iterative; the last if none.")
    ] = None,
    selection: Annotated[str, typer.Option(help="Which of several masks: first, best_score or oracle.")] = "first",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", callback=project.absolute, help="PNG or PDF; by default OBJECT.png."
        ),
    ] = None,
    results: project.Results = None,
    configfile: project.Configfiles = None,
) -> None:
    """Show one object: image, truth, prompts, and the masks of the methods with their IoU.

    The picture is written to a file, whose path is printed.

    Example: promptseg view worst:sam_small --mode mode1 -o worst.png
    """
    here = Path.cwd()
    project.enter()
    run, config = project.finished(results, configfile)

    from promptseg.analysis.lookup import Wish, find_object, methods_of
    from promptseg.core.choices import one_of
    from promptseg.core.files import atomic
    from promptseg.core.vocabulary import AUTOMATIC, ITERATIVE, MODES, SELECTIONS
    from promptseg.figures import one_object, style

    there = methods_of(run)
    chosen = [one_of(there, wanted, "--method") for wanted in method or there]
    wish = Wish(
        ITERATIVE if mode is None and clicks else mode and one_of([*MODES, AUTOMATIC], mode, "--mode"),
        clicks,
        selection=one_of(SELECTIONS, selection, "--selection"),
    )
    dataset, object_id = find_object(run, name, wish)
    looks = style.method_looks({**config["methods"], **run.titles("method")})
    figure = one_object.draw(
        run, dataset, object_id, project.tasks(run, config, dataset), {name: looks[name] for name in chosen}, wish
    )
    path = output or here / f"{object_id.replace('/', '_').replace(':', '_')}.png"
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=200)
    print(path)
