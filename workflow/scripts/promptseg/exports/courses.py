"""Prompts that follow from answers: the clicks that each method got, and what the user of a preset showed it."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow.compute as pc

from promptseg.analysis.lookup import CLICK, require_kept
from promptseg.core.parquet import read_arrow
from promptseg.core.vocabulary import ITERATIVE
from promptseg.exports.pictured import Picture, as_columns

Row: TypeAlias = Mapping[str, Any]
_COURSE = ("protocol", "switch", "selection")
_PRESET = ("preset", "variant")


def by(name: str, rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Rows by the value of one column."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row[name], []).append(row)
    return found


def read_clicks(path: Path) -> list[Row]:
    """The clicks of a method, in the order of its predictions.

    Raises:
        PromptsegError: these are no longer kept.
    """
    require_kept(path)
    keep = (pc.field("mode") == ITERATIVE) & pc.field("click_x").is_valid()
    rows: list[Row] = read_arrow(path, columns=["object_id", *_COURSE, "step", *CLICK], filters=keep).to_pylist()
    return rows


def click_courses(rows: Iterable[Row], picture: Picture) -> Iterator[Row]:
    """The clicks that one method got for an object, under each protocol and selection.

    Args:
        rows: of `read_clicks`, of the object.
    """
    for key, own in groupby(rows, lambda row: [row[name] for name in _COURSE]):
        clicks = list(own)
        places = [(row["click_x"], row["click_y"]) for row in clicks]
        points = picture.points(places, [row["click_label"] for row in clicks])
        steps = [{"step": row["step"], **point} for row, point in zip(clicks, points, strict=True)]
        yield {**dict(zip(_COURSE, key, strict=True)), "steps": steps}


def read_shown(path: Path) -> list[Row]:
    """What a method was shown under presets, in the order of its answers (protocols.tables.PROTOCOL_ANSWERS).

    Raises:
        PromptsegError: these are no longer kept.
    """
    require_kept(path)
    columns = ["object_id", *_PRESET, "step", "points", "labels", "boxes", "contours"]
    rows: list[Row] = read_arrow(path, columns=columns, filters=pc.field("z").is_null()).to_pylist()
    return [row for row in rows if row["points"] or row["boxes"] or row["contours"]]


def preset_courses(rows: Iterable[Row], picture: Picture) -> Iterator[Row]:
    """What one method was shown of an object under each preset, step by step.

    Args:
        rows: of `read_shown`, of the object. An image is a volume of one slice.
    """
    for key, own in groupby(rows, lambda row: [row[name] for name in _PRESET]):
        steps = [
            {
                "step": row["step"],
                "points": picture.points([(x, y) for _, y, x in row["points"] or ()], row["labels"] or ()),
                "boxes": picture.boxes((x0, y0, x1, y1) for _, y0, x0, _, y1, x1 in row["boxes"] or ()),
                "contour": bool(row["contours"]),
            }
            for row in own
        ]
        yield {**dict(zip(_PRESET, key, strict=True)), "steps": steps}


def rows_of(clicks: Iterable[Row], presets: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The columns of PROMPTS_EXPORT about a prompt: of clicks all so far, of presets those of the step."""
    for course in clicks:
        about = {"mode": ITERATIVE, **{name: course[name] for name in ("method", *_COURSE)}}
        for count, step in enumerate(course["steps"], 1):
            yield {**about, "step": step["step"], **as_columns({"points": course["steps"][:count]})}
    for course in presets:
        about = {name: course[name] for name in ("method", *_PRESET)}
        for step in course["steps"]:
            yield {**about, "step": step["step"], **as_columns(step)}
