import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import distance_transform_edt

from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import SlicePrompt
from promptseg.volumes.routes.choice import choose
from promptseg.volumes.routes.interpolation import extrude, interpolate, interpolate_prompts
from promptseg.volumes.routes.showing import box_prompt, point_prompt
from support import bodies
from support.protocols import fixtures

BODIES = {
    "cylinder": bodies.cylinder(),
    "cone": bodies.cone(),
    "sphere": bodies.sphere(),
    "oblique": bodies.oblique_cylinder(radius=20, start=(47.5, 32), step=(0, 1)),
    "branching": bodies.branching(),
    "two_parts": bodies.two_parts(),
}


def filled(body: np.ndarray, known, positions=None, pixel=(1.0, 1.0)) -> np.ndarray:
    contours = MaskStack.of(body)
    return interpolate(contours, known, positions or range(len(body)), pixel).dense()


@pytest.mark.parametrize(
    ("name", "k", "expected"),
    [
        ("cylinder", 3, 1.0),
        ("cone", 5, 0.9957),
        ("sphere", 3, 0.8009),
        ("sphere", 5, 0.9488),
        ("sphere", 9, 0.9848),
        ("oblique", 3, 0.9718),
        ("oblique", 5, 0.9928),
        ("branching", 5, 0.9806),
        ("two_parts", 9, 48 / 57),  # the gap of 9 slices is filled: 24 of 33 slices are right
    ],
)
def test_bodies_from_k_true_contours(name, k, expected):
    """An independent program found for like bodies: cone 0.995, sphere 0.76, 0.94, 0.99, branching 0.98."""
    truth = MaskStack.of(BODIES[name])
    known = choose(truth, str(k), given=True)
    assert bodies.dice(filled(BODIES[name], known), BODIES[name]) == pytest.approx(expected, abs=5e-5)


