"""What methods are asked: what they were made for, and with `off_label` whatever their networks compute."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from promptseg.analysis.click_metrics import click_metrics, read_click_sums
from promptseg.analysis.statistics import statistics
from promptseg.analysis.summary import summary
from promptseg.analysis.sums import patient_sums
from promptseg.core.reason import METHOD_FAILED, reason_in
from promptseg.core.tables import write_table
from promptseg.methods import Candidates, Method, Settings, adapter_class
from promptseg.methods.controls import ClickDisk
from promptseg.predict.abilities import Abilities
from promptseg.predict.engine import Runner
from promptseg.predict.plan import Plan
from promptseg.predict.tables import PREDICTIONS
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score_object
from promptseg.score.tables import SCORES
from support.objects import MODES, disk, image, targets

LABELS = disk() + 2 * (disk(centre=(10, 24), radius=4) | disk(centre=(2, 20), radius=1))  # 2: in two pieces


class Boxes(Method):
    """Made for single boxes; its network computes points, too, but five at most."""

    prompt_types = frozenset({"box"})
    untrained_types = frozenset({"point"})

    def predict(self, queries):
        if any(len(query.prompt.points) > 5 for query in queries):
            raise ValueError("it has room for five points")
        return [Candidates(np.ones((1, *query.image.shape[:2]), bool)) for query in queries]


class OnePoint(ClickDisk):
    """Made for one positive point."""

    max_points = 1
    negative_points = False


class Positive(ClickDisk):
    """Made for up to six positive points."""

    max_points = 6
    negative_points = False


class Three(ClickDisk):
    """Made for up to three points."""

    max_points = 3


def asked(method, modes=MODES, clicks=7):
    plan = Plan(clicks=clicks, tie_break="first")
    (item,) = Runner(method, plan).run([(image(LABELS), targets(LABELS, [1, 2], modes))])
    return pa.Table.from_pylist(item.rows, schema=PREDICTIONS.schema).to_pandas()


def steps(rows):
    """(object, step) -> kind of status, after clicks."""
    rows = rows[rows["mode"] == "iterative"]
    return {key: status for *key, status in rows[["object_id", "step", "status"]].itertuples(index=False)}


@pytest.mark.parametrize(
    ("method", "modes", "answered"),
    [
        (OnePoint, {"mode1", "iterative"}, 1),
        (Positive, {"mode1", "mode2", "iterative"}, 1),
        (Three, {"mode1", "mode2", "iterative"}, 3),
        (ClickDisk, {"mode1", "mode2", "iterative"}, 7),
        (Boxes, {"mode3", "mode4", "mode5"}, 0),
    ],
)
def test_modes_and_clicks_that_apply(method, modes, answered):
    rows = asked(method(Settings()))
    assert set(rows["mode"]) == modes
    clicks = rows[rows["mode"] == "iterative"]
    expected = ["ok"] * answered + ["not_applicable"] * (7 - answered)
    for _, of_object in clicks.groupby("object_id"):  # those that need no click on the background are no exception
        assert of_object["step"].tolist() == [1, 2, 3, 4, 5, 6, 7]
        assert of_object["status"].tolist() == expected
        assert set(of_object["protocol"]) == {"corrected"}
        assert set(of_object["selection"]) == {"first"}
    idle = clicks[clicks["status"] == "not_applicable"]
    assert idle[["rle", "candidate", "click_x"]].isna().all().all()


def test_off_label_lifts_what_a_method_was_made_for_and_what_it_cannot_take_is_a_failure():
    rows = asked(Boxes(Settings(off_label=True)))
    assert set(rows["mode"]) == set(MODES)
    clicks = rows[(rows["mode"] == "iterative") & (rows["object_id"] == "image:1")]
    assert clicks["status"].map(reason_in).tolist() == [reason_in("ok")] * 5 + [METHOD_FAILED.name] * 2
    assert "Boxes raised ValueError at image:1 click 6" in clicks["status"].iloc[-1]
    one = asked(OnePoint(Settings(off_label=True)))
    assert set(one["mode"]) == {"mode1", "mode2", "iterative"}
    assert set(one["status"]) == {"ok"}


def test_what_is_asked_is_written_for_the_scores():
    expected = {"prompt_types": ["point"], "max_points": 1, "max_clicks": 1, "candidates": 1}
    assert Abilities.of(OnePoint(Settings())).facts() == expected
    lifted = {"max_points": None, "max_clicks": None}
    assert Abilities.of(OnePoint(Settings(off_label=True))).facts() == expected | lifted
    assert Abilities.of(Boxes(Settings(off_label=True))).facts()["prompt_types"] == ["box", "point"]


@pytest.mark.parametrize(
    ("adapter", "types", "negative", "candidates", "feedback"),
    [
        ("controls:Perfect", {"point", "box", "scribble", "lasso"}, True, 1, False),
        ("controls:BoxFill", {"box"}, True, 1, False),
        ("controls:BoxEllipse", {"box"}, True, 1, False),
        ("controls:LassoFill", {"lasso"}, True, 1, False),
        ("controls:ClickDisk", {"point"}, True, 1, False),
        ("classical:GrabCut", {"box", "scribble", "lasso"}, True, 1, False),
        ("classical:RandomWalker", {"point", "box", "scribble", "lasso"}, True, 1, False),
        ("classical:RegionGrowing", {"point"}, True, 1, False),
        ("ritm:Ritm", {"point"}, True, 1, False),
        ("simpleclick:SimpleClick", {"point"}, True, 1, False),
        ("focalclick:FocalClick", {"point"}, True, 1, False),
        ("sam:Sam", {"point", "box", "everything"}, True, 3, True),
    ],
)
def test_what_the_methods_of_the_study_and_the_simple_ones_declare(adapter, types, negative, candidates, feedback):
    declared = adapter_class(f"promptseg.methods.{adapter}")
    assert declared.prompt_types == types
    assert (declared.untrained_types, declared.max_points) == (frozenset(), None)
    assert (declared.negative_points, declared.candidates, declared.mask_feedback) == (negative, candidates, feedback)


def test_clicks_that_do_not_apply_are_counted_and_are_in_no_mean(tmp_path):
    """Two objects, the first click with a score, six without; beside a method that answers all seven."""
    rows = []
    for name, method in (("one", OnePoint), ("all", ClickDisk)):
        predictions = asked(method(Settings()), ["iterative"])
        for value in (1, 2):
            object_id = f"image:{value}"
            keys = {"dataset": "d", "task": f"t{value}", "case_id": "p", "image_id": "i", "object_id": object_id}
            keys |= {"method": name, "relative_area": 0.1}
            own = predictions[predictions["object_id"] == object_id]
            rows += score_object(own, value == LABELS, image(LABELS), Tolerance(), keys)
    sums = patient_sums(rows)
    means = summary(sums).query("level == 'all' and method == 'one'").set_index("step")
    assert means["n_images"].tolist() == [2, 0, 0, 0, 0, 0, 0]
    assert means["n_not_applicable"].tolist() == [0, 2, 2, 2, 2, 2, 2]
    assert means["n_failed"].sum() == 0
    assert means["iou_mean_tasks"].notna().tolist() == [True] + [False] * 6
    reasons = statistics(sums, 100).query("level == 'task' and method == 'one' and step > 1")["no_interval"]
    assert set(reasons) == {"not applicable"}
    write_table(tmp_path / "scores.parquet", rows, SCORES)
    metrics = click_metrics(read_click_sums(tmp_path / "scores.parquet"), 100)
    assert set(metrics["method"]) == {"all"}  # one click to whatever the other one reaches would be no answer
    assert pd.isna(metrics["noc90"]).sum() == 0
