from dataclasses import dataclass

import numpy as np

from promptseg.core.stacks import MaskStack
from promptseg.methods.volume import SlicePrompt, VolumeQuery
from promptseg.volumes.routes.controls import Extruded, Interpolated
from support import bodies

BODY = bodies.cone((20, 40, 40), radius=15, first=4, last=14, tip=5, centre=(20, 20))


@dataclass
class Grid:
    """All that the controls look at of a volume."""

    shape: tuple[int, int, int] = BODY.shape
    spacing: tuple[float, float, float] | None = None
    positions: list[float] | None = None


def query(known, slices):
    return VolumeQuery([SlicePrompt(z, mask=BODY[z]) for z in known], slices, given=False)


def test_one_contour_on_all_slices_that_are_to_be_answered():
    (answer,) = Extruded().answer(Grid(), [query([4], (2, 17))])
    expected = np.zeros_like(BODY)
    expected[2:18] = BODY[4]
    np.testing.assert_array_equal(answer.masks.dense(), expected)
    assert answer.dropped == 0


def test_contours_between_given_ones():
    first, second = Interpolated().answer(Grid(), [query([4, 14], (0, 19)), query([6, 10, 12], (4, 14))])
    assert first.masks.slices == list(range(4, 15))
    assert bodies.dice(first.masks, BODY) > 0.98
    assert second.masks.slices == list(range(6, 13))
    for z in (6, 10, 12):
        np.testing.assert_array_equal(second.masks.slice(z), BODY[z])


def test_unequal_distances_of_slices_count():
    steps = np.cumsum([0.0, *np.where(np.arange(19) < 9, 1.0, 4.0)]).tolist()
    uneven = Interpolated().answer(Grid(spacing=(1.0, 0.5, 0.5), positions=steps), [query([4, 14], (4, 14))])[0]
    even = Interpolated().answer(Grid(), [query([4, 14], (4, 14))])[0]
    # Slice 9 lies half way by its number, but 5 of 25 mm away: near the wide end.
    assert uneven.masks.area(9) > even.masks.area(9)


def test_an_empty_contour_is_a_slice_without_the_object():
    shown = [SlicePrompt(4, mask=BODY[4]), SlicePrompt(6, mask=np.zeros((40, 40), bool))]
    (answer,) = Interpolated().answer(Grid(), [VolumeQuery(shown, (0, 19), given=False)])
    assert answer.masks.slices == [4, 5]
    assert isinstance(answer.masks, MaskStack)
