"""Predicted masks of a finished run in formats that other programs read."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
from PIL import Image

from promptseg.analysis.compare.runs import Run
from promptseg.analysis.lookup import Wish, scored
from promptseg.core.errors import PromptsegError
from promptseg.core.files import atomic
from promptseg.core.masks import decode
from promptseg.core.tables import read_table
from promptseg.exports import coco
from promptseg.exports.answers import Answer, answers_to
from promptseg.exports.source import file_names
from promptseg.preprocess.tables import IMAGES

FORMATS = ("png", "nifti", "coco", "csv")
_ABOUT = {
    "png": "METHOD/DATASET/OBJECT.png: the mask of one object in the pixels of its image, 0 background, 255 object.",
    "nifti": "METHOD/DATASET/OBJECT.nii.gz: the same, 0 and 1, (columns, rows, 1), with the spacing of the slice in mm "
    "where it is known; its place in the patient is not kept.",
    "coco": "METHOD.json: all its masks as COCO annotations with run-length code; `score` is its own estimate of "
    "the IoU, `iou` the true one, a category is DATASET/TASK.",
    "csv": "scores.csv: the scores of the exported masks.",
}


def export(run: Run, methods: Sequence[str], wish: Wish, formats: Sequence[str], output: Path) -> list[str]:
    """Write the masks of some methods, their scores, and a README, into a folder that appears when it is complete.

    Args:
        wish: which answers: of each method one mode.
        formats: of FORMATS.

    Returns:
        The names of the methods without such an answer.

    Raises:
        PromptsegError: no method has one; the predictions or images are not there any more.
    """
    scores = {method: scored(run, method, wish) for method in methods}
    if not any(scores.values()):
        raise PromptsegError(
            f"None of {', '.join(methods)} has a mask of that kind in {run.folder}: choose another --mode."
        )
    names = file_names(sorted({row["object_id"] for rows in scores.values() for row in rows}))
    with atomic(output) as folder:
        folder.mkdir()
        for method, rows in scores.items():
            answers = list(_answers(run, method, wish, rows)) if set(formats) & {"png", "nifti", "coco"} else []
            for kind, write in (("png", _png), ("nifti", _nifti)):
                for answer in answers if kind in formats else ():
                    own = folder / method / answer.row["dataset"]
                    own.mkdir(parents=True, exist_ok=True)
                    write(answer, run, own / names[answer.row["object_id"]])
            if "coco" in formats and answers:
                coco.write(folder / f"{method}.json", _coco(run, answers))
        if "csv" in formats:
            found = [{"method": method, **row} for method, rows in scores.items() for row in rows]
            pd.DataFrame(found).to_csv(folder / "scores.csv", index=False, lineterminator="\n")
        (folder / "README.md").write_text(_readme(run, scores, wish, formats), encoding="utf-8")
    return [method for method, rows in scores.items() if not rows]


def _answers(run: Run, method: str, wish: Wish, rows: Sequence[Mapping[str, Any]]) -> Iterator[Answer]:
    for dataset in sorted({row["dataset"] for row in rows}):
        own = [row for row in rows if row["dataset"] == dataset]
        yield from answers_to(own, run.predictions(method, dataset), wish.selection)


def _png(answer: Answer, _: Run, path: Path) -> None:
    Image.fromarray(decode(answer.code).astype(np.uint8) * 255).save(f"{path}.png")


def _nifti(answer: Answer, run: Run, path: Path) -> None:
    y, x = _spacings(run, answer.row["dataset"]).get(answer.row["image_id"], (1.0, 1.0))
    image = nib.Nifti1Image(decode(answer.code).T[:, :, None].astype(np.uint8), np.diag([-x, -y, 1.0, 1.0]))
    nib.save(image, f"{path}.nii.gz")


@cache
def _spacings(run: Run, dataset: str) -> dict[str, tuple[float, float]]:
    """Image -> spacing (y, x) in mm, of those where it is known."""
    folder = run.images(dataset)
    if folder is None:
        raise PromptsegError(f"The images of {dataset}, whose spacing is needed, are not there any more: run again.")
    rows = read_table(folder / "images.parquet", IMAGES, ["image_id", "spacing_y", "spacing_x"]).dropna()
    return {row.image_id: (row.spacing_y, row.spacing_x) for row in rows.itertuples()}


def _coco(run: Run, answers: Sequence[Answer]) -> coco.Document:
    sizes = {(one.row["dataset"], one.row["image_id"]): one.code["size"] for one in answers}
    images = {key: number for number, key in enumerate(sorted(sizes), 1)}
    kinds = {
        key: number for number, key in enumerate(sorted({(one.row["dataset"], one.row["task"]) for one in answers}), 1)
    }
    pictures = [
        {"id": number, "file_name": "/".join(key), "height": sizes[key][0], "width": sizes[key][1]}
        for key, number in images.items()
    ]
    annotations = [
        coco.annotation(
            number,
            images[one.row["dataset"], one.row["image_id"]],
            kinds[one.row["dataset"], one.row["task"]],
            one.code,
            object_id=one.row["object_id"],
            iou=one.row["iou"],
            score=one.score,
        )
        for number, one in enumerate(answers, 1)
    ]
    head = coco.document(f"predicted masks of {run.folder.name}", pictures, map("/".join, kinds))
    return head | {"annotations": annotations}


def _readme(run: Run, scores: Mapping[str, Sequence[Mapping[str, Any]]], wish: Wish, formats: Sequence[str]) -> str:
    lines = ["# Masks that methods predicted", "", f"Exported by `promptseg export` from {run.folder}.", ""]
    for method, rows in scores.items():
        kinds = sorted(
            {
                f"{row['mode']}" + (f", {row['step']} clicks, protocol {row['protocol']}" if row["step"] else "")
                for row in rows
            }
        )
        lines.append(f"* {method}: {len(rows)} masks ({'; '.join(kinds) or 'none of that kind'}; {wish.selection})")
    lines += [
        "",
        *(f"* {_ABOUT[kind]}" for kind in formats),
        "",
        "Masks are those of the images as the methods saw them: slices, turned.",
    ]
    return (
        "\n".join(textwrap.fill(line, 118, subsequent_indent="  ") if line.startswith("*") else line for line in lines)
        + "\n"
    )
