"""The loop of a preset: steps, what a method gets, early stop, repeats, and prompts that a method does not take."""

import numpy as np
import pytest

from promptseg.protocols.loop import Asking, Course, Takes
from promptseg.protocols.showing import Scene

BOX, POINT = {"prompt": "box"}, {"prompt": "point", "place": "deepest"}
DEEPEST = {"rule": "deepest", "region": "deeper", "sign": "region"}
ALL = Takes(frozenset({"point", "box"}))
TRUTH = np.zeros((1, 12, 16), bool)
TRUTH[0, 2:7, 3:10] = True
HALF = TRUTH.copy()
HALF[0, :, 7:] = False


def course(takes=ALL, **asked):
    asking = Asking("mine", "", **{"start": {"prompt": "none"}, "clicks": {"rule": "none"}, **asked})
    return Course(asking, Scene("o", TRUTH), takes, "images", 1)


def answered(one, masks, states=()):
    """Answers every turn with the next mask; what was asked, as (step, points, labels, boxes, previous, final)."""
    asked, states = [], iter(states)
    for mask in masks:
        turn = one.turn
        shown = turn.shown
        asked.append(
            (turn.step, shown.points.tolist(), shown.labels.tolist(), shown.boxes.tolist(), turn.previous, turn.final)
        )
        one.take(mask, [{"z": None, "rle": {"size": [12, 16], "counts": "x"}, "score": 0.5}], next(states, None))
    return asked


def rows_of(one, *keys):
    return [tuple(row.get(key) for key in keys) for row in one.rows()]


def test_a_box_and_two_clicks_with_the_masks_fed_back():
    one = course(start=BOX, clicks=DEEPEST, prompts=2)
    nothing = np.zeros_like(TRUTH)
    asked = answered(one, [HALF, nothing, TRUTH], "abc")
    box = [[0, 2, 3, 0, 6, 9]]
    assert asked == [
        (0, [], [], box, None, False),
        (1, [[0, 3, 8]], [1], box, "a", False),
        (2, [[0, 3, 8], [0, 4, 5]], [1, 1], box, "b", True),
    ]
    assert one.turn is None
    assert rows_of(one, "step", "points", "labels", "boxes", "stopped", "score", "status") == [
        (0, [], [], box, False, 0.5, "ok"),
        (1, [[0, 3, 8]], [1], [], False, 0.5, "ok"),
        (2, [[0, 4, 5]], [1], [], False, 0.5, "ok"),
    ]
    assert {(row["object_id"], row["preset"], row["variant"], row["on"]) for row in one.rows()} == {
        ("o", "mine", "", "images")
    }


def test_no_feedback_and_dropped_clicks():
    one = course(start=BOX, clicks={**DEEPEST, "earlier": "dropped"}, prompts=2, feedback="none")
    asked = answered(one, [HALF, HALF, HALF], "abc")
    assert [row[4] for row in asked] == [None, None, None]
    assert [len(row[1]) for row in asked] == [0, 1, 1]
    assert [len(row[3]) for row in asked] == [1, 0, 0]


def test_nothing_at_first_is_an_empty_answer_and_the_first_click_is_on_it():
    one = course(clicks=DEEPEST, prompts=1)
    assert one.turn.step == 1
    answered(one, [TRUTH])
    assert rows_of(one, "step", "rle", "points", "status") == [
        (0, None, [], "ok"),
        (1, {"size": [12, 16], "counts": "x"}, [[0, 4, 5]], "ok"),
    ]


def test_a_perfect_mask_is_repeated_where_nothing_is_left_to_say():
    one = course(start=POINT, clicks=DEEPEST, prompts=3)
    assert len(answered(one, [TRUTH])) == 1
    assert rows_of(one, "step", "points", "rle", "stopped") == [
        (0, [[0, 4, 5]], {"size": [12, 16], "counts": "x"}, False),
        *((step, [], {"size": [12, 16], "counts": "x"}, False) for step in (1, 2, 3)),
    ]


def test_an_early_stop_ends_the_rows_and_is_said():
    one = course(clicks=DEEPEST, prompts=20, stop={"iou": 0.57, "prompts": 1})  # HALF has 20 of 35 pixels: 0.571
    answered(one, [np.zeros_like(TRUTH), HALF])
    assert rows_of(one, "step", "stopped") == [(0, False), (1, False), (2, True)]
    late = course(clicks=DEEPEST, prompts=20, stop={"iou": 0.57, "prompts": 3})
    answered(late, [HALF, HALF, HALF])
    assert rows_of(late, "step", "stopped")[-2:] == [(2, False), (3, True)]
    strict = course(clicks=DEEPEST, prompts=2, stop={"iou": 0.58, "prompts": 1})
    answered(strict, [HALF, HALF])
    assert [stopped for _, stopped in rows_of(strict, "step", "stopped")] == [False, False, False]


def test_pixels_that_do_not_count_do_not_stop_it():
    ignored = np.zeros_like(TRUTH)
    ignored[0, :, 7:] = True
    asking = Asking("mine", "", {"prompt": "none"}, DEEPEST, 5, {"iou": 1.0, "prompts": 1})
    one = Course(asking, Scene("o", TRUTH, ignored=ignored), ALL, "images", 1)
    answered(one, [HALF])
    assert rows_of(one, "step", "stopped") == [(0, False), (1, True)]


