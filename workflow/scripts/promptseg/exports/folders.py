"""`<results>/exports/<format>/<dataset>/`: a dataset of a run in the format of another tool."""

import textwrap
from collections.abc import Callable
from pathlib import Path

from promptseg.core.files import atomic
from promptseg.exports import coco, fiftyone, manifest, napari
from promptseg.exports.source import Source

FORMATS: dict[str, Callable[[Source, Path], None]] = {
    "coco": coco.export,
    "fiftyone": fiftyone.export,
    "napari": napari.export,
    "masks": manifest.export,
}
_ABOUT = {
    "coco": "`data/` holds the images, `labels.json` the truths, `predictions/METHOD.SETTING.json` results for "
    "`loadRes` of pycocotools. A category is a task. `score` is the method's own estimate of the IoU, 1 where it gives "
    "none; `iou` is the true one.",
    "fiftyone": "`python load.py` imports it: truths as the field `truth`, and a field for each method and setting; "
    "`fields.json` lists them. The confidence is the method's own estimate of the IoU; `iou` is the true one.",
    "napari": "`python show.py [IMAGE]` shows an image: truth, masks of each method, points and boxes. The slider goes "
    "through its objects.",
    "masks": "`METHOD/manifest.json` lists the masks of a method: what each answers, and in which page of which TIFF "
    "stack it lies. `masks: {path: FOLDER}` of a method's entry reads such a folder and scores it.",
}
_MASKS = (
    "Images and masks are as the methods saw them: slices, turned, grey values scaled to 8 bit. An object where a "
    "method failed, or in a mode that it does not take, has no mask."
)


def export(source: Source, kind: str, output: Path) -> None:
    """Write a dataset as one of FORMATS, with a README; the folder appears when it is complete.

    Raises:
        PromptsegError: masks of the run are no longer kept.
    """
    with atomic(output) as folder:
        folder.mkdir()
        FORMATS[kind](source, folder)
        lines = [
            f"# {source.about['title']}: images, truths and predictions",
            "",
            *textwrap.wrap(_ABOUT[kind], 118),
            "",
            f"Licence of the images: {source.about.get('licence') or 'not stated'}.",
            "",
            *textwrap.wrap(_MASKS, 118),
            "",
            *(f"* `{one.id}`: {one.title(source.protocols)}" for one in source.settings),
        ]
        (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
