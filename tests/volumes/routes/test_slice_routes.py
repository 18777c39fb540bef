"""How a method for images is asked about a volume: in batches, equal questions once, each slice encoded once."""

import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.methods import Candidates, Prompt, Query, Settings
from promptseg.methods.ritm import Ritm
from promptseg.volumes.routes import questions
from support.bodies import cylinder, two_parts
from support.projects import ROOT
from support.slice_methods import Bright, answer, answering, box, job, point, shining

SHAPE = (12, 40, 44)
BODY = cylinder(SHAPE, radius=8, first=3, last=7, centre=(18, 20))
BOX = (12, 10, 28, 26)


def zs(found):
    return found.masks.slices


# --- batches ----------------------------------------------------------------------------------------------------------


def test_objects_settings_and_directions_share_batches_and_slices_are_encoded_once():
    method = Bright()
    other = cylinder(SHAPE, radius=5, first=2, last=6, centre=(30, 38))
    jobs = [
        job("carry_box", [box(5, *BOX)], (0, 11), given=False),
        job("carry_box", [box(5, *BOX)], (3, 7)),  # asks the same, as far as it goes
        job("carry_point", [point(5, 20, 18)], (3, 7)),
        job("carry_box", [box(4, 33, 25, 43, 35)], (2, 6), name="other"),
        job("each", [box(z, *BOX) for z in range(3, 8)], (3, 7)),
        job("between", [box(3, *BOX), box(7, *BOX)], (3, 7)),
    ]
    found = answer(method, shining(BODY | other), *jobs)
    assert [zs(one) for one in found] == [[3, 4, 5, 6, 7]] * 3 + [[2, 3, 4, 5, 6]] + [[3, 4, 5, 6, 7]] * 2
    # First all prompts, of which two carriers, `each` and `between` ask the same; then a step for all.
    assert [len(batch) for batch in method.asked] == [5 + 1 + 1, 2 + 2 + 2, 2 + 2 + 2, 2]
    assert method.encoded == 7  # slices 2 to 8
    alone = [answer(Bright(), shining(BODY | other), one)[0] for one in jobs]
    assert [one.masks.codes for one in alone] == [one.masks.codes for one in found]


def test_a_batch_is_bounded_by_pixels_and_by_slices(monkeypatch):
    prompts = [box(z, *BOX) for z in range(12)]
    jobs = [job("each", prompts, (0, 11))]
    for pixels, slices, expected in ((2**27, 16, [8, 4]), (3 * 40 * 44, 16, [3, 3, 2, 3, 1]), (2**27, 5, [5, 3, 4])):
        monkeypatch.setattr(questions, "BATCH_PIXELS", pixels)
        monkeypatch.setattr(questions, "IN_MEMORY", slices)
        method = Bright()
        (found,) = answer(method, shining(BODY), *jobs)
        assert [len(batch) for batch in method.asked] == expected
        assert zs(found) == [3, 4, 5, 6, 7]


def test_what_encoding_took_is_known_by_slice():
    asker = answering(Bright())
    (found,) = asker.answer(shining(BODY), [job("carry_box", [box(5, *BOX)], (4, 6))])
    assert found.slices == {4, 5, 6}
    assert found.seconds > 0
    seconds = [asker.encoding([z]) for z in range(12)]
    assert [value > 0 for value in seconds] == [z in (4, 5, 6) for z in range(12)]
    assert asker.encoding(found.slices) == pytest.approx(sum(seconds))


# --- clicks -----------------------------------------------------------------------------------------------------------


def corrected(method, volume, first, *clicks):
    """The answers to a job and after each click."""
    asker = answering(method)
    outcomes = asker.answer(volume, [first])
    for count in range(1, len(clicks) + 1):
        state, query = outcomes[-1].answer.state, first.query
        again = job(
            first.setting.route, query.prompts, query.slices, given=query.given, clicks=clicks[:count], previous=state
        )
        outcomes += asker.answer(volume, [again])
    return [outcome.answer for outcome in outcomes]


@pytest.mark.parametrize("route", ["each", "between"])
def test_a_click_changes_its_slice_alone(route):
    second = cylinder(SHAPE, radius=3, first=3, last=7, centre=(34, 38))
    body, prompts = BODY | second, [box(z, *BOX) for z in ((3, 4, 5, 6, 7) if route == "each" else (3, 7))]
    method = Bright()
    before, after = corrected(method, shining(body), job(route, prompts, (3, 7)), point(4, 38, 34))
    assert np.array_equal(before.masks.dense(), BODY)
    expected = BODY.copy()
    expected[4] = body[4]
    assert np.array_equal(after.masks.dense(), expected)
    (query,) = method.asked[-1]
    assert (query.prompt.box.tolist(), query.prompt.points.tolist()) == (list(BOX), [[38, 34]])
    assert after.dropped == 0


def test_from_a_click_the_mask_is_carried_on_to_the_nearest_prompts():
    body = np.zeros((9, 20, 40), bool)
    body[:, 5:10, 5:10] = True  # prompted
    body[3:6, 5:10, 20:25] = True  # only there when clicked
    prompts = [box(0, 5, 5, 9, 9), box(6, 5, 5, 9, 9)]
    method = Bright()
    first, second = corrected(method, shining(body), job("carry_box", prompts, (0, 8)), point(3, 22, 7))
    assert not first.masks.dense()[:, :, 20:].any()
    wide = second.masks.dense()[:, :, 20:].any(axis=(1, 2))
    # To both sides as far as the middle of what lies between: slice 1 is carried from 0, 2 and 4 from 3, 5 from 6.
    assert np.flatnonzero(wide).tolist() == [3, 4]
    assert [len(batch) for batch in method.asked[-2:]] == [1, 4]


