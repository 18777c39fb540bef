"""Masks handed on from slice to slice, with literal values on bodies whose sections are known."""

import numpy as np
import pytest

from promptseg.methods import Candidates, Settings
from promptseg.methods.controls import BoxFill
from promptseg.methods.volume import SlicePrompt
from promptseg.volumes.routes.carry import Carrier, deepest, grown
from support.bodies import cylinder, two_parts
from support.slice_methods import Array, Bright, Points, answer, box, job, point, shining

SHAPE = (12, 40, 44)
BODY = cylinder(SHAPE, radius=8, first=3, last=7, centre=(18, 20))
BOX = (12, 10, 28, 26)  # of each of its sections


def slices(answer):
    return answer.masks.slices


def boxes(answer):
    return {z: answer.masks.between(z, z).box()[1:3] + answer.masks.between(z, z).box()[4:] for z in slices(answer)}


@pytest.mark.parametrize(
    ("corners", "share", "expected"),
    [
        ((10, 10, 19, 29), 0.05, (9, 9, 20, 30)),  # half a pixel of 10: at least 1; 1 of 20
        ((10, 10, 19, 29), 0.25, (8, 5, 21, 34)),  # 2.5 is rounded to 2
        ((10, 10, 19, 29), 0.0, (10, 10, 19, 29)),
        ((0, 1, 43, 39), 0.5, (0, 0, 43, 39)),
    ],
)
def test_boxes_grow_by_a_share_of_their_sides(corners, share, expected):
    assert grown(corners, (40, 44), share) == expected


def test_the_first_of_equally_deep_pixels_is_carried():
    mask = np.zeros((9, 9), bool)
    mask[2:7, 1:8] = True
    assert deepest(mask) == (3, 4)
    shown = Carrier("carry_point").show(mask)
    assert (shown.prompt.points.tolist(), shown.prompt.labels.tolist(), shown.before) == ([[3, 4]], [1], None)


@pytest.mark.parametrize("route", ["carry_box", "carry_point", "carry_mask"])
@pytest.mark.parametrize("given", [True, False])
def test_a_body_whose_end_can_be_seen_is_found(route, given):
    prompt = point(5, 20, 18) if route == "carry_point" else box(5, *BOX)
    (found,) = answer(Bright(), shining(BODY), job(route, [prompt], (3, 7) if given else (0, 11), given=given))
    assert np.array_equal(found.masks.dense(), BODY)
    assert found.scores == dict.fromkeys(range(3, 8), 0.5)
    assert found.dropped == 0


def test_a_box_that_nothing_stops_grows_to_the_ends_of_the_window():
    (found,) = answer(BoxFill(Settings()), shining(BODY), job("carry_box", [box(5, *BOX)], (2, 9), given=False))
    assert slices(found) == [2, 3, 4, 5, 6, 7, 8, 9]
    assert {z: (y1 - y0 + 1, x1 - x0 + 1) for z, (y0, x0, y1, x1) in boxes(found).items()} == {
        2: (23, 23),
        3: (21, 21),
        4: (19, 19),
        5: (17, 17),
        6: (19, 19),
        7: (21, 21),
        8: (23, 23),
        9: (25, 25),
    }


def test_a_mask_that_overlaps_too_little_is_dropped_where_the_ends_are_open():
    body = np.zeros(SHAPE, bool)
    body[2:5, 10:20, 10:20] = True  # 100 pixels
    body[5:9, 10:15, 10:20] = True  # of which 50 go on
    volume, prompts = shining(body), [box(3, 10, 10, 19, 19)]
    for stop, given, expected in (
        (0.51, False, [2, 3, 4]),
        (0.5, False, [2, 3, 4, 5, 6, 7, 8]),
        (0.51, True, [2, 3, 4, 5, 6, 7, 8]),
    ):
        (found,) = answer(Bright(), volume, job("carry_box", prompts, (0, 11), given=given), stop_iou=stop)
        assert slices(found) == expected


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        (6, {2: 0, 3: 0, 4: "both", 5: 1, 6: 1}),
        (5, {2: 0, 3: 0, 4: 1, 5: 1}),
        (4, {2: 0, 3: "both", 4: 1}),
        (3, {2: 0, 3: 1}),
    ],
)
def test_two_prompted_slices_meet_in_the_middle(above, expected):
    corners = [(4, 4, 9, 9), (20, 24, 29, 30)]
    prompts = [box(2, *corners[0]), box(above, *corners[1])]
    (found,) = answer(BoxFill(Settings()), shining(BODY), job("carry_box", prompts, (2, above)), grow=0)
    known = {0: (4, 4, 9, 9), 1: (24, 20, 30, 29), "both": (4, 4, 30, 29)}
    assert boxes(found) == {z: known[which] for z, which in expected.items()}


