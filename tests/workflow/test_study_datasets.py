"""The study's datasets, in miniature: from their published archives to scores, in one run of Snakemake.

The registry's entries are used as they are, apart from addresses and checksums, and from the number of shards. All of
them become images; a few, which differ in modality, colours, tasks and spacing, go on to scores, all with RUN_SLOW=1:
jobs spend most of their time on imports.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from promptseg.core.tables import read_table
from promptseg.preprocess.images import decode_png
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.score.tables import SCORES
from support.archives import MINIATURES, Miniature, Picture
from support.archives.__main__ import main
from support.projects import ROOT, Project
from support.servers import serve

REGISTRY = yaml.safe_load((ROOT / "config" / "datasets.yaml").read_text())["datasets"]
STUDY = [name for name, entry in REGISTRY.items() if "study" in entry]
# They differ in modality, colours, number of tasks, spacing and what is damaged.
FEW = ["mri_spine", "mri_brain", "xray_chest", "us_breast", "ct_organ", "pet_whole_body"]
SCORED = STUDY if os.environ.get("RUN_SLOW") == "1" else FEW


def local(entry: dict[str, Any], miniature: Miniature, address: str) -> Any:
    """The source of an entry with its files on another server, and their checksums."""
    served = iter(miniature.served.items())
    listed = isinstance(entry["source"], list)
    sources = []
    for source in entry["source"] if listed else [entry["source"]]:
        if source["kind"] == "http":
            name, content = next(served)
            source = {**source, "url": f"{address}/{name}", "sha256": hashlib.sha256(content).hexdigest()}
        sources.append(source)
    assert not list(served)
    return sources if listed else sources[0]


@dataclass(frozen=True)
class Finished:
    """A run and what it printed."""

    folder: Path
    output: str
    code: int


@pytest.fixture(scope="module")
def miniatures():
    return {name: make() for name, make in MINIATURES.items()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, miniatures):
    project = Project.create(tmp_path_factory.mktemp("study") / "project")
    with serve() as server:
        datasets = {}
        for name, miniature in miniatures.items():
            server.files |= {f"/{file}": content for file, content in miniature.served.items()}
            datasets[name] = {"source": local(REGISTRY[name], miniature, server.url), "shards": 1}
            Miniature(dropped=miniature.dropped).write(project.path / "results" / "raw" / name)
        run = {"datasets": STUDY, "methods": ["perfect"], "protocols": ["corrected"]}
        project.configure({"run": run, "prompts": {"modes": ["mode5"], "clicks": 1}, "datasets": datasets})
        targets = [f"results/datasets/{name}/images.parquet" for name in STUDY]
        targets += [f"results/scores/perfect/{name}.parquet" for name in SCORED]
        # Worker processes would cost more than such small volumes; side by side run datasets instead.
        done = project.snakemake(*targets, "--set-threads", "preprocess=1")
    return Finished(project.path, done.stdout, done.returncode)


@pytest.fixture(params=STUDY)
def dataset(request):
    return request.param


def images_of(finished: Finished, dataset: str) -> pd.DataFrame:
    path = finished.folder / "results" / "datasets" / dataset / "images.parquet"
    assert path.is_file(), finished.output
    return read_table(path, IMAGES).set_index("image_id")


def test_there_is_a_miniature_for_each_dataset_of_the_study():
    assert set(MINIATURES) == set(STUDY)
    assert len({entry["study"]["name"] for entry in REGISTRY.values() if "study" in entry}) == 19


def test_a_turned_or_shifted_picture_would_show(miniatures):
    for name, miniature in miniatures.items():
        for image_id, picture in miniature.pictures.items():
            assert picture.labels.shape[0] != picture.labels.shape[1]
            for array in (picture.labels, picture.pixels):
                turned = [array[::-1], array[:, ::-1], array[::-1, ::-1]]
                for other in (*turned, np.roll(array, 1, 0), np.roll(array, 1, 1)):
                    assert not np.array_equal(array, other), (name, image_id)


def test_all_archives_can_be_written_for_a_person_to_look_at(tmp_path, capsys):
    main([str(tmp_path)])
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(MINIATURES)
    assert (tmp_path / "us_breast" / "Dataset_BUSI.zip").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(MINIATURES)


def test_the_run_succeeds(finished):
    assert finished.code == 0, finished.output


def test_pictures(finished, miniatures, dataset):
    """Which images there are, from whom, and each pixel of image and label map, upright and in its size."""
    miniature = miniatures[dataset]
    images = images_of(finished, dataset)
    good = images[images["status"] == "ok"]
    assert set(good.index) <= set(miniature.pictures)
    assert good.groupby("case_id").size().to_dict() == miniature.counts()
    for image_id, row in good.iterrows():
        check(row, miniature.pictures[str(image_id)], str(image_id))


def check(row: pd.Series, picture: Picture, image_id: str) -> None:
    assert row["case_id"] == picture.patient, image_id
    assert (row["height"], row["width"]) == picture.labels.shape, image_id
    assert np.array_equal(decode_png(row["labels"]["bytes"]), picture.labels), image_id
    pixels = decode_png(row["image"]["bytes"])
    assert pixels.shape == picture.pixels.shape, image_id
    assert np.abs(pixels.astype(int) - picture.pixels).max() <= picture.tolerance, image_id
    if picture.spacing is None:
        assert row[["spacing_y", "spacing_x"]].isna().all(), image_id
    else:
        assert (row["spacing_y"], row["spacing_x"]) == pytest.approx(picture.spacing, rel=1e-5), image_id


def test_damaged_files(finished, miniatures, dataset):
    """Each is a row that says why, and nothing else fails."""
    failed = miniatures[dataset].failed
    images = images_of(finished, dataset)
    status = images["status"][images["status"] != "ok"].to_dict()
    assert set(status) == set(failed)
    for case, reason in failed.items():
        assert all(words in status[case] for words in reason.split(": ")), status[case]


def test_objects(finished, miniatures, dataset):
    """Each task's pixels in each image, counted in the miniature."""
    miniature = miniatures[dataset]
    objects = read_table(finished.folder / "results" / "datasets" / dataset / "objects.parquet", OBJECTS)
    good = images_of(finished, dataset)
    expected = {
        f"{image_id}:{task}": int(np.isin(picture.labels, values).sum())
        for image_id, picture in miniature.pictures.items()
        for task, values in REGISTRY[dataset]["tasks"].items()
        if image_id in good.index
    }
    assert dict(zip(objects["object_id"], objects["area"], strict=True)) == {k: v for k, v in expected.items() if v}


