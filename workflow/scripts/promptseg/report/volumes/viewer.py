"""The page of one volume: slices in three planes with the truth and the masks of every route."""

import json
from collections.abc import Sequence
from pathlib import Path

from promptseg.core.files import atomic
from promptseg.methods.volume import Slices
from promptseg.report.grid import page_environment
from promptseg.report.volumes.payload import Shown, payload

HERE = Path(__file__).resolve().parent


def write_viewer(
    output: Path, title: str, about: str, volume: Slices, positions: Sequence[float] | None, objects: Sequence[Shown]
) -> None:
    """Write the page of a volume, one file that needs no other and no network.

    Args:
        output: the file, two folders below the page of all volumes.
        title: of the volume.
        about: where it comes from, whose it is.
        volume, positions, objects: see `payload`.
    """
    # In a script, only `<` could end it.
    content = json.dumps(payload(volume, positions, objects), sort_keys=True).replace("<", "\\u003c")
    page = (
        page_environment(HERE)
        .get_template("viewer.html.jinja")
        .render(
            title=title,
            about=about,
            back="../../volumes.html",
            volume=content,
            code=(HERE / "viewer.js").read_text(encoding="utf-8"),
        )
    )
    with atomic(output) as path:
        path.write_text(page, encoding="utf-8")
