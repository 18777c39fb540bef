"""FiftyOne: a folder of its type COCODetectionDataset, predictions beside it, and a script that imports both."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

from promptseg.exports import coco, fiftyone_load
from promptseg.exports.source import Source


def export(source: Source, folder: Path) -> None:
    """Write images, truths and predictions of a dataset into a folder that is there and empty.

    Raises:
        PromptsegError: masks of the run are no longer kept.
    """
    images, categories, codes = coco.numbers(coco.write_truths(source, folder))
    fields: dict[str, Any] = {}
    for method in source.predictions:
        for setting in source.settings:
            # Predictions without a box are left out by FiftyOne, and so are those without a pixel.
            found = [
                coco.annotation(
                    number,
                    images[answer.row["image_id"]],
                    categories[answer.row["task"]],
                    answer.code,
                    object_id=answer.row["object_id"],
                    iou=answer.row["iou"],
                    **({} if answer.score is None else {"score": answer.score}),
                )
                for number, answer in enumerate(source.answers(method, setting, codes), 1)
            ]
            if found:
                file = f"{coco.PREDICTIONS}/{method}.{setting.id}.json"
                coco.write(folder / file, found)
                field = re.sub(r"\W", "_", f"{method}_{setting.id}")  # a dot would be a field within a field
                fields[field] = {"title": source.title(method, setting), "file": file}
    (folder / "fields.json").write_text(json.dumps(fields, indent=1), encoding="utf-8")
    shutil.copyfile(fiftyone_load.__file__, folder / "load.py")
