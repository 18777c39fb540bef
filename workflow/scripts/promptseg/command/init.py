"""`promptseg init`: look at a folder of images and masks, and write the configuration that reads it."""

from pathlib import Path
from typing import Annotated

import typer

from promptseg.command import project
from promptseg.core.errors import PromptsegError


def init(
    folder: Annotated[Path, typer.Argument(callback=project.absolute, help="Folder that holds images and masks.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", callback=project.absolute, help="By default NAME.yaml."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the dataset; by default after the folder.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
) -> None:
    """Look at a folder of images and masks, and write the configuration that reads it.

    Beside the YAML file it writes a picture that shows three images with their masks: look whether they lie right. What
    the files do not say is listed, to be checked by you. Nothing in the folder is changed.

    Example: promptseg init ~/data/my_xray --output my_xray.yaml
    """
    here = Path.cwd()
    project.enter()

    from promptseg.folders.guesses import dataset_name
    from promptseg.folders.look import look
    from promptseg.folders.proposal import summary
    from promptseg.folders.writing import write

    name = name or dataset_name(folder)
    output = output or here / f"{name}.yaml"
    picture = output.with_name(f"{output.stem}_overlays.png")
    for path in (output, picture):
        if path.exists() and not force:
            raise PromptsegError(f"{path} is there already: choose another name by --output, or replace it by --force.")
    found = look(folder, name)
    print("\n".join([str(folder), *summary(found)]))
    unsure = write(found, folder, name, output, picture)
    if unsure:
        print("\nPlease check, because the files do not say it:")
        print("\n".join(f"- {line}" for line in unsure))
    print(f"\nwritten   {output}\nlook at   {picture}")
    shown = output.relative_to(here) if output.is_relative_to(here) else output
    print(f"next      promptseg check -c {shown}\n          promptseg run -c {shown}")
