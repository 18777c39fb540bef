"""Exported prompts: literal values of one volume, the schema, and the table beside the document."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import nibabel as nib
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.tables import write_table
from promptseg.exports.prompts import Prompted, export
from promptseg.predict.tables import PREDICTIONS
from promptseg.preprocess.images import read_images
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.modes import PromptSettings, write_prompts
from promptseg.protocols.tables import PROTOCOL_ANSWERS
from support.builds import entry, run, write

SCHEMA = json.loads((Path(__file__).parents[2] / "workflow/schemas/prompts.schema.json").read_text())
# Stored to the left, front and up, 3 mm between slices; pictures count to the left and back: rows are turned over.
AFFINE = np.array([[-0.5, 0, 0, 10], [0, 0.75, 0, -20], [0, 0, 3, 30], [0, 0, 0, 1.0]])
CASES = [{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}]
TASKS = {"square": [1], "both": [1, 2]}
COURSE = {"mode": "iterative", "protocol": "corrected", "selection": "first", "status": "ok", "candidate": 0}


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    labels = np.zeros((12, 10, 2), np.uint8)
    labels[2:5, 3:6, 0] = 1
    labels[8:9, 7:8, :] = 2
    write(folder / "data/images/a.nii.gz", np.arange(240, dtype=np.int16).reshape(labels.shape), AFFINE)
    write(folder / "data/masks/a.nii.gz", labels, AFFINE)
    built = folder / "built"
    changes = {"cases": CASES, "tasks": TASKS}
    run(folder / "data", built, **changes)
    stream = stream_objects(built / "images.parquet", built / "objects.parquet", TASKS)
    write_prompts(stream, built / "prompts.parquet", PromptSettings(3, "first", 1))
    clicks = [("a_z000:square", 1, 3, 5, 1), ("a_z000:square", 2, 9, 0, 0), ("a_z000:square", 3, None, None, None)]
    rows = [
        {**COURSE, "object_id": name, "step": step, "click_x": x, "click_y": y, "click_label": label}
        for name, step, x, y, label in clicks
    ]
    write_table(built / "sam.parquet", rows, PREDICTIONS)
    return Prompted(
        dataset="mine",
        about={"title": "Mine"},
        entry=entry(**changes),
        files=built / "files.csv",
        images=built / "images.parquet",
        objects=built / "objects.parquet",
        prompts=built / "prompts.parquet",
        predictions={"sam": built / "sam.parquet"},
        modes=["mode1", "mode4", "iterative", "everything"],
        first_clicks={"corrected": "exact", "as_released": "chamfer5"},
    )


@pytest.fixture(scope="module")
def exported(prompted, tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    export(prompted, folder / "mine.json", folder / "mine.parquet")
    document = json.loads((folder / "mine.json").read_text())
    jsonschema.validate(document, SCHEMA)
    return document, pq.read_table(folder / "mine.parquet").to_pylist()


def test_the_picture_and_its_source(prompted, exported):
    document, _ = exported
    first, second = document["images"]
    assert (document["dataset"], document["title"], document["licence"]) == ("mine", "Mine", "not stated")
    known = {"image_id": "a_z000", "patient": "a", "source": "a", "slice": 0, "height": 10, "width": 12}
    assert {key: first[key] for key in known} == known
    assert (first["spacing_mm"], first["mm_from"]) == ([0.75, 0.5], "patient")
    assert first["index_from_pixel"] == [[1, 0, 0], [0, -1, 9], [0, 0, 0]]
    assert second["index_from_pixel"] == [[1, 0, 0], [0, -1, 9], [0, 0, 1]]
    picture = next(read_images(prompted.images)).pixels[:, :, 0]
    assert first["pixels_sha256"] == hashlib.sha256(b"(10, 12) |u1 " + picture.tobytes()).hexdigest()
    assert document["sources"] == [
        {
            "source": "a",
            "format": "NIfTI",
            "files": [{"name": "images/a.nii.gz", "sha256": "0" * 64}],
            "axes": ["i", "j", "k"],
            "shape": [12, 10, 2],
            "affine": AFFINE.tolist(),
        }
    ]


def test_prompts_of_an_object(exported):
    square = exported[0]["images"][0]["objects"][0]
    point = {"x": 3, "y": 5, "label": 1, "index": [3, 4, 0], "mm": [8.5, -17.0, 30.0]}
    assert square["object_id"] == "a_z000:square"
    assert square["prompts"] == [
        {"mode": "mode1", "points": [point], "boxes": []},
        {
            "mode": "mode4",
            "points": [],
            "boxes": [
                {
                    "x0": 2,
                    "y0": 4,
                    "x1": 4,
                    "y1": 6,
                    "index": [[2, 3, 0], [4, 5, 0]],
                    "mm": [[9.0, -16.25, 30.0], [8.0, -17.75, 30.0]],
                }
            ],
        },
        {"mode": "iterative", "protocol": "corrected", "points": [point], "boxes": []},
        {"mode": "iterative", "protocol": "as_released", "points": [point], "boxes": []},
    ]
    other = {"x": 9, "y": 0, "label": 0, "index": [9, 9, 0], "mm": [5.5, -13.25, 30.0]}
    steps = [{"step": 1, **point}, {"step": 2, **other}]
    assert square["clicks"] == [
        {"method": "sam", "protocol": "corrected", "switch": None, "selection": "first", "steps": steps}
    ]
    assert [one["object_id"] for image in exported[0]["images"] for one in image["objects"]] == [
        "a_z000:square",
        "a_z000:both",
        "a_z001:both",
    ]


def test_the_voxel_at_a_point_is_of_the_object(prompted, exported):
    labels = np.asarray(nib.load(prompted.files.parent.parent / "data/masks/a.nii.gz").dataobj)
    for image in exported[0]["images"]:
        for one in image["objects"]:
            for prompt in one["prompts"]:
                for point in prompt["points"]:
                    assert labels[tuple(point["index"])] in TASKS[one["task"]]
                for box in prompt["boxes"]:
                    inside = labels[tuple(slice(low, high + 1) for low, high in zip(*box["index"], strict=True))]
                    assert np.isin(inside, TASKS[one["task"]]).any()


def test_the_table_says_the_same_with_all_clicks_so_far(exported):
    document, rows = exported
    assert len(rows) == 3 * 4 + 2
    clicked = [row for row in rows if row["method"]]
    assert [(row["step"], row["points"], row["point_labels"]) for row in clicked] == [
        (1, [[3, 5]], [1]),
        (2, [[3, 5], [9, 0]], [1, 0]),
    ]
    assert clicked[1]["points_index"] == [[3, 4, 0], [9, 9, 0]]
    assert clicked[1]["points_mm"] == [[8.5, -17.0, 30.0], [5.5, -13.25, 30.0]]
    box = next(row for row in rows if row["mode"] == "mode4")
    assert (box["boxes"], box["boxes_index"]) == ([[2, 4, 4, 6]], [[[2, 3, 0], [4, 5, 0]]])
    image = document["images"][0]
    told = ("image_id", "slice", "height", "width", "pixels_sha256", "source")
    assert {name: box[name] for name in told} == {name: image[name] for name in told}
    assert (box["source_file"], box["source_sha256"]) == ("images/a.nii.gz", "0" * 64)


def test_presets(prompted, tmp_path):
    """What users of presets showed; a step without anything new is none."""
    about = {"object_id": "a_z000:square", "preset": "cvpr2025", "variant": "", "on": "images", "status": "ok"}
    rows = [
        about | {"step": 0, "boxes": [[0, 4, 2, 0, 6, 4]], "points": [], "labels": []},
        about | {"step": 1, "boxes": [], "points": [[0, 5, 3]], "labels": [1]},
        about | {"step": 2, "boxes": [], "points": [], "labels": []},
    ]
    write_table(tmp_path / "sam.parquet", rows, PROTOCOL_ANSWERS)
    run_with = replace(prompted, presets={"sam": tmp_path / "sam.parquet"})
    export(run_with, tmp_path / "out.json", tmp_path / "out.parquet")
    document = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(document, SCHEMA)
    (course,) = document["images"][0]["objects"][0]["presets"]
    assert (course["method"], course["preset"], course["variant"]) == ("sam", "cvpr2025", "")
    start, click = course["steps"]
    assert (start["step"], start["points"], start["boxes"][0]["index"]) == (0, [], [[2, 3, 0], [4, 5, 0]])
    assert click["points"] == [{"x": 3, "y": 5, "label": 1, "index": [3, 4, 0], "mm": [8.5, -17.0, 30.0]}]
    told = [row for row in pq.read_table(tmp_path / "out.parquet").to_pylist() if row["preset"]]
    assert [(row["mode"], row["step"], row["boxes"], row["points"]) for row in told] == [
        (None, 0, [[2, 4, 4, 6]], []),
        (None, 1, [], [[3, 5]]),
    ]


def test_lines(prompted, tmp_path):
    """Of a run whose table of prompts has scribbles and lassos."""
    table = pq.read_table(prompted.prompts)
    scribble, curve = {"line": [[2, 4], [3, 4]], "label": 1, "width": 3}, [[2, 4], [4, 4], [4, 6]]
    none = {"scribbles": None, "lasso": None}
    shown = {"scribble_centre": {**none, "scribbles": [scribble]}, "lasso": {**none, "lasso": curve}}
    rows = [{"object_id": "a_z000:square", "mode": mode, "points": [], **lines} for mode, lines in shown.items()]
    path = tmp_path / "prompts.parquet"
    pq.write_table(pa.concat_tables([table, pa.Table.from_pylist(rows)], promote_options="permissive"), path)
    drawn = replace(prompted, prompts=path, modes=["scribble_centre", "lasso"])
    export(drawn, tmp_path / "out.json", tmp_path / "out.parquet")
    document = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(document, SCHEMA)
    lines = document["images"][0]["objects"][0]["prompts"]
    places = {"index": [[2, 5, 0], [3, 5, 0]], "mm": [[9.0, -16.25, 30.0], [8.5, -16.25, 30.0]]}
    assert lines[0] == {"mode": "scribble_centre", "points": [], "boxes": [], "scribbles": [{**scribble, **places}]}
    assert (lines[1]["lasso"]["line"], lines[1]["lasso"]["index"]) == (curve, [[2, 5, 0], [4, 5, 0], [4, 3, 0]])
    found = pq.read_table(tmp_path / "out.parquet").to_pylist()
    assert [row["scribbles"] for row in found if row["mode"] == "scribble_centre"] == [[{**scribble, **places}]]
    assert [row["lasso"] for row in found if row["mode"] == "lasso"] == [lines[1]["lasso"]]


def test_the_same_bytes_again(prompted, tmp_path):
    for name in ("one", "two"):
        export(prompted, tmp_path / f"{name}.json", tmp_path / f"{name}.parquet")
    for suffix in ("json", "parquet"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_predictions_that_are_gone_leave_nothing_behind(prompted, tmp_path):
    gone = replace(prompted, predictions={"sam": tmp_path / "sam" / "mine.parquet"})
    with pytest.raises(PromptsegError, match=r"the masks of sam are no longer kept; run again"):
        export(gone, tmp_path / "out.json", tmp_path / "out.parquet")
    assert not list(tmp_path.iterdir())


def test_a_source_that_is_gone_is_told(prompted, tmp_path):
    files = prompted.files.read_text().replace("images/a.nii.gz,/", "images/a.nii.gz,/not/there/")
    (tmp_path / "files.csv").write_text(files)
    export(replace(prompted, files=tmp_path / "files.csv"), tmp_path / "out.json", tmp_path / "out.parquet")
    document = json.loads((tmp_path / "out.json").read_text())
    jsonschema.validate(document, SCHEMA)
    assert document["sources"][0]["problem"].endswith("from which a was read, is not there any more.")
    point = document["images"][0]["objects"][0]["prompts"][0]["points"][0]
    assert point == {"x": 3, "y": 5, "label": 1, "index": None, "mm": [1.5, 3.75]}
    assert document["images"][0]["mm_from"] == "picture"
