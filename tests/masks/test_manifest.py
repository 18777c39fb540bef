"""Manifests of masks that answer prompts: what is refused, and what becomes a row. The round trip: tests/exports."""

import json

import numpy as np
import pytest
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.core.manifest import VERSION
from support.builds import write
from support.given import GREY, LABELS, imported, status_of

A, B = ((value == LABELS).astype(int).tolist() for value in (1, 2))
ROWS = [
    {"object_id": "p:a", "mode": "mode5", "file": "p.png", "value": 1, "score": 0.5},
    {"object_id": "p:b", "mode": "mode5", "file": "p.png", "value": 2},
]


@pytest.fixture
def folder(tmp_path):
    write(tmp_path / "raw" / "images" / "p.png", GREY)
    write(tmp_path / "raw" / "masks" / "p.png", LABELS)
    write(tmp_path / "given" / "mine" / "p.png", LABELS)
    return tmp_path


def take(folder, rows=ROWS, **more):
    (folder / "given" / "mine" / "manifest.json").write_text(json.dumps({"schema": VERSION, "masks": rows, **more}))
    return imported(folder / "raw", folder, path=f"{folder}/given/{{dataset}}")


def test_rows_of_values(folder):
    found = take(folder, dataset="mine")
    assert found.masks(mode="mode5", step=0, candidate=0) == {"p:a": A, "p:b": B}
    assert found.rows["score"].tolist()[0] == 0.5
    assert found.provenance["prompt_types"] == ["box"]
    assert found.provenance["candidates"] == 1


def test_masks_without_prompts(folder):
    rows = [{**row, "mode": "automatic"} for row in ROWS]
    assert take(folder, rows).masks(mode="automatic", selection="first") == {"p:a": A, "p:b": B}


def test_pages(folder):
    Image.fromarray(np.uint8(LABELS == 1)).save(
        folder / "given" / "mine" / "p.tiff", save_all=True, append_images=[Image.fromarray(np.uint8(LABELS == 2))]
    )
    rows = [{**row, "file": "p.tiff", "value": 1, "page": page} for page, row in enumerate(ROWS)]
    assert take(folder, rows).masks() == {"p:a": A, "p:b": B}
    status = status_of(take(folder, [rows[0], {**rows[1], "page": 2}]), "p:b")
    assert status == "unreadable: p.tiff has no page 2, but 2; correct `page`"


def test_an_object_without_a_row_is_a_status(folder):
    found = take(folder, ROWS[:1])
    assert found.masks()["p:a"] == A
    assert status_of(found, "p:b").startswith("missing mask: manifest.json has no row of p:b for mode5; add one")


def test_an_object_without_a_row_in_a_mode_that_others_have_is_a_status(folder):
    found = take(folder, [*ROWS, {**ROWS[0], "mode": "mode1"}, {**ROWS[0], "mode": "mode1", "candidate": 1}])
    own = found.rows[found.rows["object_id"] == "p:b"].set_index("mode")["status"]
    assert own.to_dict() == {
        "mode5": "ok",
        "mode1": "missing mask: manifest.json has no row of p:b for mode1; add one; an empty mask is a file, too",
    }


@pytest.mark.parametrize("file", ["a\0b.png", "a" * 5000 + ".png"])
def test_a_name_that_no_file_can_have_is_a_status(folder, file):
    assert status_of(take(folder, [{**ROWS[0], "file": file}, ROWS[1]]), "p:a").startswith("missing file: ")


