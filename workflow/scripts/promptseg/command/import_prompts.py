"""`promptseg import-prompts`: prompts that people gave in other programs, as a file that `users` reads."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from promptseg.command import project

if TYPE_CHECKING:
    from promptseg.preprocess.places import Place


def import_prompts(
    kind: Annotated[str, typer.Argument(metavar="KIND", help="slicer or rclicks.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", callback=project.absolute)],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", callback=project.absolute, help="JSON file to write.")
    ],
    dataset: Annotated[str, typer.Option("--dataset", "-d", help="Name of the dataset in the configuration.")],
    task: Annotated[
        list[str],
        typer.Option("--task", "-t", help="The object; of rclicks also OBJECT=TASK, several times."),
    ],
    case: Annotated[str | None, typer.Option(help="slicer: name of the case, as in its image_id.")] = None,
    annotator: Annotated[
        str | None, typer.Option(help="slicer: who it was. rclicks: the column that says so, if there is one.")
    ] = None,
    source: Annotated[str | None, typer.Option(help="rclicks: which dataset of the file.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    configfile: project.Configfiles = None,
) -> None:
    """Write prompts of 3D Slicer (.mrk.json) or of RClicks (.csv, .json) as JSON for `users` (docs/human_prompts.md).

    Example: promptseg import-prompts slicer F.mrk.json -d lung_ct --case lung1 -t tumour --annotator anna -o anna.json
    """
    from promptseg.core.choices import one_of
    from promptseg.core.errors import PromptsegError
    from promptseg.core.files import write_json
    from promptseg.prompts.human import read_file

    one_of(("slicer", "rclicks"), kind, "KIND")
    if output.exists() and not force:
        raise PromptsegError(f"{output} is there: choose another --output, or replace it by --force.")
    if kind == "rclicks":
        from promptseg.prompts.rclicks import from_rclicks, read_clicks

        if len(files) > 1:
            raise PromptsegError("rclicks: give one FILE at a time.")
        tasks = {name: of for name, _, of in (one.rpartition("=") for one in task)}
        content, said = from_rclicks(read_clicks(files[0]), dataset, tasks, source, annotator)
    else:
        from promptseg.prompts.slicer import from_slicer, read_markups

        if case is None or annotator is None or len(task) > 1:
            raise PromptsegError("slicer: say whose markups of what they are, by --case, --annotator and one --task.")
        place, slices = _case(dataset, case, task[0], configfile)
        markups = [markup for path in files for markup in read_markups(path)]
        about = {"dataset": dataset, "task": task[0], "annotator": annotator}
        content, said = from_slicer(markups, place, slices, about)
    for line in said:
        print(line)
    if not content["images"]:
        raise PromptsegError("No prompt is left: nothing is written.")
    write_json(output, content)
    read_file(output)  # whatever a file of another program holds, what is written fits
    print(output)


def _case(dataset: str, case: str, task: str, configfile: list[Path] | None) -> tuple["Place", dict[int, str]]:
    """Where the pictures of a case lie, and slice -> image_id of those of the run; `task` is one of the dataset's."""
    import pandas as pd

    from promptseg.core.choices import one_of
    from promptseg.core.errors import PromptsegError
    from promptseg.core.shared import where
    from promptseg.core.tables import read_table
    from promptseg.preprocess.places import Originals, case_of
    from promptseg.preprocess.tables import IMAGES

    project.enter()
    config = project.configuration(configfile)
    one_of(sorted(config["datasets"]), dataset, "--dataset")
    one_of(config["datasets"][dataset]["tasks"], task, "--task")
    folders = Path(config["results"]), Path(config["shared"])
    images = where(f"datasets/{dataset}/images.parquet", *folders)
    if not images.is_file():
        raise PromptsegError(f"{images} is not there: make it first (snakemake --cores 8 {images}).")
    rows = read_table(images, IMAGES, ["image_id", "slice", "status"])
    rows = rows[rows["status"] == "ok"]
    named = [(row.image_id, None if pd.isna(row.slice) else int(row.slice)) for row in rows.itertuples()]
    slices = {index or 0: name for name, index in named if case_of(name, index) == case}
    if not slices:
        one_of(sorted({case_of(*one) for one in named}), case, "--case")
    files = where(f"raw/{dataset}/files.csv", *folders)
    return Originals(files, config["datasets"][dataset]).place(case), slices
