"""Real images in folders, where they are present."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from promptseg.preprocess.images import decode_png
from support.builds import run

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def shared(name: str) -> Path:
    if not (SHARED / name).is_dir():
        pytest.skip(f"{SHARED / name} is absent")
    return SHARED / name


@pytest.mark.parametrize(
    ("name", "patient", "tasks", "other", "patients", "counts"),
    [
        ("xray_hip", None, {"femur": [1]}, [], 5, {"femur": 5}),
        ("mri_spine_gm", r"^(errsm\d+)", {"grey_matter": [1]}, [], 1, {"grey_matter": 11}),
        ("ct_abdomen", None, {"liver": [1], "aorta": [3], "bone": [7]}, "any", 4, {"liver": 2, "aorta": 3, "bone": 2}),
        ("mri_heart", None, {"myocardium": [2]}, [1], 3, {"myocardium": 3}),
    ],
)
def test_folder_source(tmp_path, name, patient, tasks, other, patients, counts):
    images, objects = run(shared(name), tmp_path / "out", strict=True, patient=patient, tasks=tasks, other_labels=other)
    assert images["case_id"].nunique() == patients
    assert objects.groupby("task").size().to_dict() == counts
    first = images.iloc[0]
    stored = np.asarray(Image.open(SHARED / name / "masks" / f"{first['image_id']}.png"))
    assert np.array_equal(decode_png(first["labels"]["bytes"]), stored)


def test_undeclared_labels_of_real_data(tmp_path):
    images, _ = run(shared("ct_abdomen"), tmp_path / "out", tasks={"liver": [1]}, other_labels=[3, 4])
    failed = images[images["status"] != "ok"]
    assert failed["image_id"].tolist() == ["amos_0006_90", "s0114_111", "s0619_32"]
    assert failed.iloc[0]["status"].startswith("unknown label value: masks/amos_0006_90.png holds 2;")


def test_nifti_spine(tmp_path):
    cases = [
        {"image": "t2s.nii.gz", "labels": "t2s_gmseg_manual.nii.gz", "case": "cropped"},
        {"image": "t2s_uncropped.nii.gz", "labels": "t2s_uncropped_gmseg_manual.nii.gz", "case": "whole"},
    ]
    images, objects = run(
        shared("volumes/spine_t2s"), tmp_path / "out", strict=True, cases=cases, tasks={"grey_matter": [1]}
    )
    assert images.groupby("case_id").size().to_dict() == {"cropped": 9, "whole": 11}
    assert len(objects) == 20
    assert np.allclose(images[["spacing_y", "spacing_x"]].to_numpy(float), 0.5)
    # The slices of mri_spine_gm were cut from the uncropped volume: the same objects in either orientation.
    flat = [np.asarray(Image.open(path)).sum() for path in sorted((shared("mri_spine_gm") / "masks").iterdir())]
    assert objects[objects["case_id"] == "whole"]["area"].tolist() == flat


def test_dicom_folder_with_its_segmentation(tmp_path):
    images, objects = run(
        shared("volumes/ct_dicom_3slice"),
        tmp_path / "out",
        strict=True,
        cases=[{"image": "*.dcm", "labels": "liver.dcm", "case": "ct"}],
        intensity={"kind": "window", "low": -160, "high": 240},
        tasks={"liver": [1]},
    )
    assert images["image_id"].tolist() == ["ct_z000", "ct_z001", "ct_z002"]
    assert objects["area"].sum() == 107098
