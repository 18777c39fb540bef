"""All prompts of a run on a dataset, in pixels, in mm and in indices of the source files, for any tool to answer.

One JSON document ("promptseg-prompts/1", `workflow/schemas/prompts.schema.json`) and the same as a table.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, groupby
from pathlib import Path
from typing import Any

from promptseg.core.files import atomic
from promptseg.core.parquet import read_arrow, read_schema
from promptseg.core.provenance import versions
from promptseg.core.tables import Table, TableWriter, open_table
from promptseg.core.vocabulary import EVERYTHING, ITERATIVE
from promptseg.exports.courses import Row, by, click_courses, preset_courses, read_clicks, read_shown, rows_of
from promptseg.exports.lines import write_lines
from promptseg.exports.located import Locations
from promptseg.exports.pictured import Picture, as_columns
from promptseg.exports.tables import PROMPTS_EXPORT
from promptseg.exports.volume_prompts import PromptedVolumes, volume_documents
from promptseg.preprocess.places import case_of
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.tables import PROMPTS

VERSION = "promptseg-prompts/1"
_LINES = ("scribbles", "lasso")
_PICTURES = replace(IMAGES, columns=[column for column in IMAGES.columns if column.name not in ("image", "labels")])


@dataclass(frozen=True)
class Prompted:
    """What a run has of a dataset.

    Attributes:
        about: entry of the dataset: title, licence.
        entry: of the dataset, as `preprocess.build` takes it.
        files: files.csv of the dataset.
        images, objects, prompts: files of these tables.
        predictions: method -> file; their clicks are prompts.
        modes: those of the run.
        first_clicks: protocol -> its `distance`, by which the first click is found.
        presets: method -> file of what it answered under presets.
        volumes: what the run asks about volumes, if it does.
    """

    dataset: str
    about: Mapping[str, Any]
    entry: Mapping[str, Any]
    files: Path
    images: Path
    objects: Path
    prompts: Path
    predictions: Mapping[str, Path]
    modes: Sequence[str]
    first_clicks: Mapping[str, str]
    presets: Mapping[str, Path] = field(default_factory=dict)
    volumes: PromptedVolumes | None = None


def export(run: Prompted, document: Path, table: Path) -> None:
    """Write the document and the table; both appear when both are complete.

    Raises:
        PromptsegError: predictions of the run are no longer kept, or the list of files is not there.
    """
    head = {
        "schema": VERSION,
        "dataset": run.dataset,
        "title": run.about["title"],
        "licence": run.about.get("licence") or "not stated",
        "made_by": versions([]),
    }
    sources: list[Row] = []  # filled while the images are written
    locations = Locations(run.files, run.entry)
    volumes = {"volumes": volume_documents(run.volumes, locations, sources)} if run.volumes else {}
    with open_table(table, PROMPTS_EXPORT, {"schema": VERSION}) as writer, atomic(document) as temporary:
        images = _images(run, locations, sources, writer)
        write_lines(temporary, head, images=images, **volumes, sources=sources)


def _images(run: Prompted, locations: Locations, sources: list[Row], writer: TableWriter) -> Iterator[Row]:
    """The images that hold objects; on the way their sources are appended, and the rows of their prompts written."""
    objects = by("image_id", _read(run.objects, OBJECTS))
    prompts = by("object_id", _read(run.prompts, PROMPTS, lines=True))
    clicks = {method: by("object_id", read_clicks(path)) for method, path in run.predictions.items()}
    shown = {method: by("object_id", read_shown(path)) for method, path in run.presets.items()}
    images = [row for row in _read(run.images, _PICTURES) if row["image_id"] in objects]
    for case, own in groupby(images, lambda row: case_of(row["image_id"], row["slice"])):
        located = locations.of(case)
        sources.append(located.about)
        for row in own:
            picture = Picture(row, located)
            described = []
            for one in objects[row["image_id"]]:
                name = one["object_id"]
                about = {"object_id": name, "task": one["task"]}
                asked = list(_prompts(run, prompts.get(name, []), picture))
                clicked = _courses(click_courses, clicks, name, picture)
                under_presets = _courses(preset_courses, shown, name, picture)
                described.append({**about, "prompts": asked, "clicks": clicked, "presets": under_presets})
                columns = {**about, **picture.columns}
                writer.gather(columns | prompt for prompt in chain(_rows(asked), rows_of(clicked, under_presets)))
            yield {**picture.about, "objects": described}


def _courses(
    courses_of: Callable[[list[Row], Picture], Iterator[Row]],
    rows: Mapping[str, Mapping[str, list[Row]]],
    object_id: str,
    picture: Picture,
) -> list[Row]:
    """What each method was shown of an object."""
    return [
        {"method": method, **course}
        for method, found in rows.items()
        for course in courses_of(found.get(object_id, []), picture)
    ]


def _read(path: Path, table: Table, *, lines: bool = False) -> list[Row]:
    """Rows of a file; with the columns of lines, which a table of prompts has where the run draws some."""
    there = read_schema(path).names
    table.check(path, there)
    wanted = [*table.names, *(name for name in _LINES if lines and name in there)]
    rows: list[Row] = read_arrow(path, columns=wanted).to_pylist()
    return rows


def _prompts(run: Prompted, rows: Iterable[Row], picture: Picture) -> Iterator[Row]:
    """The prompts of an object but for clicks after the first, which depend on what a method answers."""
    for row in rows:
        mode = row["mode"]
        if mode not in run.modes or mode == EVERYTHING:
            continue
        if mode == ITERATIVE:
            for protocol, distance in run.first_clicks.items():
                points = row["exact_points" if distance == "exact" else "points"]
                yield {"mode": mode, "protocol": protocol, "points": picture.points(points, [1]), "boxes": []}
        else:
            points = picture.points(row["points"] or [], row["point_labels"] or [])
            yield {"mode": mode, "points": points, "boxes": picture.boxes(row["boxes"] or []), **_lines(row, picture)}


def _lines(row: Row, picture: Picture) -> Row:
    """Scribbles and the lasso of a prompt, if it has some."""
    scribbles = [
        {"label": one["label"], "width": one["width"], **picture.line(one["line"])}
        for one in row.get("scribbles") or ()
    ]
    lasso = picture.line(row["lasso"]) if row.get("lasso") else None
    return {name: found for name, found in zip(_LINES, (scribbles, lasso), strict=True) if found}


def _rows(asked: Iterable[Row]) -> Iterator[dict[str, Any]]:
    """The columns of PROMPTS_EXPORT that are about a prompt."""
    for prompt in asked:
        about = {"mode": prompt["mode"], "protocol": prompt.get("protocol"), "step": int(prompt["mode"] == ITERATIVE)}
        yield {**about, **as_columns(prompt)}