def test_a_failure_stands_for_all_later_steps():
    one = course(start=BOX, clicks=DEEPEST, prompts=2)
    answered(one, [HALF])
    one.fail("method failed: it raised; mend it")
    assert one.turn is None
    assert rows_of(one, "step", "rle", "status") == [
        (0, {"size": [12, 16], "counts": "x"}, "ok"),
        (1, None, "method failed: it raised; mend it"),
        (2, None, "method failed: it raised; mend it"),
    ]


@pytest.mark.parametrize(
    ("takes", "asked", "statuses"),
    [
        (Takes(frozenset({"point"})), {"start": BOX}, ["not_applicable: the method takes no boxes"]),
        (Takes(frozenset({"box"})), {"start": POINT}, ["not_applicable: the method takes no points"]),
        (ALL, {"start": {"prompt": "mask"}}, ["not_applicable: the method takes no contours"]),
        (
            Takes(frozenset({"box"})),
            {"start": BOX, "clicks": DEEPEST, "prompts": 2},
            ["ok", *2 * ["not_applicable: the method takes no points"]],
        ),
        # It could be asked nothing at all, so that the empty answer of the start is none either.
        (
            Takes(frozenset({"box"})),
            {"clicks": DEEPEST, "prompts": 1},
            2 * ["not_applicable: the method takes no points"],
        ),
        (
            Takes(frozenset({"point"}), negatives=False),
            {"clicks": DEEPEST, "prompts": 3},
            ["ok", "ok", *2 * ["not_applicable: the method takes no points on the background"]],
        ),
        (
            Takes(frozenset({"point"}), negatives=False),
            {"start": POINT, "clicks": DEEPEST, "prompts": 1},
            ["ok", "not_applicable: the method takes no points on the background"],
        ),
        (
            Takes(frozenset({"point"}), most=2),
            {"clicks": DEEPEST, "prompts": 3},
            ["ok", "ok", "ok", "not_applicable: the method takes at most 2 points"],
        ),
    ],
)
def test_what_a_method_does_not_take_does_not_apply(takes, asked, statuses):
    one = course(takes, **asked)
    while one.turn:
        answered(one, [HALF])
    assert [status for (status,) in rows_of(one, "status")] == statuses


@pytest.mark.parametrize("stop", [{}, {"iou": 0.5, "prompts": 0}])
@pytest.mark.parametrize(
    ("takes", "start", "said"),
    [
        (
            Takes(frozenset({"point"}), negatives=False),
            {"prompt": "none"},
            "the method takes no points on the background",
        ),
        (Takes(frozenset({"point"}), most=1), {"prompt": "none"}, "the method takes at most 1 points"),
        (Takes(frozenset({"box"})), BOX, "the method takes no points"),
    ],
)
def test_objects_that_end_early_count_no_more_than_others(takes, start, said, stop):
    one = course(takes, start=start, clicks=DEEPEST, prompts=3, stop=stop)
    if stop:
        answered(one, [TRUTH])
    else:
        one.fail("broken")
    statuses = [row["status"] for row in one.rows()]
    assert statuses[-1] == f"not_applicable: {said}"
    assert len(statuses) == 4


def test_prompts_of_more_points_than_a_method_takes_are_not_asked():
    takes = Takes(frozenset({"point"}), most=2)
    five = {"prompt": "point", "place": "random", "points": 5, "few": "fewer"}
    assert course(takes, start=five).turn is None
    assert course(takes, start=five | {"points": 2}).turn is not None
    scribbled = Asking("mine", "", POINT, {"rule": "slicewise"}, 1)
    assert takes.refuses(scribbled, 1) == "the method takes at most 2 points"
    kept = [takes.refuses(Asking("mine", "", {}, {**DEEPEST, "earlier": way}, 9), 3) for way in ("before", "dropped")]
    assert kept == ["the method takes at most 2 points", ""]


def test_rows_of_a_volume_have_one_for_each_slice():
    one = course(start=BOX, clicks=DEEPEST, prompts=1)
    slices = [{"z": None}, {"z": 0, "rle": "a"}, {"z": 2, "rle": "b"}]
    one.take(TRUTH, slices)
    assert rows_of(one, "step", "z", "rle", "points", "boxes") == [
        (0, None, None, [], [[0, 2, 3, 0, 6, 9]]),
        (0, 0, "a", None, None),
        (0, 2, "b", None, None),
        (1, None, None, [], []),
        (1, 0, "a", None, None),
        (1, 2, "b", None, None),
    ]


def test_an_object_before_which_the_official_program_stops_is_a_row_that_says_so():
    hot = np.where(TRUTH, 100, 1).astype(np.float32)
    hot[0, 9, 12] = (
        50  # one voxel: as published, the click goes anywhere outside it, and hits the object sooner or later
    )
    planned = {"rule": "planned", "seed": 1, "planned": {"foreground": 40, "background": 40, "percentile": 99}}
    asking = Asking("autopet", "", {"prompt": "none"}, planned, 3)
    one = Course(asking, Scene("o", TRUTH, pixels=hot), ALL, "images", 1)
    assert one.turn is None
    statuses = [status for (status,) in rows_of(one, "status")]
    assert len(statuses) == 4
    assert statuses == 4 * [statuses[0]]
    assert statuses[0].startswith("user stops: o: the official program stops here")
