"""`promptseg init`: from a folder to a configuration that reads it."""

import json

import numpy as np
import pydicom
import pytest
from typer.testing import CliRunner

from promptseg.command.main import app
from promptseg.command.project import configuration
from promptseg.core.errors import PromptsegError
from support.builds import LPS, run, write
from support.segmentations import marks, save_stack, segment
from support.structures import contour, save_structures

LABELS = np.zeros((12, 16), np.uint8)
LABELS[2:6, 3:8], LABELS[8:10, 3:5] = 1, 2
GREY = (LABELS * 60 + 40).astype(np.uint8)
VOLUME = np.stack([LABELS.T, LABELS.T * 0, LABELS.T], axis=2)
THICK = LPS @ np.diag([0.5, 0.5, 4, 1])


def init(folder, *arguments):
    """The terminal's text, and the entry that was written."""
    output = folder.with_suffix(".yaml")
    done = CliRunner().invoke(app, ["init", str(folder), "-o", str(output), *arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    assert folder.with_name(f"{folder.name}_overlays.png").read_bytes().startswith(b"\x89PNG")
    config = configuration([output])
    (name,) = config["run"]["datasets"]
    assert config["results"] == f"runs/{name}"
    return done.output, config["datasets"][name]


def objects(folder, entry, tmp_path):
    """(image, task) -> area: what preprocessing makes of the folder."""
    keys = ["cases", "patient", "axis", "intensity", "sampling", "tasks", "other_labels", "channels"]
    images, found = run(folder, tmp_path / "out", **{key: entry[key] for key in keys if key in entry})
    assert set(images["status"]) == {"ok"}
    return {(row.image_id, row.task): row.area for row in found.itertuples()}


def test_pictures_in_two_folders(tmp_path):
    folder = tmp_path / "hand_xray"
    for name in ("ann_z1", "ann_z2", "bob_z1"):
        write(folder / "images" / f"{name}.png", GREY)
        write(folder / "masks" / f"{name}.png", LABELS)
    text, entry = init(folder)
    assert "images/{case}.png  with  masks/{case}.png" in text
    assert "1: in 3 of 3 masks, 10.42% of their pixels" in text
    assert "what the label values mean (1, 2)" in text
    assert (entry["modality"], entry["tasks"]) == ("xray", {"label_1": [1], "label_2": [2]})
    assert entry["intensity"] == {"kind": "none"}
    found = objects(folder, entry, tmp_path)
    areas = {"label_1": 20, "label_2": 4}
    assert found == {(name, task): areas[task] for name in ("ann_z1", "ann_z2", "bob_z1") for task in areas}
    assert entry["patient"].startswith("(?i)^(.+?)")


def test_nnunet_folder_with_names_in_dataset_json(tmp_path):
    folder = tmp_path / "Dataset001"
    for name in ("a_001", "a_002"):
        write(folder / "imagesTr" / f"{name}_0000.nii.gz", VOLUME.astype(np.int16) * 500 - 1000, THICK)
        write(folder / "labelsTr" / f"{name}.nii.gz", VOLUME, THICK)
    about = {"channel_names": {"0": "CT"}, "labels": {"background": 0, "liver": [1, 2], "tumour": 2, "cyst": 3}}
    (folder / "dataset.json").write_text(json.dumps(about))
    text, entry = init(folder, "--name", "livers")
    assert entry["tasks"] == {"liver": [1, 2], "tumour": [2], "cyst": [3]}
    assert "whether these occur, which no mask looked at has: cyst" in text
    assert (entry["modality"], entry["axis"], entry["intensity"]["kind"]) == ("ct", "axial", "percentiles")
    assert objects(folder, entry, tmp_path)["a_002_z002", "liver"] == 24


def test_volumes_side_by_side(tmp_path):
    folder = tmp_path / "scans"
    for name in ("p1", "p2"):
        write(folder / f"{name}.nii.gz", VOLUME.astype(np.int16) * 700 - 1000, THICK)
        write(folder / f"{name}-label.nii.gz", (VOLUME == 1).astype(np.uint8) * 255, THICK)
    write(folder / "p3.nii.gz", VOLUME, THICK)
    text, entry = init(folder)
    assert (entry["modality"], entry["tasks"]) == ("ct", {"object": [255]})
    assert entry["intensity"] == {"kind": "window", "low": -160, "high": 240}
    assert "values from -1000 to 400 look like Hounsfield units" in text
    assert "what belongs to p3.nii.gz (1 such): it is passed over" in text
    assert objects(folder, entry, tmp_path) == {(f"p{n}_z00{z}", "object"): 20 for n in (1, 2) for z in (0, 2)}


@pytest.mark.parametrize("kind", ["SEG", "RTSTRUCT"])
def test_dicom_series_with_what_marks_it(tmp_path, kind):
    folder = tmp_path / "dicom"
    for name in ("P1", "P2"):
        (folder / name).mkdir(parents=True)
        slices = save_stack(folder / name / "ct", [0, 1, 2])
        if kind == "SEG":
            segment(folder / name / "seg.dcm", slices, marks(0, 12, 7))
        else:
            square = [(x, y, 1) for x, y in ((-6.8, 3.8), (-5.2, 3.8), (-5.2, 6.2), (-6.8, 6.2))]
            made = contour(square, picture=pydicom.dcmread(slices[1]).SOPInstanceUID)
            save_structures(folder / name / "seg.dcm", {"part 1": [made]}, frame="1.2.3.4")
    text, entry = init(folder)
    labels = [{"file": "{case}/seg.dcm", "value": 1, "segment": "^part\\ 1$"}]
    assert entry["cases"] == [{"image": "{case}/ct/*.dcm", "labels": labels, "pair": "name", "unpaired": "fail"}]
    assert (entry["modality"], entry["tasks"]) == ("ct", {"part_1": [1]})
    assert "what the label values mean" not in text
    areas = objects(folder, entry, tmp_path)
    assert areas == (
        {(f"P{n}_z00{z}", "part_1"): a for n in (1, 2) for z, a in ((1, 12), (2, 7))} if kind == "SEG" else areas
    )
    assert {image[:2] for image, _ in areas} == {"P1", "P2"}


def test_masks_beside_their_pictures(tmp_path):
    folder = tmp_path / "photos"
    for name in ("img", "b"):
        write(folder / f"{name}.png", np.dstack([GREY] * 3))
        write(folder / f"{name}_mask.png", (LABELS == 1).astype(np.uint8))
    text, entry = init(folder)
    assert "in colour" in text
    assert entry["modality"] == "other"
    assert objects(folder, entry, tmp_path) == {("img", "object"): 20, ("b", "object"): 20}


def test_words_that_nobody_knows_and_grey_masks(tmp_path):
    folder = tmp_path / "photos"
    for name in ("a", "b"):
        write(folder / f"{name}.png", GREY)
        write(folder / f"{name}_lesion.jpg", np.where(LABELS == 1, 150, LABELS).astype(np.uint8))
    text, entry = init(folder)
    assert entry["cases"][0]["labels"] == [{"file": "{case}_lesion.jpg", "value": 1, "threshold": 128}]
    assert "128 and more is taken for the object" in text


def test_4d_images_give_their_first_volume(tmp_path):
    folder = tmp_path / "dwi"
    write(folder / "images" / "a.nii.gz", np.stack([VOLUME, VOLUME + 1], axis=3), THICK)
    write(folder / "masks" / "a.nii.gz", VOLUME, THICK)
    assert init(folder)[1]["channels"] == [0]


def bad(tmp_path, files):
    for name, array in files.items():
        write(tmp_path / "data" / name, array)
    (tmp_path / "data").mkdir(exist_ok=True)
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, r"^No image was found in \S+/data: it is empty\."),
        ({"a.png": GREY, "b.png": GREY}, r"holds 2 images, the first of them a\.png, and nothing whose name says"),
        ({"images/a.png": GREY, "masks/b.png": LABELS}, r"1 images, as images/a\.png, and 1 masks, as masks/b\.png"),
        ({"masks/b.png": LABELS}, r"holds 1 masks, the first of them masks/b\.png, and no images"),
        ({"images/a.png": GREY, "masks/a.png": LABELS[:5]}, r"None of the 1 cases .* can be read.* a: sizes differ"),
        ({"images/a.png": GREY, "masks/a.png": LABELS * 0}, r"^All 1 masks of \S+ that were looked at are empty\.$"),
        ({"images/a.png": GREY, "masks/a.png": LABELS * 0 + 1}, r"hold one value throughout, that of a for one"),
    ],
)
def test_bad_folders_get_one_sentence(tmp_path, files, sentence):
    with pytest.raises(PromptsegError, match=sentence) as caught:
        init(bad(tmp_path, files))
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("data*.*"))


def test_no_folder_and_files_that_are_there(tmp_path):
    with pytest.raises(PromptsegError, match=r"data is no folder"):
        init(tmp_path / "data")
    folder = bad(tmp_path, {"images/a.png": GREY, "masks/a.png": LABELS})
    (tmp_path / "data.yaml").write_text("mine")
    with pytest.raises(PromptsegError, match=r"data\.yaml is there already"):
        init(folder)
    assert (tmp_path / "data.yaml").read_text() == "mine"
    init(folder, "--force")