def whole_image(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """The definition, on the image as a whole."""
    low, high = (
        np.where(mask, distance_transform_edt(mask) - 0.5, 0.5 - distance_transform_edt(~mask))
        for mask in (first, second)
    )
    return (1 - share) * low + share * high >= -1e-9


masks = arrays(bool, (9, 11)).filter(lambda mask: mask.any() and not mask.all())


@given(masks, masks)
def test_equals_the_definition_on_the_whole_image(first, second):
    body = np.stack([first, *[np.zeros_like(first)] * 3, second])
    found = filled(body, [0, 4])
    for z in range(1, 4):
        np.testing.assert_array_equal(found[z], whole_image(first, second, z / 4))


@given(st.lists(arrays(bool, (7, 8)), min_size=2, max_size=4), st.lists(st.integers(1, 3), min_size=3, max_size=3))
def test_given_slices_stay_and_the_direction_does_not_matter(contours, steps):
    known = np.cumsum([0, *steps[: len(contours) - 1]]).tolist()
    body = np.zeros((known[-1] + 3, 7, 8), bool)
    body[known] = contours
    positions = (np.arange(len(body)) ** 1.5 * 2.7).tolist()
    found = filled(body, known, positions, (0.7, 1.3))
    np.testing.assert_array_equal(found[known], body[known])
    assert not found[known[-1] + 1 :].any()
    turned = filled(
        body[::-1], [len(body) - 1 - z for z in known[::-1]], [positions[-1] - p for p in positions[::-1]], (0.7, 1.3)
    )
    np.testing.assert_array_equal(turned[::-1], found)
    # Nothing lies outside the box around all contours.
    rows, columns = body.any(axis=(0, 2)), body.any(axis=(0, 1))
    assert not found[:, ~rows].any()
    assert not found[:, :, ~columns].any()


def test_positions_need_not_be_equally_far_apart():
    """A square with half side 10 turns into one with 2 over 8 mm: 1 pixel for each mm."""
    body = np.zeros((4, 41, 41), bool)
    body[0, 10:31, 10:31] = True
    body[3, 18:23, 18:23] = True
    found = filled(body, [0, 3], [0.0, 1.0, 6.0, 8.0])
    assert [int(found[z, 20].sum()) for z in range(4)] == [21, 19, 9, 5]
    equal = filled(body, [0, 3])
    assert [int(equal[z, 20].sum()) for z in range(4)] == [21, 15, 11, 5]


def test_pixels_may_be_oblong():
    """A bar of 9 rows turns into a plate of 27 columns: in mm, at the middle, not in pixels."""
    body = np.zeros((3, 40, 40), bool)
    body[0, 16:25, 10:31] = True
    body[2, 8:33, 18:23] = True
    assert not np.array_equal(filled(body, [0, 2], pixel=(3.0, 1.0)), filled(body, [0, 2]))
    np.testing.assert_array_equal(filled(body, [0, 2], pixel=(0.5, 0.5)), filled(body, [0, 2]))


def test_an_empty_slice_that_was_annotated_tells_a_gap():
    body = bodies.two_parts((30, 40, 40), radius=10, first=2, last=24, gap=(10, 18), centre=(20, 20))
    assert filled(body, [2, 9, 19, 24])[10:19].any()
    told = filled(body, [2, 9, 10, 18, 19, 24])
    np.testing.assert_array_equal(told, body)
    half = filled(body, [2, 9, 14])
    assert [int(half[z, 20].sum()) for z in (9, 10, 11, 12, 13, 14)] == [21, 15, 7, 0, 0, 0]
    np.testing.assert_array_equal(half, filled(body[::-1], [15, 20, 27])[::-1])


def test_masks_that_fill_the_image_or_nothing():
    full, none = np.ones((6, 6), bool), np.zeros((6, 6), bool)
    assert filled(np.stack([full, none, full]), [0, 2])[1].all()
    assert not filled(np.stack([none, none, none]), [0, 2]).any()


def test_one_contour_is_copied():
    body = bodies.cylinder((20, 40, 40), radius=8, first=5, last=9, centre=(20, 20))
    found = extrude(MaskStack.of(body).between(7, 7), 3, 12)
    assert found.slices == list(range(3, 13))
    assert all(found.area(z) == body[7].sum() for z in found.slices)


def test_boxes_and_points_move_in_straight_lines():
    shown = [SlicePrompt(2, box_prompt((0, 10, 20, 30))), SlicePrompt(6, box_prompt((8, 10, 22, 20)))]
    found = interpolate_prompts(shown, range(10))
    assert [one.z for one in found] == [2, 3, 4, 5, 6]
    # 2.5 and 3.5 are rounded to even: 27.5 and 22.5 to 28 and 22.
    assert [one.prompt.box.tolist() for one in found][1:4] == [[2, 10, 20, 28], [4, 10, 21, 25], [6, 10, 22, 22]]
    points = [
        SlicePrompt(0, point_prompt(0, 8)),
        SlicePrompt(3, point_prompt(10, 8)),
        SlicePrompt(4, point_prompt(3, 1)),
    ]
    by_mm = interpolate_prompts(points, [0.0, 1.0, 8.0, 10.0, 12.0])
    assert [one.prompt.points.tolist() for one in by_mm] == [[[0, 8]], [[1, 8]], [[8, 8]], [[10, 8]], [[3, 1]]]
    assert all(one.prompt.labels.tolist() == [1] for one in by_mm)
    with pytest.raises(ValueError, match="contours"):
        interpolate_prompts([SlicePrompt(0, mask=np.ones((2, 2), bool))] * 2 + [SlicePrompt(2)], range(3))


def test_boxes_and_points_of_radioactive():
    """Its interpolated prompts from those of its own that were shown; its ends are exclusive, which rounding keeps."""
    found = fixtures("radioactive")
    for volume in found["volumes"]:
        for name, count in (("Three", 3), ("Five", 5)):
            boxes = found[f"{volume}/{name}BoxInterpolationPrompter"]
            points = found[f"{volume}/{name}PointInterpolationPrompter"]
            order, shown = boxes[:, 0].astype(int).tolist(), prompted(found, volume, count)
            by_slice = dict(zip(order, boxes[:, 1:].astype(int).tolist(), strict=True))
            made = interpolate_prompts([SlicePrompt(z, box_prompt(tuple(by_slice[z]))) for z in shown], range(24))
            assert [one.prompt.box.tolist() for one in made] == [by_slice[one.z] for one in made]
            at = {int(z): (int(x), int(y)) for x, y, z, _ in points}
            made = interpolate_prompts([SlicePrompt(z, point_prompt(*at[z])) for z in shown], range(24))
            assert [tuple(one.prompt.points[0]) for one in made] == [at[one.z] for one in made]


def prompted(found, volume: str, count: int) -> list[int]:
    """Its slices: evenly spaced and cut to whole numbers, those without the object replaced by the nearest with it."""
    boxes = found[f"{volume}/BoxPer2DSlicePrompter"]
    order = boxes[:, 0].astype(int)
    spread = np.linspace(order[0], order[-1], min(count, len(order)), dtype=int)
    return sorted({int(order[np.abs(order - z).argmin()]) for z in spread})
