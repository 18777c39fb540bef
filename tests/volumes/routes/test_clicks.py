import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt, label

from promptseg.core.stacks import MaskStack
from promptseg.volumes.routes.clicks import VolumeClick, deepest_voxels, error_areas, error_of, next_click
from promptseg.volumes.routes.settings import VolumeSettings
from support import bodies
from support.protocols import fixtures, unpacked

SLICE = VolumeSettings(click_rule="slice", tie_break="first")
CVPR = VolumeSettings(click_rule="cvpr")
SHAPE = (6, 20, 24)
TRUTH = np.zeros(SHAPE, bool)
TRUTH[1:5, 4:13, 4:13] = True


def click(prediction, clicks=(), settings=SLICE, truth=TRUTH, spacing=None):
    return next_click("a", MaskStack.of(truth), MaskStack.of(prediction), clicks, settings, spacing)


def test_the_slice_with_the_largest_error_is_clicked_where_it_is_deepest():
    prediction = TRUTH.copy()
    prediction[2, 4:13, 4:8] = False  # 36 pixels missed, 2 deep
    prediction[4, 4:9, 13:22] = True  # 45 pixels too much, 3 deep
    assert click(prediction) == VolumeClick(4, 6, 15, positive=False)
    prediction[4, 4:13, 4:6] = False
    assert click(prediction) == VolumeClick(4, 6, 15, positive=False)
    prediction[4] = TRUTH[4]
    assert click(prediction) == VolumeClick(2, 5, 5, positive=True)
    assert click(TRUTH) is None


def test_of_equally_wrong_slices_the_first_is_clicked():
    assert click(np.zeros(SHAPE, bool)) == VolumeClick(1, 8, 8, positive=True)
    assert click(np.zeros(SHAPE, bool), truth=TRUTH[::-1].copy()).z == 1


def test_no_pixel_is_clicked_twice():
    prediction = TRUTH.copy()
    prediction[3, 4:6, 4] = False  # two pixels
    prediction[1, 4, 4] = False
    clicks: list[VolumeClick] = []
    while (found := click(prediction, clicks)) is not None:
        clicks.append(found)
    assert [(c.z, c.y, c.x) for c in clicks] == [(3, 4, 4), (3, 5, 4), (1, 4, 4)]
    assert all(c.positive for c in clicks)


def test_ties_are_drawn_by_object_and_number_of_the_click():
    prediction = TRUTH.copy()
    prediction[2, 4:13, 4:13] = False
    prediction[2, 6:11, 6:11] = True  # a frame two pixels wide is left
    random = replace(SLICE, tie_break="random")
    truth, answer = MaskStack.of(TRUTH), MaskStack.of(prediction)
    drawn = {next_click(name, truth, answer, [], random) for name in "abcdefgh"}
    assert len(drawn) > 3
    assert next_click("a", truth, answer, [], random) == next_click("a", truth, answer, [], random)


def test_the_challenge_takes_the_largest_component_by_count():
    """A thin sheet of 60 voxels beats a lump of 27 that is deeper; it is clicked anywhere on it."""
    prediction = TRUTH.copy()
    prediction[0, 0:4, 5:20] = True
    prediction[2:5, 15:18, 18:21] = True
    found = click(prediction, settings=CVPR)
    assert (found.z, found.positive) == (0, False)
    prediction[0] = False
    assert click(prediction, settings=CVPR) == VolumeClick(3, 16, 19, positive=False)
    # The same again: the rule knows nothing of clicks.
    assert click(prediction, [VolumeClick(3, 16, 19, positive=False)], CVPR) == VolumeClick(3, 16, 19, positive=False)
    assert click(TRUTH, settings=CVPR) is None


def test_of_equal_components_the_first_in_c_order_is_clicked():
    prediction = TRUTH.copy()
    prediction[3, 0, 0:3] = prediction[0, 18, 20:23] = prediction[0, 15, 3:6] = True
    assert deepest_voxels(error_of(MaskStack.of(TRUTH), MaskStack.of(prediction)))[0].tolist() == [0, 15, 3]


def test_depth_in_mm_and_in_voxels():
    """A slab of 3 slices of 5 mm, 7 pixels of 1 mm wide: by voxels it is deepest in the middle slice, by mm in all."""
    region = np.zeros((5, 9, 30), bool)
    region[1:4, 1:8, 2:28] = True
    by_voxels = deepest_voxels(MaskStack.of(region))
    assert set(by_voxels[:, 0]) == {2}
    assert len(by_voxels) == 5 * 24  # 2 deep: all but the outermost ones
    by_mm = deepest_voxels(MaskStack.of(region), sampling=(5.0, 1.0, 1.0))
    assert {tuple(voxel) for voxel in by_mm} == {(z, 4, x) for z in (1, 2, 3) for x in range(5, 25)}
    mm = replace(CVPR, click_distance="mm")
    empty = np.zeros_like(region)
    assert click(empty, settings=mm, truth=region, spacing=(5.0, 1.0, 1.0)).y == 4
    assert click(empty, settings=mm, truth=region) == click(empty, settings=CVPR, truth=region)  # unknown: voxels


