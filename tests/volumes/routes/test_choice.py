from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptseg.core.stacks import MaskStack
from promptseg.volumes.routes.choice import RULES, choose, spaced
from support.protocols import fixtures, stack


def object_on(areas: dict[int, int], depth: int = 30) -> MaskStack:
    """An object with so many pixels on these slices."""
    body = np.zeros((depth, 1, 12), bool)
    for z, area in areas.items():
        body[z, 0, :area] = True
    return MaskStack.of(body)


@pytest.mark.parametrize(
    ("n", "k", "with_ends", "without"),
    [
        (11, 3, [0, 5, 10], [1, 5, 9]),
        (11, 5, [0, 2, 5, 8, 10], [1, 3, 5, 7, 9]),  # 2.5 and 7.5: half to even
        (7, 3, [0, 3, 6], [1, 3, 5]),
        (4, 3, [0, 2, 3], [0, 2, 3]),
        (30, 3, [0, 14, 29], [5, 15, 25]),
        (3, 3, [0, 1, 2], [0, 1, 2]),
        (2, 3, None, None),
        (2, 2, [0, 1], [0, 1]),
        (8, 1, [4], [4]),
        (1, 1, [0], [0]),
    ],
)
def test_evenly_spaced_slices(n, k, with_ends, without):
    assert spaced(list(range(n)), k, ends=True) == with_ends
    assert spaced(list(range(n)), k, ends=False) == without


def test_slices_are_counted_among_those_with_the_object():
    truth = object_on({3: 1, 4: 1, 9: 1, 10: 1, 20: 1})
    assert choose(truth, "3", given=True) == [3, 9, 20]
    assert choose(truth, "2", given=False) == [4, 10]
    assert choose(truth, "all", given=True) == [3, 4, 9, 10, 20]
    assert choose(truth, "6", given=True) is None


def test_the_rules_of_others():
    truth = object_on({5: 2, 6: 9, 7: 3, 8: 9, 9: 4, 10: 1, 13: 1, 14: 1, 15: 1, 17: 2})
    # The literal answers for n = 10 slices with the object, two of them equally large, and two gaps.
    expected = {
        "largest": [6],
        "sam2_medical_first": [5],
        "sam2_medical": [10],
        "sam2_medical_largest": [6],
        "sam2_medical_four": [7, 9, 13],  # every second one is 5, 7, 9, 13, 15
        "cvpr": [10],
        "radioactive": [9],  # 9.5
        "medsam2": None,  # 5 + 13 // 2 = 11 lies in a gap
    }
    assert set(expected) == set(RULES)
    for rule, chosen in expected.items():
        assert choose(truth, rule, given=True) == choose(truth, rule, given=False) == chosen, rule


def test_the_documentation_names_all_rules():
    text = (Path(__file__).parents[3] / "docs" / "volumes.md").read_text(encoding="utf-8")
    assert all(f"| `{rule}` |" in text for rule in RULES)


def test_a_rule_that_hits_a_gap_finds_no_slice():
    truth = object_on({1: 3, 2: 3, 8: 3, 9: 3})
    assert choose(truth, "radioactive", given=True) is None  # 5
    assert choose(truth, "medsam2", given=True) is None  # 1 + 9 // 2 = 5
    assert choose(truth, "cvpr", given=True) == [8]


@pytest.mark.parametrize(
    ("n", "chosen"),
    [(1, [0]), (2, [0, 1]), (3, [0, 1, 2]), (4, [0, 1, 2]), (5, [1, 2, 3]), (8, [0, 2, 4]), (9, [2, 4, 6])],
)
def test_up_to_three_of_every_fourth_slice(n, chosen):
    assert choose(object_on(dict.fromkeys(range(n), 1)), "sam2_medical_four", given=True) == chosen


def test_slices_of_the_sam2_evaluation():
    found = fixtures("sam2medical")
    names = ["sam2_medical_first", "sam2_medical", "sam2_medical_largest", "sam2_medical_four"]
    for volume in found["volumes"]:
        for task, bits in enumerate(found[f"{volume}/labels"]):
            truth = stack(bits, found["shape"])
            for mode, name in enumerate(names, 1):
                frames = found[f"{volume}/frame{mode}_prompt3/frames"]
                expected = frames[frames[:, 0] == task, 1].tolist()
                assert choose(truth, name, given=False) == expected, (volume, task, name)


def test_middle_slices_of_the_challenge():
    found = fixtures("medsam2")
    pairs = 0
    for pair in found["pairs"]:
        truth = stack(found[f"{pair}/truth"], found["shape"])
        if truth.codes:
            assert choose(truth, "cvpr", given=True) == [found[f"{pair}/cvpr_box"][2]], pair
            pairs += 1
    assert pairs > 10


def test_median_slices_of_radioactive():
    """The box of the median slice stands for its neighbours as well; the points of propagation begin with it."""
    found = fixtures("radioactive")
    for volume in found["volumes"]:
        truth = stack(found[f"{volume}/truth"], found["shape"])
        start = found[f"{volume}/PointPropagationPrompter"][0, 0]
        if truth.voxels >= 5 * len(truth.slices):
            assert choose(truth, "radioactive", given=True) == [start], volume


@given(
    st.dictionaries(st.integers(0, 29), st.integers(1, 12), min_size=1),
    st.sampled_from([*RULES, "1", "2", "4", "9"]),
    st.booleans(),
)
def test_chosen_slices_are_in_order_and_show_the_object(areas, slices, ends):
    truth = object_on(areas)
    chosen = choose(truth, slices, given=ends)
    if chosen is None:
        assert slices in ("radioactive", "medsam2") or int(slices) > len(areas)
    else:
        assert chosen == sorted(set(chosen))
        assert set(chosen) <= set(areas)
        if slices.isdigit():
            assert len(chosen) == int(slices)
            if ends and len(chosen) > 1:
                assert (chosen[0], chosen[-1]) == (min(areas), max(areas))
