"""Masks in files with a manifest, read again."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pytest

from promptseg.core.masks import decode, encode
from promptseg.core.tables import write_table
from promptseg.exports.folders import export
from promptseg.predict.tables import PROPOSALS
from promptseg.preprocess.volumes import read_volume
from support.exported import BOX, CLICKS, GREY, MODE1, OBJECT_IDS, answer

SELECTED = [MODE1, BOX, CLICKS._replace(selection="oracle"), CLICKS._replace(step=1)]
SCHEMA = json.loads((Path(__file__).parents[2] / "workflow/schemas/masks.schema.json").read_text())
TAKES = {"prompt_types": ["box", "point"], "max_points": None, "max_clicks": 1, "candidates": 2}


def mask_of(folder, row):
    """(h, w) bool, as a reader finds it."""
    return read_volume([folder / row["file"]]).array[:, :, row.get("page", 0)].T != 0


def written(source, output):
    """Method -> folder and manifest."""
    export(replace(source, settings=[]), "masks", output)
    found = {
        path.name: (path, json.loads((path / "manifest.json").read_text()))
        for path in output.iterdir()
        if path.is_dir()
    }
    for _, manifest in found.values():
        jsonschema.validate(manifest, SCHEMA)
    return found


@pytest.fixture(scope="module")
def folders(source, tmp_path_factory):
    return written(source, tmp_path_factory.mktemp("exports") / "masks")


def test_rows_say_what_is_answered(folders):
    assert sorted(folders) == ["box", "guess"]
    manifest = folders["guess"][1]
    assert (manifest["schema"], manifest["dataset"], manifest["method"]) == ("promptseg-masks/1", "bones", "guess")
    first = [row for row in manifest["masks"] if row["object_id"] == OBJECT_IDS[0]]
    clicked = {"mode": "iterative", "protocol": "corrected", "selection": "first", "score": 0.25, "candidate": None}
    assert first == [
        {"object_id": OBJECT_IDS[0], "mode": "mode1", "score": 0.75, "file": "case_a_1_bone.tif"},
        {
            "object_id": OBJECT_IDS[0],
            "mode": "mode1",
            "candidate": 1,
            "score": 0.5,
            "file": "case_a_1_bone.tif",
            "page": 1,
        },
        {
            "object_id": OBJECT_IDS[0],
            **clicked,
            "step": 1,
            "click_x": 1,
            "click_y": 2,
            "click_label": 1,
            "file": "case_a_1_bone.tif",
        },
        {
            "object_id": OBJECT_IDS[0],
            **clicked,
            "step": 2,
            "click_x": 2,
            "click_y": 3,
            "click_label": 0,
            "file": "case_a_1_bone.tif",
            "page": 1,
        },
    ]
    failed = [row for row in manifest["masks"] if "status" in row]
    assert [(row["object_id"], row["step"], row["status"]) for row in failed] == [
        (OBJECT_IDS[2], 1, "broken"),
        (OBJECT_IDS[2], 2, "broken"),
    ]
    assert not any("file" in row for row in failed)


def test_each_mask_comes_back(source, folders):
    for method, (folder, manifest) in folders.items():
        stored = pq.read_table(source.predictions[method], columns=["object_id", "mode", "step", "rle"]).to_pylist()
        stored.sort(key=lambda row: OBJECT_IDS.index(row["object_id"]))
        assert len(manifest["masks"]) == len(stored)
        for row, expected in zip(manifest["masks"], stored, strict=True):
            assert (row["object_id"], row["mode"], row.get("step", 0)) == (
                expected["object_id"],
                expected["mode"],
                expected["step"],
            )
            assert ("file" in row) == (expected["rle"] is not None)
            if expected["rle"]:
                assert np.array_equal(mask_of(folder, row), decode(expected["rle"]))


def test_settings_that_are_named_with_all_candidates(source, tmp_path):
    export(replace(source, settings=SELECTED), "masks", tmp_path / "out")
    kept = {
        path.parent.name: {(row["mode"], row.get("step", 0)) for row in json.loads(path.read_text())["masks"]}
        for path in (tmp_path / "out").glob("*/manifest.json")
    }
    assert kept == {"guess": {("mode1", 0), ("iterative", 1)}, "box": {("mode5", 0)}}
    guess = json.loads((tmp_path / "out/guess/manifest.json").read_text())["masks"]
    assert [row.get("candidate", 0) for row in guess if row["mode"] == "mode1"] == [0, 1] * 3


def test_masks_without_a_prompt_and_what_the_method_takes(source, tmp_path):
    mask = answer(OBJECT_IDS[0], "exact")
    shown = {"image_id": GREY, "candidate": 0, "score": 0.5, "stability": 0.75, "area": int(mask.sum())}
    write_table(tmp_path / "everything.parquet", [shown | {"rle": encode(mask)}], PROPOSALS)
    stored = pq.read_table(source.predictions["guess"])
    told = stored.replace_schema_metadata({b"promptseg": json.dumps({**TAKES, "seed": 7}).encode()})
    pq.write_table(told, tmp_path / "guess.parquet")
    predictions = {"guess": tmp_path / "guess.parquet"}
    own = replace(source, predictions=predictions, everything={"guess": tmp_path / "everything.parquet"})
    folder, manifest = written(own, tmp_path / "masks")["guess"]
    assert (manifest["takes"], manifest["made_by"]) == (TAKES, {"seed": 7})
    (row,) = manifest["proposals"]
    file = "everything/case_a_1.tif"
    assert row == {"image_id": GREY, "score": 0.5, "stability": 0.75, "file": file}
    assert np.array_equal(mask_of(folder, row), mask)


def test_the_same_bytes_again(source, folders, tmp_path):
    for method, (folder, _) in written(source, tmp_path / "again").items():
        for path in folder.iterdir():
            assert path.read_bytes() == (folders[method][0] / path.name).read_bytes()


@pytest.mark.parametrize(
    "row",
    [
        {"object_id": "a", "mode": "mode1"},
        {"object_id": "a", "mode": "mode1", "status": "failed", "file": "a.png"},
        {"object_id": "a", "mode": "mode1", "file": "a.png", "colour": 1},
        {"mode": "mode1", "file": "a.png"},
    ],
)
def test_the_schema_refuses(row):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "promptseg-masks/1", "masks": [row]}, SCHEMA)
