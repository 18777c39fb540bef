"""`promptseg compare`: two finished runs against one another, object by object."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project


def compare(
    run_a: Annotated[Path, typer.Argument(callback=project.absolute, help="Folder of the results to start from.")],
    run_b: Annotated[Path, typer.Argument(callback=project.absolute, help="Folder of the other results.")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FOLDER",
            callback=project.absolute,
            help="Where tables, figures and page go; default compare/A-B.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Compare the groups of this column of scores.parquet apart as well."),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(metavar="A=B", help="Compare the method A of the first run with the method B of the second."),
    ] = None,
    configfile: project.Configfiles = None,
) -> None:
    """Compare two finished runs: B - A for the same objects, with intervals, as tables, figures and one page.

    Snakemake does the same: snakemake --cores 1 compare --config run_a=FOLDER run_b=FOLDER

    Example: promptseg compare results runs/other_weights --pair sam_vit_b=my_sam
    """
    from promptseg.core.errors import PromptsegError
    from promptseg.figures.catalogue import comparison

    names = [text.partition("=") for text in pair or ()]
    for text, (name, _, other) in zip(pair or (), names, strict=True):
        if not name or not other:
            raise PromptsegError(f"--pair takes the names of two methods as A=B; got {text}.")
    root = project.enter()
    config = project.configuration(configfile)

    from promptseg.report.compared import Options, compare_runs
    from promptseg.report.terminal import as_text

    options = Options(
        tuple(by or ()),
        {name: other for name, _, other in names},
        config["metrics"]["bootstrap_resamples"],
        config["prompts"]["seed"],
        Path(config["shared"]),
    )
    a, b = (path.relative_to(root) if path.is_relative_to(root) else path for path in (run_a, run_b))
    found = compare_runs(a, b, output or comparison(a, b), options)
    print("Difference in IoU, B - A, mean over tasks\n")
    print(as_text(found.frame()))
    print("", *found.sentences, "", f"page  {found.page}", sep="\n")