@pytest.mark.parametrize(
    ("connectivity", "first", "size"), [(6, [0, 8, 10], 5), (18, [3, 1, 12], 6), (26, [0, 0, 0], 7)]
)
def test_neighbours(connectivity, first, size):
    """A bar of 5 voxels, 6 that touch over an edge, 7 that touch at corners; all are one voxel thin."""
    region = np.zeros((7, 9, 20), bool)
    region[0, 8, 10:15] = True
    region[3, 1, 12:15] = region[4, 2, 12:15] = True
    region[range(7), range(7), range(7)] = True
    found = deepest_voxels(MaskStack.of(region), connectivity)
    assert (found[0].tolist(), len(found)) == (first, size)


def test_the_border_of_the_volume_is_background():
    body = bodies.at_border((12, 30, 30), radius=9, last=6)
    found = deepest_voxels(MaskStack.of(body))
    whole = distance_transform_edt(np.pad(body, 1))[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(found, np.argwhere(whole == whole.max()))
    assert (found.min(axis=0) > 0).all()


def test_errors_by_slice():
    prediction = TRUTH.copy()
    prediction[2, 4, 4:7] = False
    prediction[0, 0, 0] = prediction[2, 0, 0] = True
    truth, answer = MaskStack.of(TRUTH), MaskStack.of(prediction)
    assert error_areas(truth, answer) == {0: 1, 2: 4}
    np.testing.assert_array_equal(error_of(truth, answer).dense(), TRUTH ^ prediction)


def test_a_small_error_in_a_large_volume_costs_little():
    """60 million voxels: neither an array of all of them nor their labels are made."""
    plane = np.zeros((1, 500, 600), bool)
    plane[0, 100:400, 100:400] = True
    code = MaskStack.of(plane).codes[0]
    truth = MaskStack((200, 500, 600), dict.fromkeys(range(200), code))
    hole = plane.copy()
    hole[0, 200:207, 200:207] = False
    prediction = MaskStack(truth.shape, {**truth.codes, 120: MaskStack.of(hole).codes[0]})
    tracemalloc.start()
    found = next_click("a", truth, prediction, [], CVPR)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (found.z, found.positive) == (120, True)
    assert peak < 5e6


@given(arrays(bool, (4, 6, 7)), arrays(bool, (4, 6, 7)), st.sampled_from([SLICE, CVPR]), st.sampled_from([6, 18, 26]))
def test_a_click_lies_in_the_error_and_says_what_is_true_there(truth, prediction, settings, connectivity):
    found = click(prediction, (), replace(settings, connectivity=connectivity), truth)
    if found is None:
        assert np.array_equal(truth, prediction)
    else:
        place = found.z, found.y, found.x
        assert truth[place] != prediction[place]
        assert found.positive == truth[place]
        shown = found.shown()
        assert (shown.z, shown.prompt.points.tolist(), shown.prompt.labels.tolist()) == (
            found.z,
            [[found.x, found.y]],
            [int(found.positive)],
        )


@given(arrays(bool, (5, 6, 7)).filter(np.any))
def test_deepest_voxels_are_those_of_the_whole_padded_volume(region):
    """The definition in the words of the challenge's script, on the volume as a whole."""
    labels, count = label(region, np.ones((3, 3, 3)))
    sizes = [(labels == number).sum() for number in range(1, count + 1)]
    firsts = [np.flatnonzero(labels == number)[0] for number in range(1, count + 1)]
    best = min(range(count), key=lambda i: (-sizes[i], firsts[i])) + 1
    depths = distance_transform_edt(np.pad(labels == best, 1))[1:-1, 1:-1, 1:-1]
    np.testing.assert_array_equal(deepest_voxels(MaskStack.of(region)), np.argwhere(depths == depths.max()))


def calls(found, case):
    """What the challenge's script held as the prediction before each of its five clicks: (5, values, d, h, w).

    A call that wrote nothing leaves the file of the call before; without a box the first click sees nothing.
    """
    segs = unpacked(found[f"{case}/segs"], found["shape"])
    written = found[f"{case}/written"]
    segs = np.broadcast_to(segs, (len(written), *segs.shape[1:]))
    seen, last = [], np.zeros_like(segs[0])
    for done, seg in zip(written, segs, strict=True):
        last = seg if done else last
        seen.append(last)
    return seen[:5] if found[f"{case}/box"] else [np.zeros_like(segs[0]), *seen[:4]]


def test_clicks_of_the_challenge():
    found, compared = fixtures("cvpr"), 0
    for case in found["cases"]:
        values = found[f"{case}/values"].tolist()
        gts = unpacked(found[f"{case}/gts"], found["shape"])
        for number, prediction in enumerate(calls(found, case)):
            for index, task in enumerate(found[f"{case}/labels"].tolist()):
                truth, answer = gts[values.index(task)], prediction[values.index(task)]
                made = click(answer, settings=CVPR, truth=truth)
                point = found[f"{case}/points"][index, number].tolist()
                sign = int(found[f"{case}/signs"][index, number])
                expected = None if sign == -1 else VolumeClick(*point, positive=bool(sign))
                assert made == expected, (case, task, number)
                compared += 1
    assert compared > 150
