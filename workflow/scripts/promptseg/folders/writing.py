"""Write the configuration for a folder, and the picture that shows whether its masks lie right."""

from pathlib import Path

import yaml

from promptseg.config.check import check
from promptseg.config.schema import SCHEMAS
from promptseg.core.files import atomic
from promptseg.folders.contents import spread
from promptseg.folders.document import document
from promptseg.folders.look import Look
from promptseg.folders.overlays import CASES, draw
from promptseg.folders.proposal import lines_of

_DPI = 200
# What a configuration needs beside the entry, to be checked by itself.
_REST = {
    "protocols": {"corrected": {}},
    "methods": {"perfect": {"adapter": "promptseg.methods.controls:Perfect"}},
}


def write(found: Look, folder: Path, name: str, output: Path, picture: Path) -> list[str]:
    """Write both files, or none; returns what could not be told from the files.

    Args:
        name: of the dataset.
        output: the YAML file.
        picture: the PNG file.

    Raises:
        PromptsegError: the name cannot be one of a dataset; a file cannot be written.
    """
    lines, unsure = lines_of(found, folder)
    text = document(name, folder, lines, unsure, SCHEMAS / "config.schema.yaml")
    written = yaml.safe_load(text)["datasets"]
    entry = check({"run": {"datasets": [name], "methods": ["perfect"]}, "datasets": written, **_REST})["datasets"][name]
    looked = set(found.contents.looked)
    cases = spread([case for case in found.cases if case.name in looked], CASES)
    with atomic(output) as text_file, atomic(picture) as picture_file:
        draw(cases, found.files, entry, f"{name}: do the masks lie right?").savefig(picture_file, dpi=_DPI)
        text_file.write_text(text, encoding="utf-8")
    return unsure