def test_files_that_are_not_there_or_do_not_fit(folder):
    found = take(folder, [ROWS[0], {**ROWS[1], "file": "q.png"}])
    assert status_of(found, "p:b") == "missing file: q.png is not there, which manifest.json names; bring it back"
    write(folder / "given" / "mine" / "q.png", np.ones((5, 3), np.uint8))
    found = take(folder, [ROWS[0], {**ROWS[1], "file": "q.png"}])
    assert status_of(found, "p:b").startswith(
        "sizes differ: the image of p:b has 5 x 3 pixels, the mask q.png has 3 x 5 x 1"
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"schema": "other/1"}, "its `schema` is not 'promptseg-masks/1'"),
        ({"dataset": "other"}, "it is of the dataset 'other', and is read for mine; `path` may hold {dataset}"),
        ({"grid": "mm"}, "grid: 'mm' is not one of ['image', 'source']"),
        ({"takes": {"candidates": 3}}, "takes: 'prompt_types' is a required property"),
        ({"mask": []}, "Additional properties are not allowed ('mask' was unexpected)"),
        ({"masks": []}, "methods.unet on mine has none of 2 masks. Files that count"),
        ({"masks": [{**ROWS[0], "value": "1"}]}, "has the value '1': it has to be a whole number from 0 to 2147483647"),
        ({"masks": [{**ROWS[0], "file": "\ud800.png"}]}, "it has to be text"),
        ({"masks": [{**ROWS[0], "page": True}]}, "has the page True: it has to be a whole number"),
        ({"masks": [{**ROWS[0], "step": 2**15}]}, "has the step 32768: it has to be a whole number from 0 to 32767"),
        ({"masks": [{**ROWS[0], "score": float("nan")}]}, "has the score nan: it has to be a number"),
        ({"masks": [{**ROWS[0], "score": 10**400}]}, "it has to be a number"),
        ({"masks": [{**ROWS[0], "object_id": ["p:a"]}]}, "has the object_id ['p:a']: it has to be text"),
        ({"masks": [{**ROWS[0], "step": 1}]}, "has the step 1: clicks are counted from 1, other modes have 0"),
        ({"masks": [{**ROWS[0], "mode": "iterative"}]}, "has the step 0: clicks are counted from 1"),
        ({"masks": [{**ROWS[0], "mode": "iterative", "step": 1}]}, "needs a protocol: the run has none"),
        (
            {"masks": [{**ROWS[0], "mode": "iterative", "step": 1, "protocol": "mine"}]},
            "has the protocol mine, and the run none: add it to `run.protocols`, or take the row out",
        ),
        ({"masks": [{**ROWS[0], "mode": "everything", "selection": "last"}]}, "has a selection that is none of first"),
        ({"masks": {}}, "`masks` has to be a list of rows"),
        ({"masks": [{**ROWS[0], "iou": 1}]}, "row 0 of `masks` (p:a, mode5) has the unknown key 'iou'"),
        ({"masks": [{**ROWS[0], "object_id": "r:a"}]}, "(r:a, mode5) is of an object that mine does not have"),
        ({"masks": [{**ROWS[0], "mode": "mode6"}]}, "is of no mode; there are mode1"),
        (
            {"masks": [{**ROWS[0], "selection": "first"}]},
            "has a protocol, switch or selection, which modes without clicks have not",
        ),
        ({"masks": [{**ROWS[0], "file": None}]}, "needs a `file` where its status is ok, and none where it is not"),
        ({"masks": [ROWS[0], ROWS[0]]}, "row 1 of `masks` (p:a, mode5) stands there twice"),
        ({"masks": [ROWS[0], {"object_id": "p:a", "mode": "mode5", "status": "slow"}]}, "stands there twice"),
        ({"masks": [{"object_id": "p:a", "mode": "mode5", "status": "slow"}, ROWS[0]]}, "stands there twice"),
        ({"proposals": [3]}, "`proposals` has to be a list of rows"),
        ({"proposals": [{"image_id": "p"}]}, "row 0 of `proposals` (p, None) needs a `file`"),
        ({"masks": [{**ROWS[0], "file": "../../raw/masks/p.png"}]}, "the file ../../raw/masks/p.png lies outside"),
        ({"proposals": [{"image_id": "r", "file": "p.png"}]}, "a proposal is of an image that mine does not have: r"),
    ],
)
def test_what_is_refused(folder, changes, said):
    with pytest.raises(PromptsegError) as error:
        take(folder, changes.pop("masks", ROWS), **changes)
    assert said in str(error.value)


def test_what_is_no_json(folder):
    (folder / "given" / "mine" / "manifest.json").write_text("{")
    with pytest.raises(PromptsegError, match=r"manifest.json cannot be read as JSON"):
        imported(folder / "raw", folder, path=f"{folder}/given/mine")