def test_archives_without_a_checksum_are_held_to_what_they_were(finished, miniatures):
    """Those that were put there by hand are recorded, those with a checksum in the registry are not."""
    recorded = yaml.safe_load((finished.folder / "config" / "datasets.lock.yaml").read_text())
    expected = {
        f"{name}/{file}": hashlib.sha256(content).hexdigest()
        for name, miniature in miniatures.items()
        for file, content in miniature.dropped.items()
        if file.endswith((".zip", ".tar"))
    }
    assert {name: entry["sha256"] for name, entry in recorded.items()} == expected


@pytest.mark.parametrize("dataset", SCORED)
def test_scores(finished, miniatures, dataset):
    """The method that knows the truth has an IoU of 1 on every object; each damaged case is a row without a score."""
    scores = read_table(finished.folder / "results" / "scores" / "perfect" / f"{dataset}.parquet", SCORES)
    objects = read_table(finished.folder / "results" / "datasets" / dataset / "objects.parquet", OBJECTS)
    good = scores[scores["status"] == "ok"]
    assert sorted(good["object_id"]) == sorted(objects["object_id"])
    assert (good["iou"] == 1).all()
    asked = scores[scores["status"] != "not_applicable"]
    assert set(asked["image_id"][asked["status"] != "ok"]) == set(miniatures[dataset].failed)
