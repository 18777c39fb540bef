"""The quickstart datasets: complete entries, and the objects that they are documented to give."""

import csv
import tarfile
from pathlib import Path

import nilearn
import pytest
import yaml

from promptseg.preprocess import build, match_cases
from promptseg.tables import IMAGES, OBJECTS, read_table

ROOT = Path(__file__).resolve().parents[1]
ARCHIVES = ROOT / "results" / "raw" / "archives"
DATASETS = yaml.safe_load((ROOT / "config" / "datasets.yaml").read_text())["datasets"]
COUNTS = {
    "brain_tumour_mri": {"tumour": 9},
    "breast_lesion_mri": {"lesion": 3},
    "lung_tumour_ct": {"tumour": 14},
    "abdomen_ct": {
        "liver": 10,
        "spleen": 9,
        "kidney": 5,
        "stomach": 9,
        "colon": 9,
        "aorta": 4,
        "bone": 10,
        "back_muscle": 10,
    },
    "abdomen_mri": {"liver": 7, "spleen": 3, "kidney": 4},
    "brain_mni152": {"brain": 12, "grey_matter": 12, "white_matter": 11},
}
SHAPES = {
    "brain_tumour_mri": {(256, 256)},
    "breast_lesion_mri": {(120, 45)},
    "lung_tumour_ct": {(512, 512)},
    "abdomen_ct": {(512, 512), (101, 122)},
    "abdomen_mri": {(91, 117)},
    "brain_mni152": {(233, 197)},
}


@pytest.mark.parametrize("name", COUNTS)
def test_entry_is_complete(name):
    entry = DATASETS[name]
    for key in ("title", "licence", "citation", "home", "truth"):
        assert isinstance(entry[key], str)
        assert entry[key]
    assert entry["modality"] in {"ct", "mri", "pet", "xray", "us", "other"}
    assert entry["axis"] == "axial"
    assert set(entry["tasks"]) == set(COUNTS[name])
    if entry["source"]["kind"] == "pypi":
        assert len(entry["source"]["sha256"]) == 64
        assert entry["source"]["bytes"] > 0


def test_truth_that_no_expert_drew_is_said():
    for name in ("abdomen_ct", "abdomen_mri"):
        assert DATASETS[name]["truth"] == "TotalSegmentator's own reference output, not an expert's outline"


def test_size_of_the_quickstart():
    assert len(COUNTS) >= 5
    assert sum(map(len, COUNTS.values())) >= 14
    assert 100 <= sum(sum(tasks.values()) for tasks in COUNTS.values()) <= 200


def unpack(entry: dict, folder: Path) -> dict[str, Path]:
    """The files that the cases need, by their name in the source."""
    source = entry["source"]
    if source["kind"] == "package_data":
        package = Path(nilearn.__file__).parent
        paths = {path.relative_to(package).as_posix(): path for path in package.rglob("*.nii.gz")}
        wanted = [name for case in match_cases(list(paths), entry["cases"]) for name in case.names]
        return {name: paths[name] for name in wanted}
    archive = ARCHIVES / source["file"]
    if not archive.is_file():
        pytest.skip(f"{archive} is absent: run the workflow once")
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar if member.isfile()}
        wanted = [name for case in match_cases(list(members), entry["cases"]) for name in case.names]
        tar.extractall(folder, [members[name] for name in wanted], filter="data")
    return {name: folder / name for name in wanted}


@pytest.mark.parametrize("name", COUNTS)
def test_objects_are_as_documented(name, tmp_path):
    files = tmp_path / "files.csv"
    with files.open("w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["name", "path", "bytes", "sha256"])
        for member, path in unpack(DATASETS[name], tmp_path / "unpacked").items():
            rows.writerow([member, path, path.stat().st_size, ""])
    build(files, tmp_path / "images.parquet", tmp_path / "objects.parquet", name, DATASETS[name], True, 1)
    images = read_table(tmp_path / "images.parquet", IMAGES)
    objects = read_table(tmp_path / "objects.parquet", OBJECTS)
    assert objects.groupby("task").size().to_dict() == COUNTS[name]
    assert set(map(tuple, images[["height", "width"]].values.tolist())) == SHAPES[name]
    assert images[["spacing_y", "spacing_x"]].notna().all(axis=None)
    assert (objects["area"] >= DATASETS[name]["sampling"]["min_area"]).all()
    assert set(objects["image_id"]) == set(images["image_id"])
