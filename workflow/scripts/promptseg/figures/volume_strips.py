"""Slices of one object of a dataset: the truth, what was shown, and what each route made of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from promptseg.core import titles
from promptseg.core.routes import CONTOURS, EACH, EXTRUDE, MASK, OPEN
from promptseg.core.tables import read_table
from promptseg.figures import pictures, sheets, style
from promptseg.preprocess.images import LabelledImage
from promptseg.volumes.analysis import order
from promptseg.volumes.data.stack import StoredVolume, VolumeObject, VolumeStream
from promptseg.volumes.routes.answers import Answered, read_answers
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.showing import show
from promptseg.volumes.scores.tables import VOLUME_SCORES

COLUMNS = 9  # slices of a strip, at most
_MARGIN, _LEAST = 1.2, 0.55  # inches for the words beside a row, and of the narrowest panel
_FEW = 5  # slices; of fewer none is shown beyond the object
_BEYOND = 0.3  # of the object's slices, shown on either side of it
_LONG = 5  # slices; shorter objects are shown only if there is no longer one
NOTHING = "No volume of this dataset holds an object of its tasks."
_LEGEND = (
    "Blue: outline of the truth. Orange: mask of the route. Yellow: what was shown. Number beside a row: Dice over the "
    "whole volume. Ends are open but where each slice is prompted."
)


@dataclass(frozen=True)
class Files:
    """What the figure reads of one dataset.

    Attributes:
        stream: its volumes.
        predictions: `volumes.routes.tables.VOLUME_PREDICTIONS`, each in a folder of the method's name.
        scores: `volume_scores.parquet`.
    """

    stream: VolumeStream
    predictions: Sequence[str | Path]
    scores: str | Path


def choose(objects: pd.DataFrame, index: pd.DataFrame) -> str | None:
    """The object shown: of those with at least five slices and both ends inside the volume the one of median size.

    Where there is none, short ones count, and such that reach an end of the volume; of two in the middle the smaller.

    Args:
        objects, index: see `VOLUME_OBJECTS` and `VOLUME_INDEX`.
    """
    if objects.empty:
        return None
    last = objects["volume_id"].map(index.set_index("volume_id")["n_slices"]) - 1
    inside = (objects["z0"] > 0) & (objects["z1"] < last)
    long = objects["n_slices"] >= _LONG
    for wanted in (inside & long, long, inside, long | ~long):
        if wanted.any():
            break
    found = objects[wanted].sort_values(["voxels", "object_id"])["object_id"].tolist()
    return str(found[(len(found) - 1) // 2])


def slices_shown(z0: int, z1: int, depth: int, always: int, most: int = COLUMNS) -> list[int]:
    """At most `most` slices, evenly spaced from somewhat before the object to somewhat behind it, and `always`."""
    beyond = max(1, round(_BEYOND * (z1 - z0 + 1))) if most >= _FEW else 0
    places = np.linspace(max(0, z0 - beyond), min(depth - 1, z1 + beyond), most).round().astype(int)
    chosen = sorted(set(places.tolist()))
    if always not in chosen:
        chosen[int(np.argmin(np.abs(np.array(chosen) - always)))] = always
    return chosen


def settings_shown(answers: Sequence[Answered], method: str) -> list[Answered]:
    """The first answers of a method without clicks: of each route that with the fewest slices, a box, and open ends."""
    first = [answer for answer in answers if answer.step == 0 and answer.facts["status"] == "ok"]
    wanted = [a for a in first if a.setting.extents == OPEN or a.setting.route == EACH]
    table = pd.DataFrame([{"place": i, **vars(answer.setting)} for i, answer in enumerate(wanted)])
    if table.empty:
        return []
    ordered = order.in_order(table.assign(method=method)).drop_duplicates("route")
    return [wanted[place] for place in ordered["place"]]


def draw(
    files: Files, dataset: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]], prompts: Mapping[str, Any]
) -> Figure:
    """A row for the truth, then one for each method and route; a column for each slice.

    Args:
        dataset: {title}.
        methods: as for `style.method_looks`.
        prompts: {tie_break, seed}, see `showing.show`.
    """
    name = choose(files.stream.objects, files.stream.index)
    title = style.words("{dataset}: slices of one object", dataset=dataset["title"])
    if name is None:
        return style.message(title, style.words(NOTHING))
    volume, thing = _find(files.stream, name)
    rows = list(_rows(files, volume, thing, methods))
    largest = max(thing.truth.slices, key=thing.truth.area)
    shown = slices_shown(thing.z0, thing.z1, volume.shape[0], largest, sheets.across(COLUMNS, _LEAST, _MARGIN))
    view = _view(thing, volume)
    room = sheets.rows_that_fit(len(shown), 0, margin=_MARGIN, least=_LEAST) - 1
    legend = style.words(_LEGEND) + sheets.left_out(
        len(rows) - room, "Without one further row.", "Without {count} further rows."
    )
    rows = rows[:room]
    heads = {0: [_heading(z, thing, volume) for z in shown]}
    sheet = sheets.sheet(len(rows) + 1, len(shown), f"{title}. {name}", legend, lines=0, heads=heads, margin=_MARGIN)
    looks = style.method_looks(methods)
    for column, z in enumerate(shown):
        example = _example(volume, thing, z, view)
        for axis in sheet.axes[:, column]:
            pictures.show(axis, example)
            pictures.outline(axis, example.truth)
        for axis, (method, answer, _) in zip(sheet.axes[1:, column], rows, strict=True):
            if (mask := answer.masks.slice(z)).any():
                pictures.overlay(axis, mask)
            if z in answer.facts["prompted"]:
                _prompt(axis, thing, z, answer.setting.prompt, prompts)
            if method in looks:
                sheets.frame(axis, looks[method], 0.7)
    sheet.beside(0, [style.words("truth")])
    for row, (method, answer, dice) in enumerate(rows, start=1):
        sheet.beside(row, [*_label(method, answer, methods), f"Dice {dice:.2f}"])
    return sheet.finished()


def _find(stream: VolumeStream, name: str) -> tuple[StoredVolume, VolumeObject]:
    for volume in stream:
        for thing in volume.objects:
            if thing.object_id == name:
                return volume, thing
    raise ValueError(f"{name} is in no volume")


def _rows(
    files: Files, volume: StoredVolume, thing: VolumeObject, methods: Mapping[str, Any]
) -> Iterator[tuple[str, Answered, float]]:
    """Method, answer and Dice of each row: true contours, then the methods in the order of the registry."""
    known = read_table(files.scores, VOLUME_SCORES, filters=[("object_id", "==", thing.object_id), ("step", "==", 0)])
    dice = known.set_index(["method", "route", "slices", "prompt", "extents"])["dice"]
    paths = pictures.by_method(files.predictions)
    names = [name for name in (CONTOURS, *methods) if name in paths]
    for method in names:
        for answer in settings_shown(list(read_answers(paths[method], [thing.object_id], volume.shape)), method):
            key = (method, *vars(answer.setting).values())
            yield method, answer, float(dice.get(key, np.nan))


def _view(thing: VolumeObject, volume: StoredVolume) -> tuple[float, ...]:
    _, y0, x0, _, y1, x1 = thing.truth.box()
    return pictures.window((x0, y0, x1, y1), volume.shape[1:], _spacing(volume))


def _spacing(volume: StoredVolume) -> tuple[float, float]:
    return volume.spacing[1:] if volume.spacing else (1.0, 1.0)


def _example(volume: StoredVolume, thing: VolumeObject, z: int, view: tuple[float, ...]) -> pictures.Example:
    image = LabelledImage(
        f"{volume.volume_id}:{z}", volume.case_id, volume.pixels(z), volume.labels(z), _spacing(volume)
    )
    return pictures.Example(thing.object_id, thing.task, image, thing.truth.slice(z), _spacing(volume), view)


def _prompt(axis: Axes, thing: VolumeObject, z: int, kind: str, prompts: Mapping[str, Any]) -> None:
    """What was shown on a slice."""
    if kind == MASK:
        pictures.outline(axis, thing.truth.slice(z), pictures.POINT)
        return
    lines = {**prompts.get("scribbles", {}), **prompts.get("lasso", {})}
    given = show(thing.object_id, thing.truth.slice(z), z, kind, VolumeSettings.of({"lines": lines}, prompts)).prompt
    assert given is not None
    boxes = [] if given.box is None else [given.box.tolist()]
    shown = {"points": given.points.tolist(), "boxes": boxes, "lasso": given.lasso}
    pictures.prompt(axis, {**shown, "scribbles": [vars(one) for one in given.scribbles]})


def _heading(z: int, thing: VolumeObject, volume: StoredVolume) -> str:
    """ "slice 12", and how far it is beyond the object."""
    beyond = max(thing.z0 - z, z - thing.z1, 0)
    if not beyond:
        return f"slice {z}"
    end = thing.z0 if z < thing.z0 else thing.z1
    places = volume.geometry.positions
    far = f"{round(abs(places[z] - places[end]), 1):g} mm" if places else f"{beyond} slices"
    return f"slice {z}\n{far} beyond"


def _label(method: str, answer: Answered, methods: Mapping[str, Any]) -> list[str]:
    """Method, and route with the number of slices it starts from."""
    setting = answer.setting
    slices = "" if setting.route in (EACH, EXTRUDE) else f", {titles.slices(setting.slices)}"
    words = order.route_words({"method": method, **vars(setting)}) + slices
    return [words] if method == CONTOURS else [titles.titled(methods, method), words]
