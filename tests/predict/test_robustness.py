"""A method asked with inexact prompts, and the IoU of its answers."""

import numpy as np
import pytest

from promptseg.core import masks
from promptseg.core.errors import PromptsegError
from promptseg.core.reason import METHOD_FAILED, reason_in
from promptseg.core.tables import read_provenance, read_table, write_table
from promptseg.methods import Candidates, Method, Settings
from promptseg.methods.controls import BoxFill
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.robustness import InexactInputs, write_robustness
from promptseg.predict.tables import ROBUSTNESS
from promptseg.preprocess.images import encode_png
from promptseg.preprocess.objects import stream_objects
from promptseg.preprocess.tables import IMAGES, OBJECTS
from promptseg.prompts.inexact import Changes, variants
from promptseg.prompts.modes import PromptSettings


class Picky(BoxFill):
    """Two masks, of which only the first counts; fails on a box of one column."""

    candidates = 2

    def predict(self, queries):
        if any(query.prompt.box[0] == query.prompt.box[2] for query in queries):
            raise ValueError("too narrow")
        first = super().predict(queries)
        return [Candidates(np.concatenate([answer.masks, ~answer.masks])) for answer in first]


@pytest.fixture
def tables(tmp_path):
    """An image with a rectangle and a thin line."""
    labels = np.zeros((40, 50), np.uint8)
    labels[5:25, 10:30] = 1
    labels[2:38, 45] = 2
    picture = {"bytes": encode_png(labels), "path": None}
    image = {"image_id": "a", "case_id": "p", "image": picture, "labels": picture, "status": "ok"}
    objects = [
        {"object_id": f"a:{task}", "image_id": "a", "case_id": "p", "task": task, "area": 1} for task in ("box", "line")
    ]
    write_table(tmp_path / "images.parquet", [image], IMAGES)
    write_table(tmp_path / "objects.parquet", objects, OBJECTS)
    return tmp_path


def asked(tables, method, strict=False):
    inputs = InexactInputs(
        stream_objects(tables / "images.parquet", tables / "objects.parquet", {"box": [1], "line": [2]}),
        Changes(["mode1", "mode3"], [0.2], [0.5], [1, 2]),
        PromptSettings(tie_break="first"),
    )
    runner = Runner(method, Plan(protocols={}, strict=strict))
    write_robustness(inputs, runner, tables / "out.parquet", dataset="toy", method="picky", provenance={"seed": 0})
    assert inputs.asked == {} or strict
    return read_table(tables / "out.parquet", ROBUSTNESS)


def test_every_variant_is_asked_and_scored(tables):
    rows = asked(tables, Picky(Settings()))
    assert set(rows["mode"]) == {"mode3"}  # it takes no points
    box = rows[rows["task"] == "box"]
    assert box[["kind", "amount", "seed", "status"]].to_numpy().tolist() == [
        ["box_jitter", 0.0, 1, "ok"],
        ["box_jitter", 0.2, 1, "ok"],
        ["box_jitter", 0.0, 2, "ok"],
        ["box_jitter", 0.2, 2, "ok"],
    ]
    assert (box.loc[box["amount"] == 0, "iou"] == 1).all()
    truth = np.zeros((40, 50), bool)
    truth[5:25, 10:30] = True
    for row in box[box["amount"] > 0].itertuples():
        changes = Changes(["mode3"], [0.2], [], [row.seed])
        _, (_, _, moved) = variants("a:box", truth, changes, PromptSettings(tie_break="first"))
        x0, y0, x1, y1 = moved["boxes"][0]
        filled = np.zeros_like(truth)
        filled[y0 : y1 + 1, x0 : x1 + 1] = True
        assert row.iou == pytest.approx(masks.iou(filled, truth))
        assert 0.4 < row.iou < 1
        assert row.agreement == pytest.approx(row.iou)  # the mask of the exact box is the truth
    assert (box.loc[box["amount"] == 0, "agreement"] == 1).all()
    line = rows[rows["task"] == "line"]
    assert set(line["status"].map(reason_in)) == {METHOD_FAILED.name}
    assert line[["iou", "agreement"]].isna().all(axis=None)
    assert read_provenance(tables / "out.parquet") == {"seed": 0}
    with pytest.raises(PromptsegError, match=r"Picky raised ValueError at a:line box_jitter 0\.0 1 mode3;"):
        asked(tables, Picky(Settings()), strict=True)


def test_equal_prompts_are_asked_once(tables):
    class Counting(Method):
        prompt_types = frozenset({"point"})
        asked = 0

        def predict(self, queries):
            self.asked += len(queries)
            return [Candidates(np.zeros((1, 40, 50), bool)) for _ in queries]

    method = Counting(Settings())
    rows = asked(tables, method)
    assert len(rows) == 2 * (2 * 2 + 2)
    assert method.asked < len(rows)
