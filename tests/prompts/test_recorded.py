"""Recorded prompts: which of them answer which mode, and clicks given again in their order."""

import numpy as np

from promptseg.core.vocabulary import ALL_MODES, MODES, NOT_RECORDED
from promptseg.predict.trajectories import prompts_of
from promptseg.prompts.chosen import noise_from, user_of
from promptseg.prompts.clicks import Click, ClickTarget, Protocol
from promptseg.prompts.lines import LineSettings
from promptseg.prompts.modes import PromptSettings
from promptseg.prompts.noise import Noise
from promptseg.prompts.recorded import RecordedUser
from promptseg.prompts.users import IDEAL

MASK = np.ones((9, 9), bool)


def row(kind, order, points, annotator="anna", label=1, step=None):
    about = {"object_id": "a", "annotator": annotator, "order": order, "step": order if step is None else step}
    return {**about, "kind": kind, "label": label, "points": points}


def answers(*rows, annotator="anna"):
    found = RecordedUser(rows).rows("a", MASK, MODES, PromptSettings(), annotator)
    return {row["mode"]: row for row in found}


def test_points_of_the_first_step_answer_mode_2_and_the_first_on_the_object_mode_1():
    found = answers(
        row("point", 1, [(1, 1)], label=0, step=1),
        row("point", 2, [(5, 5)], step=1),
        row("point", 3, [(7, 7)]),
    )
    assert list(found) == ["mode1", "mode2", "iterative"]
    assert (found["mode1"]["points"], found["mode1"]["point_labels"]) == ([(5, 5)], [1])
    assert (found["mode2"]["points"], found["mode2"]["point_labels"]) == ([(1, 1), (5, 5)], [0, 1])
    assert (found["iterative"]["exact_points"], found["iterative"]["point_labels"]) == ([(1, 1)], [0])


def test_one_box_answers_all_box_modes_and_several_all_but_the_fifth():
    found = answers(row("box", 1, [(6, 2), (1, 4)]), row("point", 2, [(5, 5)], label=0))
    assert {mode: found[mode]["boxes"] for mode in ("mode3", "mode4", "mode5")} == {
        "mode3": [(1, 2, 6, 4)],
        "mode4": [(1, 2, 6, 4)],
        "mode5": [(1, 2, 6, 4)],
    }
    assert "mode1" not in found  # there is no point on the object
    small, large = row("box", 1, [(0, 0), (1, 1)], step=1), row("box", 2, [(3, 3), (6, 6)], step=1)
    found = answers(small, large, row("box", 3, [(0, 0), (8, 8)]))
    assert (found["mode3"]["boxes"], found["mode4"]["boxes"]) == ([(3, 3, 6, 6)], [(0, 0, 1, 1), (3, 3, 6, 6)])
    assert "mode5" not in found


def test_scribbles_answer_every_mode_of_scribbles_and_a_lasso_its_own():
    line, ring = [(1, 1), (4, 1)], [(0, 0), (8, 0), (8, 8)]
    given = [row("scribble", 1, line), row("lasso", 2, ring[::-1], label=0), row("lasso", 3, ring)]
    found = RecordedUser(given).rows("a", MASK, ALL_MODES, PromptSettings(lines=LineSettings(width=5)), "anna")
    assert [one["mode"] for one in found] == ["scribble_centre", "scribble_walk", "scribble_contour", "lasso"]
    (first, *_, last) = [prompts_of(one)[0] for one in found]
    (scribble,) = first.scribbles
    assert (scribble.line.tolist(), scribble.label, scribble.width) == ([[1, 1], [4, 1]], 1, 5)
    assert last.lasso.tolist() == [list(point) for point in ring]


def test_clicks_come_in_their_order_whatever_the_mask():
    user = RecordedUser(
        [row("point", 1, [(1, 1)]), row("box", 2, [(0, 0), (1, 1)]), row("point", 3, [(4, 2)], label=0)]
    )
    target, how = ClickTarget("a", MASK, MASK.astype(np.uint8)), {"tie_break": "first", "seed": 0, "annotator": "anna"}
    for mask in (MASK, ~MASK):
        assert user.next_click(target, mask, [Click(1, 1, True)], Protocol(), **how) == Click(4, 2, False)
        assert user.next_click(target, mask, [Click(1, 1, True)] * 2, Protocol(), **how) == NOT_RECORDED


def test_annotators_are_apart_and_nobody_prompts_an_object_of_none():
    user = RecordedUser([row("point", 1, [(1, 1)], "bert"), row("point", 1, [(2, 2)], "anna")])
    assert (user.annotators("a"), user.annotators("b")) == (["anna", "bert"], [])
    (only, *_) = user.rows("a", MASK, ["mode1"], PromptSettings(), "bert")
    assert prompts_of(only)[0].points.tolist() == [[1, 1]]


def test_the_user_of_an_entry(tmp_path):
    assert user_of(None, None, None) is IDEAL
    noisy = user_of({"noise": {"bias": 0.5, "enlarge": 0.1}, "draws": 2, "seed": 4}, [], [])
    assert (noisy.noise, noisy.draws, noisy.seed) == (Noise(bias=0.5, enlarge=(0.1,) * 4), 2, 4)
    (tmp_path / "noise.json").write_text('{"bias": 0.25, "enlarge": [1, 2, 3, 4]}')
    assert user_of({"draws": 2}, [], tmp_path / "noise.json").noise == noise_from(
        {"bias": 0.25, "enlarge": [1, 2, 3, 4]}
    )