def test_without_a_threshold_between_prompts_and_with_one_beyond():
    prompts = [box(2, 4, 4, 9, 9), box(6, 20, 24, 29, 30)]
    jobs = [job("carry_box", prompts, (0, 11), given=given) for given in (True, False)]
    given, open_ended = answer(BoxFill(Settings()), shining(BODY), *jobs, grow=0.5, stop_iou=0.5)
    # Beyond, a box that grows by half of its sides covers a quarter of the next.
    assert slices(given) == list(range(12))
    assert slices(open_ended) == [2, 3, 4, 5, 6]


def test_across_a_gap_the_last_prompt_is_shown_again():
    body = two_parts(SHAPE, radius=8, first=2, last=9, gap=(5, 6), centre=(18, 20))
    for route, prompt in (("carry_box", box(3, *BOX)), ("carry_point", point(3, 20, 18)), ("carry_mask", box(3, *BOX))):
        method = Bright()
        given, ends = answer(
            method,
            shining(body),
            job(route, [prompt], (2, 9)),
            job(route, [prompt], (0, 11), given=False),
        )
        assert slices(given) == [2, 3, 4, 7, 8, 9]
        assert np.array_equal(given.masks.dense(), body)
        assert slices(ends) == [2, 3, 4]


def test_an_empty_answer_to_the_user_hands_the_user_s_prompt_on():
    volume = shining(BODY)
    prompts = [box(9, *BOX)]  # beyond the body
    (given,) = answer(Bright(), volume, job("carry_box", prompts, (3, 9)))
    assert slices(given) == [3, 4, 5, 6, 7]
    (ends,) = answer(Bright(), volume, job("carry_box", prompts, (0, 11), given=False))
    assert slices(ends) == []


def test_a_contour_is_an_answer_and_is_not_asked_for():
    method = Bright()
    drawn = BODY[5].copy()
    drawn[10, 20] = False
    (found,) = answer(method, shining(BODY), job("carry_mask", [SlicePrompt(5, mask=drawn)], (4, 6)))
    assert np.array_equal(found.masks.slice(5), drawn)
    assert np.array_equal(found.masks.slice(4), BODY[4])
    ((up, down),) = method.asked
    for query in (up, down):
        assert np.array_equal(query.previous, drawn)
        assert query.prompt.box.tolist() == [11, 10, 29, 27]  # its rows 11 to 26 and columns 12 to 28, grown by one


def test_with_the_mask_goes_its_box_or_a_click_where_a_method_takes_no_boxes():
    for method, expected in ((Bright(), ([], [11, 9, 29, 27])), (Points(), ([[20, 18]], None))):
        prompt = point(5, 20, 18)
        answer(method, shining(BODY), job("carry_mask", [prompt], (5, 6)))
        (first,), (second,) = method.asked
        assert first.previous is None
        assert np.array_equal(second.previous, BODY[5])
        shown = second.prompt.box
        assert (second.prompt.points.tolist(), None if shown is None else shown.tolist()) == expected
        assert second.multimask == "official"


class Three(Bright):
    """Three masks: nothing, the box, and all that is bright; the second says that it is the best."""

    candidates = 3

    def answer(self, query):
        (mask,) = super().answer(query).masks
        masks = np.stack([mask & False, mask, query.image])
        return Candidates(masks, np.array([0.1, 0.9, 0.3], np.float32))


def test_the_mask_with_the_best_score_counts_or_the_first():
    jobs = [job("carry_box", [box(5, *BOX)], (3, 7))]
    (best,) = answer(Three(), shining(BODY), *jobs)
    assert np.array_equal(best.masks.dense(), BODY)
    assert best.scores[5] == pytest.approx(0.9)
    (first,) = answer(Three(), shining(BODY), *jobs, selection="first")
    assert slices(first) == []


def test_a_volume_of_one_slice():
    one = Array(np.full((1, 8, 8), 200, np.uint8), spacing=None)
    for route in ("carry_box", "carry_mask", "each", "between"):
        (found,) = answer(Bright(), one, job(route, [box(0, 1, 1, 3, 3)], (0, 0)))
        assert boxes(found) == {0: (1, 1, 3, 3)}
