"""Reading what routes answered."""

import numpy as np

from promptseg.core.masks import encode
from promptseg.core.tables import write_table
from promptseg.volumes.routes.answers import read_answers
from promptseg.volumes.routes.settings import Setting
from promptseg.volumes.routes.tables import VOLUME_PREDICTIONS

SETTING = {"route": "carry_box", "slices": "largest", "prompt": "box", "extents": "open"}


def row(object_id, step=0, **values):
    return {**dict.fromkeys(VOLUME_PREDICTIONS.names), **SETTING, "object_id": object_id, "step": step, **values}


def test_slices_of_an_object_become_a_stack(tmp_path):
    mask = np.zeros((4, 5), bool)
    mask[1:3, 2] = True
    code = encode(mask)
    rows = [
        row("a:t", status="ok", prompted=[2], k=1, n_interactions=2),
        row("a:t", z=2, rle=code, score=0.5),
        row("a:t", z=3, rle=code),
        row("a:t", step=1, status="ok", prompted=[2, 0], k=1, n_interactions=3),
        row("b:t", status="not_applicable"),
    ]
    write_table(tmp_path / "p.parquet", rows, VOLUME_PREDICTIONS)
    first, second = read_answers(tmp_path / "p.parquet", ["a:t"], (6, 4, 5))
    assert (first.object_id, first.setting, first.step) == ("a:t", Setting("carry_box", "largest", "box", "open"), 0)
    assert (first.masks.slices, first.masks.voxels, first.scores) == ([2, 3], 4, {2: 0.5})
    np.testing.assert_array_equal(first.masks.slice(3), mask)
    assert (first.prompted, first.facts["status"]) == ([2], "ok")
    assert (second.step, second.masks.slices, second.prompted, second.prompted_first) == (1, [], [2, 0], [2])
    (other,) = read_answers(tmp_path / "p.parquet", ["b:t"], (6, 4, 5))
    assert (other.facts["status"], other.prompted, other.prompted_first) == ("not_applicable", [], [])
