"""Volumes of a dataset: every slice of its cases, and the objects in them."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.core.tables import read_provenance
from promptseg.volumes.data.stack import stream_volumes
from support.builds import GREY, MASK, run, write
from support.stacks import build, outputs_of

GRID = np.diag([-0.5, -0.75, 3, 1])


def write_case(root, name, depth=20, seed=0, affine=GRID, values=(1, 2)):
    """A volume of 8 x 10 pixels a slice; the first label in slices 2 to 4, the second in slice 9 and 11."""
    labels = np.zeros((8, 10, depth), np.uint8)
    labels[2:5, 3:6, 2:5] = values[0]
    labels[6:8, 0:2, 9:12:2] = values[1]
    grey = np.random.default_rng(seed).integers(0, 1000, labels.shape, np.int16)
    write(root / "images" / f"{name}.nii.gz", grey, affine)
    write(root / "masks" / f"{name}.nii.gz", labels, affine)


WINDOW = {"kind": "window", "low": 100, "high": 300}
TASKS = {"tasks": {"first": [1], "second": [2]}}


def test_every_slice_is_kept_and_its_pictures_are_those_of_the_images(tmp_path):
    for name, seed in (("a", 0), ("b", 1)):
        write_case(tmp_path / "raw", name, seed=seed)
    images, _ = run(tmp_path / "raw", tmp_path / "out", sampling={"every": 2}, intensity=WINDOW, **TASKS)
    slices, index, _ = build(tmp_path / "raw", tmp_path / "out", intensity=WINDOW, **TASKS)
    assert slices["volume_id"].tolist() == ["a"] * 20 + ["b"] * 20
    assert slices["z"].tolist() == slices["slice"].tolist() == [*range(20), *range(20)]
    assert index[["volume_id", "n_slices", "height", "width", "status"]].values.tolist() == [
        ["a", 20, 10, 8, "ok"],
        ["b", 20, 10, 8, "ok"],
    ]
    kept = slices.set_index("image_id")
    assert images["image_id"].tolist() == ["a_z002", "a_z004", "b_z002", "b_z004"]
    for image in images.itertuples():
        row = kept.loc[image.image_id]
        assert (row.image, row.labels, row.sha256) == (image.image, image.labels, image.sha256)
        assert (row.case_id, row.source, row.spacing_y, row.spacing_x) == (image.case_id, image.source, 0.75, 0.5)
    written = pq.ParquetFile(outputs_of(tmp_path / "out")[0]).metadata
    assert [written.row_group(group).num_rows for group in range(written.num_row_groups)] == [16, 4, 16, 4]
    assert read_provenance(outputs_of(tmp_path / "out")[0]) == read_provenance(tmp_path / "out" / "images.parquet")


def test_objects_of_a_volume(tmp_path):
    write_case(tmp_path / "raw", "a")
    _, index, objects = build(tmp_path / "raw", tmp_path / "out", **TASKS)
    assert index["positions"][0].tolist() == [3.0 * z for z in range(20)]
    assert index["affine"][0].reshape(4, 4).tolist() == GRID.tolist()
    assert (bool(index["uniform"][0]), index["spacing_z"][0]) == (True, 3.0)
    first, second = objects.itertuples()
    assert (first.object_id, first.z0, first.z1, first.n_gaps, first.n_components) == ("a:first", 2, 4, 0, 1)
    assert (first.voxels, first.ml, first.length_mm) == (27, pytest.approx(27 * 1.125 / 1000), 9)
    assert (second.object_id, second.z0, second.z1, second.n_slices, second.n_gaps) == ("a:second", 9, 11, 2, 1)
    assert (second.n_components, second.length_mm) == (2, 9)
    assert (second.bbox_x0, second.bbox_y0, second.bbox_x1, second.bbox_y1) == (6, 0, 7, 1)
    _, _, parts = build(tmp_path / "raw", tmp_path / "parts", volumes={"parts": True, "min_voxels": 4}, **TASKS)
    assert parts["object_id"].tolist() == ["a:first:1", "a:second:1", "a:second:2"]
    _, _, large = build(tmp_path / "raw", tmp_path / "large", volumes={"min_voxels": 9}, **TASKS)
    assert large["object_id"].tolist() == ["a:first"]


def test_only_some_cases(tmp_path):
    for name in ("brain1", "brain2", "lung1"):
        write_case(tmp_path / "raw", name)
    slices, _, _ = build(tmp_path / "raw", tmp_path / "out", volumes={"cases": ["lung1", "brain2"]}, **TASKS)
    assert slices["volume_id"].unique().tolist() == ["brain2", "lung1"]
    with pytest.raises(PromptsegError, match=r"names 'lung2', which is none of its 3 cases\. Did you mean 'lung1'\?$"):
        build(tmp_path / "raw", tmp_path / "out", volumes={"cases": ["brain1", "lung2"]}, **TASKS)
    with pytest.raises(PromptsegError, match=r"3 cases\. The first of them: brain1, brain2, lung1\.$"):
        build(tmp_path / "raw", tmp_path / "out", volumes={"cases": ["7"]}, **TASKS)


def test_bytes_do_not_depend_on_the_workers(tmp_path):
    for name, depth in (("a", 20), ("b", 40), ("c", 12), ("d", 17)):
        write_case(tmp_path / "raw", name, depth=depth, seed=depth)
    write(tmp_path / "raw" / "images" / "bad.nii.gz", np.zeros((4, 4, 4), np.int16))
    (tmp_path / "raw" / "masks" / "bad.nii.gz").write_bytes(b"nonsense")
    written = []
    for threads in (1, 3):
        out = tmp_path / f"out{threads}"
        build(tmp_path / "raw", out, threads=threads, **TASKS)
        written.append([path.read_bytes() for path in outputs_of(out)])
        assert sorted(path.name for path in out.iterdir() if path.name != "files.csv") == sorted(
            path.name for path in outputs_of(out)
        )
    assert written[0] == written[1]


def test_a_case_that_fails_is_a_row_of_the_index(tmp_path, caplog):
    write_case(tmp_path / "raw", "a")
    write_case(tmp_path / "raw", "b", values=(1, 9))
    slices, index, objects = build(tmp_path / "raw", tmp_path / "out", **TASKS)
    assert slices["volume_id"].unique().tolist() == ["a"]
    assert index["status"].tolist()[0] == "ok"
    assert "unknown label value: masks/b.nii.gz holds 9" in index["status"][1]
    assert index[["volume_id", "case_id", "source"]].values.tolist()[1] == ["b", "b", "images/b.nii.gz"]
    assert index["n_slices"].isna().tolist() == [False, True]
    assert (
        "mine: 1 of 2 cases failed: 1 unknown label value. b: unknown label value: masks/b.nii.gz holds 9"
        in caplog.text
    )
    assert objects["volume_id"].unique().tolist() == ["a"]
    stream = stream_volumes(*outputs_of(tmp_path / "out"), {"first": [1], "second": [2]})
    assert [volume.volume_id for volume in stream] == ["a"]
    with pytest.raises(PromptsegError, match=r"^mine, case b: unknown label value: .* \(`strict` is on"):
        build(tmp_path / "raw", tmp_path / "strict", strict=True, **TASKS)


def test_single_pictures_are_no_volumes(raw, tmp_path, caplog):
    with pytest.raises(
        PromptsegError,
        match=r"^mine: `volumes` is on, and all its cases are single pictures, which have no slices\. Remove `volumes`",
    ):
        build(raw, tmp_path / "out")
    write_case(raw, "v", values=(1, 1))
    _, index, _ = build(raw, tmp_path / "out")
    assert index["volume_id"].tolist() == ["v"]
    assert "mine: 2 cases are single pictures, which give no volume" in caplog.text


@pytest.fixture
def raw(tmp_path):
    """Two single pictures."""
    for name in ("a", "b"):
        write(tmp_path / "raw" / "images" / f"{name}.png", GREY)
        write(tmp_path / "raw" / "masks" / f"{name}.png", MASK)
    return tmp_path / "raw"


def test_volumes_without_an_object_are_left_out(tmp_path, caplog):
    caplog.set_level("INFO")
    write_case(tmp_path / "raw", "a")
    write_case(tmp_path / "raw", "b", values=(0, 0))
    _, index, _ = build(tmp_path / "raw", tmp_path / "out", **TASKS)
    assert index["volume_id"].tolist() == ["a"]
    assert "mine, case b: no object of at least 1 voxels in masks/b.nii.gz: left out" in caplog.text
    with pytest.raises(PromptsegError, match=r"^mine: the masks of all 1 volumes are empty: none holds .* 1 voxels"):
        build(tmp_path / "raw", tmp_path / "none", volumes={"cases": ["b"]}, **TASKS)


def test_what_masks_mean_is_told_by_all_cases_also_by_those_that_are_no_volumes_of_the_run(tmp_path):
    """0 and 255 alone show the object, unless another case of the dataset holds labels beside 255."""
    raw = tmp_path / "raw"
    write_case(raw, "a", values=(255, 255))
    _, _, objects = build(raw, tmp_path / "alone")
    assert objects["voxels"].tolist() == [27 + 8]
    write_case(raw, "b", values=(1, 255))
    changes = {"other_labels": "any", "volumes": {"cases": ["a"]}}
    with pytest.raises(PromptsegError, match=r"^mine: the masks of all 1 volumes are empty"):
        build(raw, tmp_path / "both", **changes)
    images, _ = run(raw, tmp_path / "images", other_labels="any")
    assert set(images["case_id"]) == {"b"}
