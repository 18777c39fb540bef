"""Users other than the ideal one: who is asked about, which prompts, and where a trajectory ends."""

from types import SimpleNamespace

import numpy as np
import pytest

from promptseg.core.vocabulary import NOT_RECORDED
from promptseg.methods import Settings
from promptseg.methods.controls import ClickDisk
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Inputs, Plan
from promptseg.prompts.clicks import Click
from promptseg.prompts.modes import PromptSettings
from support.objects import disk, image

CLICKS = {"anna": [Click(9, 8, True), Click(2, 1, False)], "bert": [Click(12, 10, False)]}
LABELS = disk()


class TwoReaders:
    """Anna clicks twice, Bert once and draws no box; nobody looked at the object `b`."""

    def annotators(self, object_id):
        return list(CLICKS) if object_id == "a" else []

    def rows(self, object_id, mask, modes, settings, annotator):
        first = CLICKS[annotator][0]
        clicked = {"points": [(first.x, first.y)], "exact_points": [(first.x, first.y)]}
        rows = [{"mode": "iterative", **clicked, "point_labels": [int(first.positive)], "boxes": []}]
        return [row for row in rows if row["mode"] in modes]

    def next_click(self, target, prediction, clicks, protocol, *, tie_break, seed, annotator):
        return (CLICKS[annotator][len(clicks) :] or [NOT_RECORDED])[0]


@pytest.fixture
def rows():
    objects = [SimpleNamespace(row=SimpleNamespace(object_id=name), mask=LABELS == 1) for name in "ab"]
    inputs = Inputs([(image(LABELS), objects)], ["mode1", "iterative"], PromptSettings(), user=TwoReaders())
    (item,) = Runner(ClickDisk(Settings(options={"radius": 0.2})), Plan(clicks=3, user=TwoReaders())).run(inputs)
    return item.rows


def test_each_annotator_has_rows_of_its_own_in_the_modes_that_it_has_prompts_for(rows):
    assert [(row["object_id"], row["annotator"], row["mode"], row["step"]) for row in rows] == [
        ("a", name, "iterative", step) for name in ("anna", "bert") for step in (1, 2, 3)
    ]


def test_clicks_are_those_of_the_user_whatever_the_mask_and_later_ones_are_not_recorded(rows):
    asked = [(row["click_x"], row["click_y"], row["click_label"]) for row in rows if row["status"] == "ok"]
    assert asked == [(9, 8, 1), (2, 1, 0), (12, 10, 0)]
    assert [row["status"] for row in rows] == ["ok", "ok", NOT_RECORDED, "ok", NOT_RECORDED, NOT_RECORDED]
    assert all("rle" not in row and row.get("click_x") is None for row in rows if row["status"] != "ok")


def test_the_ideal_user_has_no_annotator():
    objects = [SimpleNamespace(row=SimpleNamespace(object_id="a"), mask=LABELS == 1)]
    inputs = Inputs([(image(LABELS), objects)], ["mode1"], PromptSettings())
    (item,) = Runner(ClickDisk(Settings(options={"radius": 0.2})), Plan()).run(inputs)
    assert [set(row) & {"annotator"} for row in item.rows] == [set()]
    assert np.all([target.annotator == "" for target in item.targets])
