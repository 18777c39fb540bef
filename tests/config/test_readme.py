"""The worked examples of `cases` in config/README.md do what they say, on tiny data."""

import re

import nibabel as nib
import numpy as np
import pytest
import yaml
from PIL import Image

from promptseg.config.cases import case_patterns
from promptseg.config.check import check
from promptseg.config.schema import SCRIPTS
from promptseg.core.tables import read_table
from promptseg.download.collect import collect, write_files_csv
from promptseg.preprocess.build import build
from promptseg.preprocess.tables import IMAGES, OBJECTS
from support.segmentations import marks, save_stack, segment

README = (SCRIPTS.parents[1] / "config" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", README.partition("### Cases\n")[2].partition("\n### ")[0], re.DOTALL)
ENTRIES = {name: entry for block in BLOCKS for name, entry in yaml.safe_load(block)["datasets"].items()}


def save(path, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, np.diag([-1.0, -1.0, 1.0, 1.0])), path)


def volume():
    """Values and labels of (8, 10, 3) voxels, the object in two slices."""
    labels = np.zeros((8, 10, 3), np.uint8)
    labels[2:5, 3:7, :2] = 1
    return (labels * 100 + 20).astype(np.int16), labels


def write_side_by_side(root):
    values, labels = volume()
    for case in ("p1", "p2"):
        save(root / "scans" / f"{case}_img.nii.gz", values)
        save(root / "scans" / f"{case}_seg.nii.gz", labels)


def write_nnunet(root):
    values, labels = volume()
    for channel in range(3):
        save(root / "Dataset001" / "imagesTr" / f"case_000{channel}.nii.gz", np.roll(values, channel, axis=0))
    save(root / "Dataset001" / "labelsTr" / "case.nii.gz", labels)
    (root / "Dataset001" / "dataset.json").write_text("{}")


def write_dicom(root):
    folder = root / "dicom" / "p1"
    folder.mkdir(parents=True)
    series = save_stack(folder / "ct", [0.0, 1.0, 2.0])
    named = {"change": lambda made: setattr(made.SegmentSequence[0], "SegmentLabel", "liver")}
    segment(folder / "seg.dcm", series, marks(3, 5, 0), **named)


def write_photos(root):
    values, labels = volume()
    (root / "photos").mkdir()
    Image.fromarray(values[..., 0].astype(np.uint8)).save(root / "photos" / "img.png")
    Image.fromarray(labels[..., 0] * 255).save(root / "photos" / "img_mask.png")


@pytest.mark.parametrize(
    ("name", "write", "expected"),
    [
        ("side_by_side", write_side_by_side, {"p1": [12, 12], "p2": [12, 12]}),
        ("one_channel", write_nnunet, {"case": [12, 12]}),
        ("three_channels", write_nnunet, {"case": [12, 12]}),
        ("dicom", write_dicom, {"p1": [3, 5]}),
        ("photos", write_photos, {"img": [12]}),
    ],
)
def test_examples(tmp_path, monkeypatch, name, write, expected):
    monkeypatch.chdir(tmp_path)
    write(tmp_path)
    config = check(
        {
            "run": {"datasets": [name], "methods": ["fill"]},
            "protocols": {"corrected": {}},
            "datasets": {name: ENTRIES[name]},
            "methods": {"fill": {"adapter": "promptseg.methods.controls:BoxFill"}},
        }
    )
    entry = config["datasets"][name]
    write_files_csv(
        collect(name, [entry["source"]], case_patterns(entry), {}, tmp_path / "raw"), tmp_path / "files.csv"
    )
    build(tmp_path / "files.csv", tmp_path / "i.parquet", tmp_path / "o.parquet", name, entry, True, 1)
    assert set(read_table(tmp_path / "i.parquet", IMAGES)["status"]) == {"ok"}
    objects = read_table(tmp_path / "o.parquet", OBJECTS)
    assert objects.groupby("case_id")["area"].apply(list).to_dict() == expected
    assert set(objects["task"]) == set(ENTRIES[name]["tasks"])


def test_there_are_four_blocks():
    assert len(BLOCKS) == 4