def test_a_click_beyond_the_end_of_an_open_walk_begins_another():
    body = two_parts(SHAPE, radius=8, first=1, last=9, gap=(4, 5), centre=(18, 20))
    first, second = corrected(
        Bright(), shining(body), job("carry_point", [point(2, 20, 18)], (0, 11), given=False), point(8, 20, 18)
    )
    assert zs(first) == [1, 2, 3]
    assert np.array_equal(second.masks.dense(), body)  # between the two anchors nothing stops


def test_not_here_on_a_slice_of_which_nothing_was_said_is_no_use():
    click = point(9, 1, 1, positive=False)
    first, second = corrected(Bright(), shining(BODY), job("carry_box", [box(5, *BOX)], (0, 11), given=False), click)
    assert second.masks.codes == first.masks.codes
    assert (first.dropped, second.dropped) == (0, 1)


def test_a_click_on_the_background_takes_away():
    second = cylinder(SHAPE, radius=3, first=3, last=7, centre=(22, 34))
    wide = (12, 10, 37, 26)
    _, after = corrected(
        Bright(), shining(BODY | second), job("carry_box", [box(5, *wide)], (3, 7)), point(5, 34, 22, positive=False)
    )
    assert np.array_equal(after.masks.dense(), BODY)


def test_clicks_feed_click_models_as_in_two_dimensions():
    """Each slice of `each`, clicked twice: equal to a trajectory of the protocol `corrected` on that image."""
    options = {"flip": False, "target_size": 96, "skip_clicks": -1, "min_crop_size": 64}
    weights = ROOT / "resources" / "quickstart" / "ritm_small.safetensors"
    method = Ritm(Settings(variant="small", weights=weights, options=options))
    volume = shining(BODY)
    places = [(20, 18), (24, 20), (5, 5)]
    clicks = [point(4, *places[1]), point(4, *places[2], positive=False)]
    found = corrected(method, volume, job("each", [point(z, 20, 18) for z in (4, 5)], (4, 5)), *clicks)
    encoded, state = method.encode(volume.pixels(4)), None
    for count, one in enumerate(found, start=1):
        prompt = Prompt(np.array(places[:count], np.int32), np.array([1, 1, 0][:count], np.int8))
        (expected,) = method.predict([Query(encoded, prompt, state)])
        state = expected.states[0]
        assert np.array_equal(one.masks.slice(4), expected.masks[0])
    assert found[0].masks.codes[5] == found[2].masks.codes[5]


# --- failures ---------------------------------------------------------------------------------------------------------


class Shy(Bright):
    """It raises an error where the brightest column is asked for."""

    def answer(self, query):
        if 43 in query.prompt.points[:, 0]:
            raise ValueError("too far right")
        return super().answer(query)


def test_a_failure_is_that_of_its_job_alone():
    asker = answering(Shy(), strict=False)
    jobs = [job("carry_point", [point(5, x, 18)], (3, 7), name=f"at {x}") for x in (20, 43)]
    good, bad = asker.answer(shining(BODY), jobs)
    assert np.array_equal(good.answer.masks.dense(), BODY)
    assert bad.answer.startswith("method failed: it raised ValueError at at 43 carry_point 1 point given")
    asker.asker.failures.conclude()  # something was answered


def test_all_that_fails_ends_the_job_and_strict_the_first():
    asker = answering(Shy(), strict=False)
    asker.answer(shining(BODY), [job("carry_point", [point(5, 43, 18)], (3, 7))])
    with pytest.raises(PromptsegError, match="answered none of 1 prompts"):
        asker.asker.failures.conclude()
    with pytest.raises(PromptsegError, match="strict: true stops at the first failure"):
        answer(Shy(), shining(BODY), job("carry_point", [point(5, 43, 18)], (3, 7)))


class Painter(Bright):
    """It draws into its image."""

    def encode(self, pixels):
        return pixels

    def answer(self, query):
        query.image[:] = 0
        return Candidates(query.image[None, ..., 0] > 0)


def test_an_image_cannot_be_changed():
    asker = answering(Painter(), strict=False)
    (found,) = asker.answer(shining(BODY), [job("each", [box(5, *BOX)], (5, 5))])
    assert found.answer.startswith("method failed: it raised ValueError at it each")


class Likely(Bright):
    """Probabilities in place of masks."""

    def answer(self, query):
        return Candidates(0.9 * super().answer(query).masks)


def test_answers_are_checked():
    asker = answering(Likely(), strict=False)
    (found,) = asker.answer(shining(BODY), [job("carry_box", [box(5, *BOX)], (3, 7))])
    assert "masks are float64 between 0 and 0.9; give bool" in found.answer


class Blind(Bright):
    """It cannot encode one of the slices."""

    def encode(self, pixels):
        if (pixels[0, 0] == 7).all():
            raise RuntimeError("no such slice")
        return super().encode(pixels)


def test_a_slice_that_cannot_be_encoded_is_a_failure_of_those_who_need_it():
    volume = shining(BODY)
    volume._pixels[4, 0, 0] = 7
    asker = answering(Blind(), strict=False)
    far, near = asker.answer(volume, [job("each", [box(z, *BOX)], (z, z), name=f"slice {z}") for z in (6, 4)])
    assert zs(far.answer) == [6]
    assert near.answer.startswith("method failed: it raised RuntimeError at slice 4 each")
