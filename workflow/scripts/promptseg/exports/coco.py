"""COCO: images, truths and predictions with run-length codes, as pycocotools and many other programs read them.

A dataset is one folder: `data/` the images, `labels.json` the truths, `predictions/<method>.<setting>.json` a list of
results for `pycocotools.coco.COCO.loadRes`. Format: https://cocodataset.org/#format-data and #format-results
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pycocotools import mask as coco

from promptseg.core.masks import encode
from promptseg.exports.answers import Answer, Code
from promptseg.exports.source import Source, file_names
from promptseg.preprocess.images import encode_png

IMAGES, TRUTHS, PREDICTIONS = "data", "labels.json", "predictions"
Document = dict[str, Any]


def annotation(number: int, image: int, category: int, code: Code, **more: Any) -> Document:
    """One object of a list of annotations.

    Args:
        number, image, category: its id, that of its image and that of its category.
        more: further keys.
    """
    return {
        "id": number,
        "image_id": image,
        "category_id": category,
        "segmentation": code,
        "bbox": coco.toBbox(code).astype(int).tolist(),
        "area": int(coco.area(code)),
        "iscrowd": 0,
        **more,
    }


def result(answer: Answer, image: int, category: int) -> Document:
    """One prediction of a list of results.

    It has no box, because of a result with a box pycocotools takes the area of the box for that of the mask. COCO
    orders by `score`, so that it is 1 where a method gives none.
    """
    return {
        "image_id": image,
        "category_id": category,
        "segmentation": answer.code,
        "score": 1.0 if answer.score is None else answer.score,
        "object_id": answer.row["object_id"],
        "iou": answer.row["iou"],
    }


def document(description: str, images: Sequence[Document], categories: Iterable[str], **more: Any) -> Document:
    """A whole file of annotations but for these.

    Args:
        categories: names, whose ids are their places from 1.
    """
    named = [{"id": number, "name": name} for number, name in enumerate(categories, 1)]
    return {"info": {"description": description}, **more, "images": list(images), "categories": named}


def write(path: Path, content: Document | Sequence[Document]) -> None:
    """Write a file of COCO; in one line, as these files are large."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def write_truths(source: Source, folder: Path) -> Document:
    """Write images and truths of a dataset into a folder; returns what stands in `labels.json`."""
    (folder / IMAGES).mkdir()
    stream = source.stream
    names = file_names(stream.image_ids)
    category = {task: number for number, task in enumerate(source.tasks, 1)}
    images: list[Document] = []
    annotations: list[Document] = []
    for number, (image, objects) in enumerate(stream, 1):
        height, width = image.labels.shape
        file = f"{names[image.image_id]}.png"
        (folder / IMAGES / file).write_bytes(encode_png(image.shown))
        about = {"image": image.image_id, "patient": image.case_id, "spacing_mm": image.spacing}
        images.append({"id": number, "file_name": file, "height": height, "width": width, "license": 1, **about})
        for one in objects:
            more = {"object_id": one.row.object_id}
            annotations.append(
                annotation(len(annotations) + 1, number, category[one.row.task], encode(one.mask), **more)
            )
    title, licence = source.about["title"], source.about.get("licence") or "not stated"
    content = document(title, images, category, licenses=[{"id": 1, "name": licence, "url": ""}])
    content |= {"annotations": annotations}
    write(folder / TRUTHS, content)
    return content


def numbers(truths: Document) -> tuple[dict[str, int], dict[str, int], dict[str, Code]]:
    """Ids of images and of categories by their names, and the masks of objects by theirs."""
    images = {image["image"]: image["id"] for image in truths["images"]}
    categories = {category["name"]: category["id"] for category in truths["categories"]}
    return images, categories, {one["object_id"]: one["segmentation"] for one in truths["annotations"]}


def export(source: Source, folder: Path) -> None:
    """Write images, truths and predictions of a dataset into a folder that is there and empty.

    Raises:
        PromptsegError: masks of the run are no longer kept.
    """
    images, categories, codes = numbers(write_truths(source, folder))
    for method in source.predictions:
        for setting in source.settings:
            found = [
                result(answer, images[answer.row["image_id"]], categories[answer.row["task"]])
                for answer in source.answers(method, setting, codes)
            ]
            if found:  # pycocotools cannot read an empty list
                write(folder / PREDICTIONS / f"{method}.{setting.id}.json", found)
