"""napari: arrays of each image, and a script without a plugin that shows them as layers."""

import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from promptseg.core import titles
from promptseg.core.masks import decode, encode
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.settings import Setting
from promptseg.core.vocabulary import ITERATIVE
from promptseg.exports import napari_show
from promptseg.exports.answers import Answer, Code
from promptseg.exports.source import Source, file_names
from promptseg.prompts.tables import PROMPTS

Rows = Iterable[Mapping[str, Any]]


@dataclass
class _Image:
    """One image on its way: its archive of arrays, and what `show.py` needs to know of them."""

    file: Path
    size: tuple[int, int]
    about: dict[str, Any]

    @property
    def objects(self) -> list[str]:
        return self.about["objects"]

    def add(self, array: np.ndarray, **layer: Any) -> None:
        """Append an array and the layer that shows it; without one where it says nothing."""
        layers = self.about["layers"]
        name = f"{len(layers):04d}" if layer else "image"
        # The date of `numpy.savez`: equal arrays give equal bytes.
        entry = zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(self.file, "a") as archive, archive.open(entry, "w", force_zip64=True) as stream:
            np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
        if layer:
            layers.append({"array": name, "visible": False, **layer})

    def add_masks(self, codes: Mapping[str, Code], **layer: Any) -> None:
        """Append a layer of masks; an object without one is empty."""
        masks = np.zeros((len(self.objects), *self.size), bool)
        for mask, name in zip(masks, self.objects, strict=True):
            if name in codes:
                mask[:] = decode(codes[name])
        # Eight pixels a byte: compressing bytes that are 0 or 1 would take most of the time.
        self.add(np.packbits(masks, axis=-1), type="labels", **layer)

    def add_points(self, points: Sequence[Sequence[int]], labels: Sequence[int], name: str) -> None:
        """Append a layer of points (number of the object, y, x), 1 on an object and 0 on the background."""
        if points:
            self.add(np.array(points), type="points", name=name, labels=list(labels))

    def add_lines(self, lines: Sequence[tuple[int, Sequence[Sequence[int]]]], name: str, shape: str) -> None:
        """Append a layer of lines, each the number of its object with pixels (x, y): `path`s, or closed `polygon`s."""
        if lines:
            places = [(number, y, x) for number, line in lines for x, y in line]
            lengths = [len(line) for _, line in lines]
            self.add(np.array(places), type="shapes", name=name, shape=shape, lengths=lengths)


def export(source: Source, folder: Path) -> None:
    """Write images, truths, prompts and predictions of a dataset into a folder that is there and empty.

    Raises:
        PromptsegError: masks of the run are no longer kept.
    """
    images, truths = _images(source, folder)
    _add_prompts(source, images)
    first = True
    for method in source.predictions:
        for setting in source.settings:
            found = _by_image(source.answers(method, setting, truths))
            for name, answers in found.items():
                values = {
                    "iou": [answers[one].row["iou"] if one in answers else None for one in images[name].objects],
                    "score": [answers[one].score if one in answers else None for one in images[name].objects],
                }
                codes = {one: answer.code for one, answer in answers.items()}
                images[name].add_masks(codes, name=source.title(method, setting), visible=first, **values)
            if setting.mode == ITERATIVE:
                _add_clicks(source, images, method, setting)
            first = first and not found
    for image in images.values():
        image.file.with_name(f"{image.file.stem}.json").write_text(json.dumps(image.about, indent=1), encoding="utf-8")
    index = {name: f"images/{image.file.stem}" for name, image in images.items()}
    (folder / "index.json").write_text(json.dumps(index, indent=1), encoding="utf-8")
    shutil.copyfile(napari_show.__file__, folder / "show.py")


def _images(source: Source, folder: Path) -> tuple[dict[str, _Image], dict[str, Code]]:
    """Images with their truths by name, and the masks of the objects by theirs."""
    (folder / "images").mkdir()
    stream = source.stream
    names = file_names(stream.image_ids)
    images: dict[str, _Image] = {}
    truths: dict[str, Code] = {}
    for image, objects in stream:
        own = {one.row.object_id: encode(one.mask) for one in objects}
        about = {"objects": list(own), "spacing_mm": image.spacing, "layers": []}
        one = _Image(folder / "images" / f"{names[image.image_id]}.npz", image.labels.shape, about)
        one.add(image.shown)
        one.add_masks(own, name="truth", visible=True)
        images[image.image_id] = one
        truths |= own
    return images, truths


def _by_image(answers: Iterable[Answer]) -> dict[str, dict[str, Answer]]:
    found: dict[str, dict[str, Answer]] = {}
    for answer in answers:
        found.setdefault(answer.row["image_id"], {})[answer.row["object_id"]] = answer
    return found


def _grouped(rows: Rows, images: Mapping[str, _Image]) -> Iterator[tuple[_Image, list[tuple[int, Mapping[str, Any]]]]]:
    """Images with their rows, each with the number of its object in the image."""
    places = {name: (image, number) for image in images.values() for number, name in enumerate(image.objects)}
    found: dict[Path, tuple[_Image, list[tuple[int, Mapping[str, Any]]]]] = {}
    for row in rows:
        image, number = places[row["object_id"]]
        found.setdefault(image.file, (image, []))[1].append((number, row))
    yield from found.values()


def _add_prompts(source: Source, images: Mapping[str, _Image]) -> None:
    """Points, boxes and lines of the modes that are exported, but for clicks, which differ between methods."""
    PROMPTS.check(source.prompts, read_schema(source.prompts).names)
    for mode in dict.fromkeys(one.mode for one in source.settings if one.mode != ITERATIVE):
        title = titles.setting(mode)
        for image, rows in _grouped(read_arrow(source.prompts, filters=pc.field("mode") == mode).to_pylist(), images):
            points = [(number, y, x) for number, row in rows for x, y in row["points"] or ()]
            labels = [label for _, row in rows for label in row["point_labels"] or ()]
            image.add_points(points, labels, f"points of {title}")
            boxes = [(number, *box) for number, row in rows for box in row["boxes"] or ()]
            if boxes:
                image.add(np.array(boxes), type="shapes", name=f"boxes of {title}")
            drawn = [(number, one) for number, row in rows for one in row.get("scribbles") or ()]
            image.add_lines([(number, one["line"]) for number, one in drawn], title, "path")
            lassos = [(number, row["lasso"]) for number, row in rows if row.get("lasso")]
            image.add_lines(lassos, title, "polygon")


def _add_clicks(source: Source, images: Mapping[str, _Image], method: str, setting: Setting) -> None:
    """The clicks that led to the masks of a setting of the mode `iterative`."""
    keep = (pc.field("step") <= setting.step) & pc.field("click_x").is_valid()
    for name in ("mode", "protocol", "switch", "selection"):
        value = getattr(source.own(method, setting), name)
        keep &= (pc.field(name) == value) if value else pc.field(name).is_null()
    columns = ["object_id", "click_x", "click_y", "click_label"]
    rows = read_arrow(source.predictions[method], columns=columns, filters=keep).to_pylist()
    for image, own in _grouped(rows, images):
        points = [(number, row["click_y"], row["click_x"]) for number, row in own]
        labels = [row["click_label"] for _, row in own]
        image.add_points(points, labels, f"clicks of {source.title(method, setting)}")
