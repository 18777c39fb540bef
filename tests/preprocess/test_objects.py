"""Images with their objects: order, masks, keys, shards, and some of the images only."""

import numpy as np
import pytest

from promptseg.core.tables import write_table
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import shard_of, stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS

TASKS = {"left": [1], "both": [1, 2]}


@pytest.fixture
def files(tmp_path):
    """Five images, of which the second could not be read and the fourth holds no object; c holds only `both`."""
    images, objects = [], []
    for number, name in enumerate("abcde"):
        labels = np.full((2, 3), number, np.uint8)
        labels[0, 0], labels[0, 1] = name != "c", 2
        picture = {"bytes": encode_png(labels), "path": None}
        status = "unreadable" if name == "b" else "ok"
        images.append({"image_id": name, "case_id": f"p{name}", "image": picture, "labels": picture, "status": status})
        for task in {"b": (), "c": ("both",), "d": ()}.get(name, TASKS):
            about = {"object_id": f"{name}:{task}", "image_id": name, "case_id": f"p{name}", "task": task}
            objects.append({**about, "area": 1})
    write_table(tmp_path / "images.parquet", images, IMAGES)
    write_table(tmp_path / "objects.parquet", objects, OBJECTS)
    return tmp_path / "images.parquet", tmp_path / "objects.parquet"


def names(stream):
    return [(image.image_id, [item.row.object_id for item in objects]) for image, objects in stream]


def test_images_come_in_file_order_with_their_objects(files):
    stream = stream_objects(*files, TASKS)
    assert len(stream) == 3
    expected = [("a", ["a:left", "a:both"]), ("c", ["c:both"]), ("e", ["e:left", "e:both"])]
    assert names(stream) == expected
    assert names(stream) == expected  # it can be read again
    _, (left, both) = next(iter(stream))
    assert left.mask.tolist() == [[True, False, False], [False] * 3]
    assert both.mask.tolist() == [[True, True, False], [False] * 3]
    assert both.keys == {"task": "both", "case_id": "pa", "image_id": "a", "object_id": "a:both"}


def test_shards_and_some_of_the_images(files):
    parts = [names(stream_objects(*files, TASKS, (number, 2))) for number in (1, 2)]
    assert [image for part in parts for image, _ in part] == ["a", "c", "e"]
    assert all(parts)
    some = stream_objects(*files, TASKS).only(["e", "c", "nowhere"])
    assert [image for image, _ in names(some)] == some.image_ids == ["c", "e"]


def test_shards_are_runs_of_about_equal_length():
    parts = [shard_of(list("abcdefg"), (number, 3)) for number in (1, 2, 3)]
    assert parts == [["a", "b"], ["c", "d", "e"], ["f", "g"]]


def test_whoever_looks_at_masks_only_reads_no_pixels(files):
    seen, unseen = stream_objects(*files, TASKS), stream_objects(*files, TASKS, (2, 2), pixels=False)
    assert [image.pixels.shape for image, _ in seen] == [(2, 3, 3)] * 3
    (image, objects), *_ = unseen
    assert (image.pixels.shape, image.labels.shape) == ((0, 0, 3), (2, 3))
    assert [item.mask.tolist() for item in objects] == [
        item.mask.tolist() for other, items in seen for item in items if other.image_id == image.image_id
    ]
