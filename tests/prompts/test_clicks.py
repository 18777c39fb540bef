import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from promptseg.prompts.clicks import Click, ClickTarget, Protocol, deepest_error, next_click
from promptseg.prompts.modes import deepest_in

CORRECTED = Protocol()
AS_RELEASED = Protocol("joint", "any_class", True, "chamfer5", previous_mask="reset", refinement=False)


def ask(truth, prediction, clicks=(), labels=None, protocol=CORRECTED):
    labels = truth.astype(np.uint8) if labels is None else labels
    target = ClickTarget("object", truth, labels)
    return next_click(target, prediction, list(clicks), protocol, tie_break="first", seed=0)


def square(x0, x1, size=11):
    mask = np.zeros((size, 3 * size), bool)
    mask[2:9, x0:x1] = True
    return mask


def test_click_goes_to_the_deeper_error():
    assert ask(square(2, 9), square(2, 5)) == Click(6, 3, True)
    assert ask(square(2, 5), square(2, 9)) == Click(6, 3, False)


def test_nothing_to_correct():
    assert ask(square(2, 9), square(2, 9)) is None


def test_a_pixel_is_not_clicked_twice():
    truth, prediction = square(2, 9), np.zeros((11, 33), bool)
    first = ask(truth, prediction)
    assert first == Click(5, 5, True)
    assert ask(truth, prediction, [first]) != first
    assert ask(truth, prediction, [first], protocol=Protocol(repeat_clicks=True)) == first
    joint = Protocol(error_region="joint")
    assert ask(truth, prediction, [first], protocol=joint) != first
    assert ask(truth, prediction, [first], protocol=AS_RELEASED) == first


def test_an_error_that_was_clicked_everywhere_ends_the_clicks():
    truth = np.zeros((5, 5), bool)
    truth[2, 3] = True
    nothing = np.zeros((5, 5), bool)
    assert ask(truth, nothing) == Click(3, 2, True)
    assert ask(truth, nothing, [Click(3, 2, True)]) is None


def test_of_equally_deep_errors_the_false_positives_are_clicked():
    assert ask(square(2, 9), square(9, 16)) == Click(12, 5, False)


cells = arrays(np.int8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=9), elements=st.integers(0, 3))


@given(cells, st.integers(1, 9), st.sampled_from(["exact", "chamfer5"]), st.lists(st.tuples(*[st.integers(0, 80)] * 2)))
def test_it_is_the_deeper_one_of_both_regions(cells, scale, distance, pixels):
    truth, prediction = (np.kron(cells & bit, np.ones((scale, scale), int)) > 0 for bit in (1, 2))
    height, width = truth.shape
    without = [(x, y) for x, y in pixels if x < width and y < height]
    clicks, protocol = [Click(x, y, True) for x, y in without], Protocol(distance=distance)
    regions = (prediction & ~truth, truth & ~prediction)
    expected = max((deepest_in(region, distance, without) for region in regions), key=lambda one: one.depth)
    found = deepest_error(truth, prediction, clicks, protocol)
    assert (found.depth, found.pixels.tolist()) == (expected.depth, expected.pixels.tolist())


def test_the_distance_decides_which_error_is_deeper():
    rows, columns = np.ogrid[:13, :24]
    wrong = (rows - 5) ** 2 + (columns - 6) ** 2 < 25  # 5 pixels deep, by the 5 by 5 steps 4.9969
    truth = (abs(rows - 6) < 5) & (abs(columns - 18) < 5)  # 5 pixels deep by either
    assert ask(truth, wrong) == Click(6, 5, False)
    assert ask(truth, wrong, protocol=Protocol(distance="chamfer5")) == Click(18, 6, True)


def test_joint_errors_form_one_region_and_the_label_comes_from_any_class():
    truth, prediction = square(2, 9), square(9, 16)  # missed 2..8, wrong 9..15: together 14 wide, 7 high
    other_class = truth.astype(np.uint8) + 2 * square(9, 16)
    click = ask(truth, prediction, protocol=AS_RELEASED)
    assert (click.x, click.y) == (5, 5)
    wrong_only = ask(square(2, 5), square(2, 9), labels=other_class, protocol=AS_RELEASED)
    assert wrong_only == Click(6, 3, True)  # a false positive on another class: the released script's quirk
    assert ask(square(2, 5), square(2, 9), labels=other_class).positive is False
