"""What recorded prompts say of how far people miss."""

import numpy as np
import pytest

from promptseg.analysis.observed import observed, require_prompts
from promptseg.core.errors import PromptsegError
from promptseg.core.tables import write_table
from promptseg.preprocess.objects import ImageObject
from promptseg.prompts.tables import RECORDED


class Stream:
    """One image with a square of 5 by 5 pixels."""

    def only(self, image_ids):
        assert set(image_ids) == {"a_z001"}
        mask = np.zeros((12, 12), bool)
        mask[3:8, 3:8] = True
        row = type("Row", (), {"object_id": "a_z001:t", "case_id": "a"})
        return iter([(None, [ImageObject(row, mask)])])


def row(order, kind, points, annotator="anna", label=1):
    about = {"object_id": "a_z001:t", "annotator": annotator, "order": order, "step": order, "seconds": None}
    return {**about, "kind": kind, "label": label, "points": points}


def test_points_and_the_only_box_of_each_annotator(tmp_path):
    rows = [
        row(1, "point", [(5, 5)]),
        row(2, "point", [(4, 4)], label=0),
        row(3, "box", [(7, 8), (2, 3)]),
        *(row(4 + place, "box", [(2, 3), (7, 8)], "bert") for place in range(2)),
    ]
    write_table(tmp_path / "r.parquet", rows, RECORDED)
    found = [(one.annotator, one.kind, one.value) for one in observed(tmp_path / "r.parquet", Stream())]
    assert [one[:2] for one in found] == [
        ("anna", kind) for kind in ("wrong_side", "wrong_side", "share", "left", "top", "right", "bottom")
    ]
    assert [one[2] for one in found] == pytest.approx([0, 1, 0, 0.2, 0, 0, 0.2])


def test_a_user_without_a_prompt_for_the_run_is_refused(tmp_path):
    write_table(tmp_path / "mine.parquet", [], RECORDED)
    with pytest.raises(PromptsegError, match=r"users.readers.prompts hold no prompt .* this run \(mine\)"):
        require_prompts("readers", [tmp_path / "mine.parquet"])
    write_table(tmp_path / "other.parquet", [row(1, "point", [(5, 5)])], RECORDED)
    require_prompts("readers", [tmp_path / "mine.parquet", tmp_path / "other.parquet"])
