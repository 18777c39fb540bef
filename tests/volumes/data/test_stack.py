"""Volumes as they are read from their tables."""

import tracemalloc

import numpy as np
import pyarrow.parquet as pq
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.images import pixel_digest
from promptseg.volumes.data.stack import stream_volumes
from support.stacks import write_volumes

TASKS = {"liver": [1, 2], "tumour": [2], "absent": [7]}


def blocks(depth=20, height=9, width=12):
    """Two blocks of label 1 with three slices between them, and a tumour in the first."""
    labels = np.zeros((depth, height, width), np.uint8)
    labels[2:6, 1:5, 3:9] = 1
    labels[3, 2, 4:6] = 2
    labels[9:11, 6:8, 0:2] = 1
    return labels


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_slices_come_back_as_they_were(tmp_path):
    first, second = noise((20, 9, 12)), noise((35, 7, 8, 3), 1)
    marked = np.zeros((35, 7, 8), np.uint8)
    marked[34, 3, 3] = 1
    volumes = {"a": (first, blocks(), (5.0, 0.5, 0.75)), "b": (second, marked, None)}
    stream = write_volumes(tmp_path, volumes, TASKS)
    assert len(stream) == 2
    one, other = stream
    assert (one.volume_id, one.case_id, one.shape, one.spacing) == ("a", "a", (20, 9, 12), (5.0, 0.5, 0.75))
    assert (other.volume_id, other.shape, other.spacing) == ("b", (35, 7, 8), None)
    for z in (0, 19, 7, 15, 16, 0):
        np.testing.assert_array_equal(one.pixels(z), np.repeat(first[z][..., None], 3, axis=2))
        np.testing.assert_array_equal(one.labels(z), blocks()[z])
        assert one.digest(z) == pixel_digest(first[z])
    for z in (34, 0, 17):
        np.testing.assert_array_equal(other.pixels(z), second[z])
        assert other.digest(z) == pixel_digest(second[z])
    assert other.objects[0].truth.slices == [34]
    groups = pq.ParquetFile(tmp_path / "volumes.parquet").metadata
    assert [groups.row_group(index).num_rows for index in range(groups.num_row_groups)] == [16, 4, 16, 16, 3]


def test_a_task_is_one_object(tmp_path):
    (volume,) = write_volumes(tmp_path, {"a": (noise((20, 9, 12)), blocks(), (5.0, 0.5, 0.75))}, TASKS)
    liver, tumour = volume.objects
    assert volume.positions == tuple(range(0, 100, 5))
    np.testing.assert_array_equal(liver.truth.dense(), blocks() > 0)
    np.testing.assert_array_equal(tumour.truth.dense(), blocks() == 2)
    assert liver.keys == {"task": "liver", "case_id": "a", "volume_id": "a", "object_id": "a:liver"}
    row = liver.row
    assert (liver.part, liver.z0, liver.z1, row.n_slices, row.n_gaps, row.n_components) == (None, 2, 10, 6, 3, 2)
    assert (row.bbox_x0, row.bbox_y0, row.bbox_x1, row.bbox_y1) == (0, 1, 8, 7)
    # 4 slices of 4 x 6 and 2 of 2 x 2 voxels of 5 x 0.5 x 0.75 mm; 8 steps and one slice.
    assert (row.voxels, row.ml, row.length_mm) == (104, pytest.approx(104 * 1.875 / 1000), 45.0)
    assert (tumour.z0, tumour.z1, tumour.row.voxels, tumour.row.length_mm) == (3, 3, 2, 5.0)


def test_each_part_can_be_an_object(tmp_path):
    volumes = {"a": (noise((20, 9, 12)), blocks(), (5.0, 0.5, 0.75))}
    (volume,) = write_volumes(tmp_path, volumes, TASKS, parts=True)
    found = [(one.object_id, one.part, one.z0, one.z1, one.truth.voxels, one.row.voxels) for one in volume.objects]
    assert found == [("a:liver:1", 1, 2, 5, 96, 96), ("a:liver:2", 2, 9, 10, 8, 8), ("a:tumour:1", 1, 3, 3, 2, 2)]
    (volume,) = write_volumes(tmp_path, volumes, TASKS, parts=True, min_voxels=8)
    assert [one.object_id for one in volume.objects] == ["a:liver:1", "a:liver:2"]
    (volume,) = write_volumes(tmp_path, volumes, TASKS, min_voxels=105)
    assert volume.objects == []


def test_memory_does_not_grow_with_the_slices(tmp_path):
    """All pictures of 200 slices would be 2.5 MB, their label maps 0.8 MB."""
    labels = np.zeros((200, 64, 64), np.uint8)
    labels[:, 20:40, 20:40] = 1
    (volume,) = write_volumes(tmp_path, {"a": (labels * 90, labels, None)}, {"liver": [1]})
    tracemalloc.start()
    try:
        assert volume.objects[0].truth.voxels == 200 * 400
        assert sum(int(volume.pixels(z).max()) for z in range(200)) == 200 * 90
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_unknown_spacing_leaves_lengths_open(tmp_path):
    (volume,) = write_volumes(tmp_path, {"a": (noise((20, 9, 12)), blocks(), None)}, TASKS)
    assert (volume.spacing, volume.positions, volume.geometry.uniform) == (None, None, None)
    assert np.isnan([volume.objects[0].row.ml, volume.objects[0].row.length_mm]).all()
    assert volume.objects[0].row.voxels == 104


def test_a_missing_raw_file_and_tables_that_do_not_belong_together(tmp_path):
    stream = write_volumes(tmp_path / "a", {"a": (noise((20, 9, 12)), blocks(), None)}, TASKS)
    write_volumes(tmp_path / "b", {"b": (noise((4, 9, 12)), blocks()[:4], None)}, TASKS)
    (volume,) = stream
    with pytest.raises(PromptsegError, match=r"^a was not written in stored units: rule raw_volumes does so"):
        volume.raw()
    files = [
        tmp_path / folder / name for folder, name in (("a", "volumes"), ("b", "volume_index"), ("b", "volume_objects"))
    ]
    mixed = stream_volumes(*(path.with_suffix(".parquet") for path in files), TASKS)
    with pytest.raises(PromptsegError, match=r"has 20 slices, and its index names 4: delete both and run again"):
        list(mixed)
