"""Prompts of volumes: what is shown of each object on some of its slices, and the clicks that methods got."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby, product
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from promptseg.analysis.lookup import require_kept
from promptseg.core.parquet import read_arrow
from promptseg.core.routes import ALL_SLICES, EACH, GIVEN, MASK
from promptseg.exports.courses import Row, by
from promptseg.exports.located import Located, Locations
from promptseg.exports.pictured import Picture
from promptseg.methods.volume import SlicePrompt
from promptseg.volumes.data.stack import StoredVolume, VolumeObject, VolumeStream
from promptseg.volumes.routes.settings import Setting, VolumeSettings
from promptseg.volumes.routes.showing import first_prompts

_COURSE = ("route", "slices", "prompt", "extents")
_CLICK = ("click_z", "click_x", "click_y", "click_label")


@dataclass(frozen=True)
class PromptedVolumes:
    """What a run has of the volumes of a dataset.

    Attributes:
        stream: the volumes.
        settings: what is asked about them.
        predictions: method -> file; their clicks are prompts.
    """

    stream: VolumeStream
    settings: VolumeSettings
    predictions: Mapping[str, Path] = field(default_factory=dict)


def volume_documents(run: PromptedVolumes, locations: Locations, sources: list[Row]) -> Iterator[Row]:
    """The volumes with their prompts; sources that are not there yet are appended."""
    clicks = {method: by("object_id", _read(path)) for method, path in run.predictions.items()}
    for volume in run.stream:
        located = locations.of(volume.volume_id)
        if volume.volume_id not in {one["source"] for one in sources}:
            sources.append(located.about)
        spacing = volume.spacing
        described = []
        for item in volume.objects:
            courses = [
                {"method": method, **course}
                for method, found in clicks.items()
                for course in _courses(found.get(item.object_id, []), volume, located)
            ]
            shown = list(_first(item, run.settings, volume, located))
            described.append({"object_id": item.object_id, "task": item.task, "prompts": shown, "clicks": courses})
        yield {
            "volume_id": volume.volume_id,
            "patient": volume.case_id,
            "source": volume.volume_id,
            "shape": list(volume.shape),
            "spacing_mm": None if spacing is None else list(spacing),
            "mm_from": "patient" if located.mm is not None else "picture" if spacing else None,
            "index_from_voxel": None if located.index is None else located.index.tolist(),
            "objects": described,
        }


def _picture(volume: StoredVolume, z: int, located: Located) -> Picture:
    spacing = volume.spacing or (None, None, None)
    return Picture({"slice": z, "spacing_y": spacing[1], "spacing_x": spacing[2]}, located)


def _first(item: VolumeObject, settings: VolumeSettings, volume: StoredVolume, located: Located) -> Iterator[Row]:
    """What is shown of an object at first, in each setting that it has the slices for. True contours are left out."""
    prompts = [prompt for prompt in settings.prompts if prompt != MASK]
    chosen = [*settings.slices, *([ALL_SLICES] if EACH in settings.routes else [])]
    for slices, prompt, extents in product(chosen, prompts, settings.extents):
        setting = Setting("", slices, prompt, extents)
        shown = first_prompts(item.object_id, item.truth, setting, settings)
        if shown is not None and (slices != ALL_SLICES or setting.given):
            yield {
                "slices": slices,
                "prompt": prompt,
                "extents": extents,
                "ends": [item.z0, item.z1] if extents == GIVEN else None,
                "shown": [_on_slice(one, _picture(volume, one.z, located)) for one in shown],
            }


def _on_slice(shown: SlicePrompt, picture: Picture) -> Row:
    prompt = shown.prompt
    assert prompt is not None  # no contour
    scribbles = [
        {"label": one.label, "width": one.width, **picture.line(one.line.tolist())} for one in prompt.scribbles
    ]
    return {
        "slice": shown.z,
        "points": picture.points(prompt.points.tolist(), prompt.labels.tolist()),
        "boxes": [] if prompt.box is None else picture.boxes([prompt.box.tolist()]),
        **({"scribbles": scribbles} if scribbles else {}),
        **({} if prompt.lasso is None else {"lasso": picture.line(prompt.lasso.tolist())}),
    }


def _read(path: Path) -> list[Row]:
    """The clicks of a method, in the order of its predictions."""
    require_kept(path)
    keep = pc.field("z").is_null() & pc.field("click_z").is_valid()
    rows: list[Row] = read_arrow(path, columns=["object_id", *_COURSE, "step", *_CLICK], filters=keep).to_pylist()
    return rows


def _courses(rows: list[Row], volume: StoredVolume, located: Located) -> Iterator[dict[str, Any]]:
    """The clicks that one method got for an object, in each setting."""
    for key, own in groupby(rows, lambda row: [row[name] for name in _COURSE]):
        steps = []
        for row in own:
            picture = _picture(volume, row["click_z"], located)
            (point,) = picture.points([(row["click_x"], row["click_y"])], [row["click_label"]])
            steps.append({"step": row["step"], "slice": row["click_z"], **point})
        yield {**dict(zip(_COURSE, key, strict=True)), "steps": steps}
