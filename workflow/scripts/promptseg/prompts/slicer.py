"""Markups of 3D Slicer (`.mrk.json`) as a file of human prompts.

The format: Slicer/Slicer, Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json.
"""

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.places import Place
from promptseg.prompts.human import FORMAT

logger = logging.getLogger(__name__)

_KINDS = {"Fiducial": "point", "ROI": "box", "Curve": "scribble", "ClosedCurve": "lasso"}
_FAR = 1e9  # pixels
_FEWEST = {"point": 1, "box": 2, "scribble": 2, "lasso": 3}
_TO_RAS = {"LPS": (-1.0, -1.0, 1.0), "RAS": (1.0, 1.0, 1.0)}
_TO_MM = {"mm": 1.0, "um": 1e-3}
NEGATIVE = ("neg", "background")  # in the name of a markup, or the label of a point


def read_markups(path: Path) -> list[dict[str, Any]]:
    """The markups of a file.

    Raises:
        PromptsegError: it is no such file.
    """
    try:
        markups = json.loads(path.read_text(encoding="utf-8"))["markups"]
        assert isinstance(markups, list)
        assert all("type" in markup for markup in markups)
    except (OSError, ValueError, KeyError, TypeError, AssertionError, RecursionError) as error:
        raise PromptsegError(f"{path} is no file of markups of 3D Slicer (.mrk.json).") from error
    return markups


def from_slicer(
    markups: Sequence[Mapping[str, Any]],
    place: Place,
    slices: Mapping[int, str],
    about: Mapping[str, str],
) -> tuple[dict[str, Any], list[str]]:
    """Markups of one person on one object of a case as a file of human prompts.

    Points of a list are points, ROIs are boxes in the slice of their centre, curves are scribbles, and closed curves
    lassos, both through their control points. Prompts are in the order of the files.

    Args:
        place: where the pictures of the case lie.
        slices: slice -> image_id, of the pictures of the case in the run; 0 of a file of one picture.
        about: dataset, task, annotator.

    Returns:
        The content, and what was left out, a line each.

    Raises:
        PromptsegError: the file of the case does not say where it lies, or a markup is in no known coordinates.
    """
    if place.mm is None:
        raise PromptsegError("The file of this case does not say where it lies in the patient, as markups need it.")
    to_pixels = np.linalg.inv(place.mm)
    by_slice: dict[int, list[dict[str, Any]]] = defaultdict(list)
    said: list[str] = []
    order = 0
    for markup in markups:
        name = str(markup.get("name") or markup["type"])
        if markup["type"] not in _KINDS:
            said.append(f"{name}: a {markup['type']} is no prompt, left out")
            continue
        try:
            prompts = list(_prompts(markup, name, to_pixels))
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            logger.info("%s: %s", name, error)
            raise PromptsegError(f"{name} is not as 3D Slicer writes it: save it again there.") from error
        for kind, label, points in prompts:
            if not (np.abs(points) < _FAR).all():
                raise PromptsegError(f"{name} has a place that is none, or far from every picture: correct it.")
            order += 1
            found = sorted(set(np.floor(points[:, 2] + 0.5).astype(int).tolist()))
            if len(points) < _FEWEST[kind] or len(found) != 1 or found[0] not in slices:
                where = f"lies in the slices {', '.join(map(str, found))}, not in one picture of the run"
                said.append(f"{name}: {where if len(points) >= _FEWEST[kind] else 'has too few points'}, left out")
                continue
            pixels = np.floor(points[:, :2] + 0.5).astype(int).tolist()
            by_slice[found[0]].append({"type": kind, "order": order, "label": label, "points": pixels})
    who = {"task": about["task"], "annotator": about["annotator"]}
    images = [
        {"image_id": slices[index], "objects": [{**who, "prompts": own}]} for index, own in sorted(by_slice.items())
    ]
    return {"format": FORMAT, "dataset": about["dataset"], "coordinates": "pixels", "images": images}, said


def _prompts(markup: Mapping[str, Any], name: str, to_pixels: np.ndarray) -> Iterator[tuple[str, int, np.ndarray]]:
    """Kind, label and (n, 3) places (x, y, slice) of each prompt of a markup."""
    kind = _KINDS[markup["type"]]
    signs, scale = _TO_RAS.get(markup.get("coordinateSystem", "LPS")), _unit(markup)
    if signs is None or scale is None:
        raise PromptsegError(f"{name}: its coordinates are neither LPS nor RAS, or neither in mm nor um.")

    def placed(points: Any) -> np.ndarray:
        given = np.array(points, float).reshape(-1, 3) * signs * scale
        return (np.c_[given, np.ones(len(given))] @ to_pixels.T)[:, :3]

    if kind == "box":
        yield kind, 1, _box(markup, name, placed)
        return
    controls = [one for one in markup.get("controlPoints", ()) if one.get("positionStatus", "defined") == "defined"]
    points = placed([one["position"] for one in controls])
    if kind == "point":
        for one, point in zip(controls, points, strict=True):
            yield kind, _label(name, str(one.get("label", ""))), point[None]
    else:
        yield kind, _label(name), points


def _box(markup: Mapping[str, Any], name: str, placed: Any) -> np.ndarray:
    """Two corners: the pixels in the slice of the centre whose own centres lie within the ends of the ROI."""
    if "center" not in markup or "size" not in markup:
        raise PromptsegError(f"{name}: a ROI without `center` and `size`; save it with Slicer 5 or later.")
    axes = np.array(markup.get("orientation", np.eye(3).ravel()), float).reshape(3, 3)  # its columns
    ends = np.array(np.meshgrid(*[(-0.5, 0.5)] * 3)).reshape(3, -1).T * np.array(markup["size"], float)
    corners, centre = placed(np.array(markup["center"], float) + ends @ axes.T), placed(markup["center"])[0]
    low, high = np.ceil(corners[:, :2].min(axis=0) - 1e-6), np.floor(corners[:, :2].max(axis=0) + 1e-6)
    thin = low > high  # between the centres of two pixels
    low, high = (np.where(thin, np.floor(centre[:2] + 0.5), ends) for ends in (low, high))
    return np.c_[np.stack([low, high]), np.full(2, centre[2])]


def _unit(markup: Mapping[str, Any]) -> float | None:
    unit = markup.get("coordinateUnits", "mm")
    return _TO_MM.get(unit if isinstance(unit, str) else unit[0])


def _label(*names: str) -> int:
    return int(not any(word in name.casefold() for name in names for word in NEGATIVE))
