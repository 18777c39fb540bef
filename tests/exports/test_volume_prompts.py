"""Prompts of volumes, in slices and in the source file."""

import json
from pathlib import Path

import jsonschema
import nibabel as nib
import numpy as np
import pytest

from promptseg.core.tables import write_table
from promptseg.exports.located import Locations
from promptseg.exports.prompts import Prompted, export
from promptseg.exports.volume_prompts import PromptedVolumes, volume_documents
from promptseg.preprocess.objects import stream_objects
from promptseg.prompts.modes import PromptSettings, write_prompts
from promptseg.volumes.data.build import build_volumes
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.settings import VolumeSettings
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from support.builds import entry, list_files, run, write

AFFINE = np.array([[0.0, 0, 3, -9], [2, 0, 0, 4], [0, 1, 0, 1], [0, 0, 0, 1]])  # stored as anterior, superior, right
CASES = [{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}]
ENTRY = entry(cases=CASES, volumes=True)
COURSE = {"route": "carry_box", "slices": "largest", "prompt": "box", "extents": "given", "status": "ok"}


@pytest.fixture(scope="module")
def prompted(tmp_path_factory):
    """A body of 3 x 2 x 2 voxels in a file of 6 x 5 x 4, as axial slices: 5 of 6 rows and 4 columns."""
    folder = tmp_path_factory.mktemp("volumes")
    mask = np.zeros((6, 5, 4), np.uint8)
    mask[1:4, 2:4, 1:3] = 1
    write(folder / "data/images/a.nii.gz", np.arange(120, dtype=np.int16).reshape(mask.shape), AFFINE)
    write(folder / "data/masks/a.nii.gz", mask, AFFINE)
    files = list_files(folder / "data", folder / "files.csv")
    tables = [folder / name for name in ("volumes.parquet", "index.parquet", "objects.parquet")]
    build_volumes(files, tables, "mine", ENTRY, strict=False, threads=1)
    clicks = [{"step": 1, "click_z": 3, "click_x": 2, "click_y": 1, "click_label": 0}, {"step": 2}]
    rows = [COURSE | {"object_id": "a:lesion"} | one for one in clicks]
    write_table(folder / "sam.parquet", rows, VOLUME_PREDICTIONS)
    settings = VolumeSettings(slices=("largest", "3"), prompts=("box", "point", "mask"), routes=("carry_box",))
    volumes = PromptedVolumes(stream_volumes(*tables, {"lesion": [1]}), settings, {"sam": folder / "sam.parquet"})
    return folder, volumes


@pytest.fixture(scope="module")
def volume(prompted):
    sources = []
    (found,) = volume_documents(prompted[1], Locations(prompted[0] / "files.csv", ENTRY), sources)
    assert [one["source"] for one in sources] == ["a"]
    return found


def voxels(folder):
    return np.asarray(nib.load(folder / "data/masks/a.nii.gz").dataobj)


def test_first_prompts_lie_on_the_object(prompted, volume):
    labels = voxels(prompted[0])
    assert (volume["shape"], volume["spacing_mm"], volume["mm_from"]) == ([5, 6, 4], [1, 2, 3], "patient")
    (body,) = volume["objects"]
    kinds = [(one["slices"], one["prompt"], one["extents"]) for one in body["prompts"]]
    # The object has two slices, not three; true contours are not exported.
    assert kinds == [("largest", prompt, extents) for prompt in ("box", "point") for extents in ("given", "open")]
    assert [one["ends"] for one in body["prompts"]] == [[2, 3], None] * 2
    for one in body["prompts"]:
        (shown,) = one["shown"]
        for point in shown["points"]:
            assert labels[tuple(point["index"])] == 1
            place = nib.affines.apply_affine(AFFINE, point["index"])
            assert point["mm"] == pytest.approx(place)
        for box in shown["boxes"]:
            inside = labels[tuple(slice(low, high + 1) for low, high in zip(*box["index"], strict=True))]
            assert (inside.shape, inside.sum()) == ((3, 1, 2), 6)


def test_voxels_and_clicks(prompted, volume):
    matrix = np.array(volume["index_from_voxel"])
    pixels = next(iter(prompted[1].stream))
    labels = voxels(prompted[0])
    for z, y, x in np.ndindex(*volume["shape"]):
        assert labels[tuple(matrix @ [x, y, z, 1])] == pixels.labels(z)[y, x]
    (course,) = volume["objects"][0]["clicks"]
    assert (course["method"], course["route"], course["slices"]) == ("sam", "carry_box", "largest")
    (step,) = course["steps"]
    assert (step["step"], step["slice"], step["x"], step["y"], step["label"]) == (1, 3, 2, 1, 0)
    assert step["index"] == (matrix @ [2, 1, 3, 1]).tolist()


def test_the_document_holds_images_and_volumes(prompted, tmp_path):
    folder, volumes = prompted
    built = tmp_path / "built"
    run(folder / "data", built, cases=CASES)
    images, objects = built / "images.parquet", built / "objects.parquet"
    write_prompts(stream_objects(images, objects, {"lesion": [1]}), built / "prompts.parquet", PromptSettings())
    files = built / "files.csv", images, objects, built / "prompts.parquet"
    source = Prompted("mine", {"title": "Mine"}, ENTRY, *files, {}, ["mode1"], {}, volumes=volumes)
    export(source, tmp_path / "out.json", tmp_path / "out.parquet")
    document = json.loads((tmp_path / "out.json").read_text())
    schema = json.loads((Path(__file__).parents[2] / "workflow/schemas/prompts.schema.json").read_text())
    jsonschema.validate(document, schema)
    assert (len(document["images"]), len(document["volumes"]), len(document["sources"])) == (2, 1, 1)
    assert document["volumes"][0]["index_from_voxel"][0][:2] == document["images"][0]["index_from_pixel"][0][:2]
