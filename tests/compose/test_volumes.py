"""All objects of a volume in one label map."""

import nibabel as nib
import numpy as np
import pytest

from promptseg.compose.rules import RULES, Wanted
from promptseg.compose.tables import COMPOSED_OBJECTS
from promptseg.compose.volumes import VolumeSource, compose_volumes
from promptseg.core.masks import encode
from promptseg.core.tables import read_table, write_table
from promptseg.volumes.data.stack import stream_volumes
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS
from support.builds import entry, list_files, write
from support.stacks import build, outputs_of

AFFINE = np.array([[0.0, 0, 3, -9], [2, 0, 0, 4], [0, 1, 0, 1], [0, 0, 0, 1]])  # stored as anterior, superior, right
SHAPE = (6, 5, 4)
CASES = [{"image": "images/{case}.nii.gz", "labels": "masks/{case}.nii.gz"}]
TASKS = {"low": [1], "high": [2]}
SETTING = {"route": "each", "slices": "all", "prompt": "box", "extents": "given"}


@pytest.fixture
def source(tmp_path):
    """A volume of five slices (superior), in the lower two slices one object, in the upper three the other."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[1:4, :2, 1:3], mask[1:4, 2:, 1:3] = 1, 2
    write(tmp_path / "mine" / "images" / "a.nii.gz", np.arange(120, dtype=np.int16).reshape(SHAPE), AFFINE)
    write(tmp_path / "mine" / "masks" / "a.nii.gz", mask, AFFINE)
    about = {"cases": CASES, "tasks": TASKS}
    build(tmp_path / "mine", tmp_path / "out", **about)
    stream = stream_volumes(*outputs_of(tmp_path / "out"), TASKS)
    (volume,) = stream
    rows = []
    for item in volume.objects:
        for step in (0, 1, 2):
            row = {**dict.fromkeys(VOLUME_PREDICTIONS.names), "object_id": item.object_id, **SETTING, "step": step}
            rows.append({**row, "status": "ok", "k": 1, "prompted": [item.z0]})
            truth = item.truth.slice(item.z0)
            # Everywhere, surer of the object's own slices; after a click the truth.
            for z in range(5) if step < 2 else item.truth.slices:
                score = 0.9 if z in item.truth.slices else 0.5
                rows.append({**row, "z": z, "rle": encode(truth), "score": score, "status": "ok"})
    write_table(tmp_path / "predictions.parquet", rows, VOLUME_PREDICTIONS)
    files = list_files(tmp_path / "mine", tmp_path / "files.csv")
    return VolumeSource(stream, tmp_path / "predictions.parquet", files, entry(volumes=True, **about))


def composed(source, tmp_path, rules=RULES, folder=None):
    compose_volumes(source, Wanted(rules, folder), tmp_path / "out.parquet", dataset="d", method="m")
    rows = read_table(tmp_path / "out.parquet", COMPOSED_OBJECTS)
    return rows.set_index(["setting", "rule", "task"]).sort_index()


def test_before_clicks_and_after_the_last(source, tmp_path):
    rows = composed(source, tmp_path)
    first, last = "each.all.box.given.0", "each.all.box.given.2"
    assert sorted(set(rows.index.get_level_values("setting"))) == [first, last]
    alone = rows["iou_alone"]
    assert (alone[first, "last_wins", "low"], alone[first, "last_wins", "high"]) == (2 / 5, 3 / 5)
    after = rows["iou_composed"]
    # The lower object comes first. The last takes all of it, the first all of the other; scores are right.
    for rule, low, high in (("last_wins", 0, 0.6), ("first_wins", 0.4, 0), ("largest_score", 1, 1)):
        assert (after[first, rule, "low"], after[first, rule, "high"]) == (low, high)
    assert rows.loc[(first, "last_wins", "low"), ["area", "shared", "lost"]].tolist() == [30, 30, 30]
    assert after[last, "first_wins"].tolist() == [1, 1]
    assert rows.loc[(last, "first_wins"), "shared"].tolist() == [0, 0]
    assert set(rows.loc[(first, "largest_probability"), "status"]) == {
        "not_applicable: probabilities of voxels are not kept"
    }


def test_label_maps_lie_in_the_grid_of_the_file(source, tmp_path):
    composed(source, tmp_path, ["largest_score"], tmp_path / "maps")
    path = tmp_path / "maps" / "each.all.box.given.0" / "largest_score" / "a.nii.gz"
    ours, theirs = nib.load(path), nib.load(tmp_path / "mine" / "masks" / "a.nii.gz")
    np.testing.assert_array_equal(np.asarray(ours.dataobj), np.asarray(theirs.dataobj))
    np.testing.assert_allclose(ours.affine, theirs.affine)
