"""The table of a run's datasets: numbers of images beside the study's."""

import pytest

from promptseg.analysis.datasets import DATASETS, counts, sampling_text
from promptseg.core.files import digest
from promptseg.core.tables import read_csv, write_csv, write_table
from promptseg.preprocess.tables import OBJECTS

HEART = {
    "title": "MRI-Heart",
    "licence": "CC BY-SA 4.0",
    "study": {"name": "MRI-Heart", "images": 5, "certain": True},
    "sampling": {"every": 3, "min_area": 50},
    "tasks": {"atrium": [1], "valve": [2]},
}
NERVE = {"title": "US-Nerve", "study": {"name": "US-Nerve", "images": 2323, "certain": False}, "sampling": "all"}


@pytest.fixture
def heart(tmp_path):
    """Three images of two patients, four objects, and three cases that failed."""
    folder = tmp_path / "heart"
    folder.mkdir()
    (folder / "manifest.csv").write_text(
        "dataset,image_id,case_id,source,slice,height,width,sha256,status\n"
        + "".join(f"heart,{image},{image[:2]},s,,4,5,{'0' * 64},ok\n" for image in ("p1_z0", "p1_z1", "p2"))
        + "heart,p3,p3,s,,,,,sizes differ: a\nheart,p4,p4,s,,,,,unreadable: b\nheart,p5,p5,s,,,,,unreadable: c\n"
    )
    rows = [("p1_z0", "atrium"), ("p1_z1", "atrium"), ("p2", "atrium"), ("p2", "other")]
    objects = [{"object_id": f"{image}:{task}", "image_id": image, "task": task} for image, task in rows]
    write_table(folder / "objects.parquet", objects, OBJECTS)
    return folder


def test_counts_of_a_dataset_and_of_one_that_was_left_out(heart, tmp_path):
    table = counts(
        [heart / "manifest.csv"],
        [heart / "objects.parquet"],
        {"heart": HEART, "nerve": NERVE},
        {"nerve": "no\n  token"},
    )
    assert table.columns.tolist() == DATASETS.names
    write_csv(tmp_path / "datasets.csv", table, DATASETS)
    assert (tmp_path / "datasets.csv").read_text().splitlines()[1:] == [
        'heart,MRI-Heart,"failed: 2 unreadable, 1 sizes differ",3,2,3,4,"atrium: 3, valve: 0",MRI-Heart,5,yes,-2,'
        f"one slice in 3; objects of at least 50 pixels,CC BY-SA 4.0,{digest(heart / 'manifest.csv')}",
        "nerve,US-Nerve,no token,,,,,,US-Nerve,2323,no,,all,,",
    ]
    read = read_csv(tmp_path / "datasets.csv", DATASETS)
    assert read["difference"].tolist()[0] == -2
    assert read["n_images"].isna().tolist() == [False, True]
    assert read["status"].tolist() == ["failed: 2 unreadable, 1 sizes differ", "no token"]


def test_dataset_that_the_study_does_not_have(heart):
    line = counts([heart / "manifest.csv"], [heart / "objects.parquet"], {}, {}).iloc[0]
    assert (line["title"], line["study"], line["certain"], line["objects_of_tasks"]) == (
        *("heart", "", ""),
        "atrium: 3, other: 1",
    )
    assert line[["study_images", "difference"]].isna().all()


def test_no_dataset_at_all():
    assert counts([], [], {}, {}).empty


@pytest.mark.parametrize(
    ("sampling", "words"),
    [
        ("all", "all"),
        ({}, "all"),
        ({"every": 1, "min_area": 1}, "all"),
        ({"every": 3, "min_area": 1}, "one slice in 3"),
        ({"per_case": 5, "seed": 7}, "at most 5 slices per case, drawn at random (seed 7)"),
        ({"every": 2, "per_case": 5, "min_area": 9},
         "one slice in 2; at most 5 slices per case, drawn at random (seed 1); objects of at least 9 pixels"),
    ],
)  # fmt: skip
def test_sampling_in_words(sampling, words):
    assert sampling_text(sampling) == words
