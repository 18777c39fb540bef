import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from promptseg.core import masks

bool_masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=24))


def draw(*rows: str) -> np.ndarray:
    return np.array([[cell == "#" for cell in row] for row in rows])


@given(bool_masks)
def test_run_length_code_is_lossless(mask):
    code = masks.encode(mask)
    assert code["size"] == list(mask.shape)
    np.testing.assert_array_equal(masks.decode(code), mask)


@given(bool_masks, st.sampled_from(["C", "F"]), st.booleans())
def test_run_length_code_is_that_of_pycocotools(mask, order, flipped):
    mask = np.array(mask[:, ::-1], order=order)[:, ::-1] if flipped else np.array(mask, order=order)
    code = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    assert masks.encode(mask)["counts"] == code["counts"].decode()


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (["...", "..."], "6"),
        (["###", "###"], "06"),
        (["#..", "#.."], "024"),
        (["..#", "..#"], "42"),
        ([".##", "##."], "141"),
        (["#.#", "..."], "0130N"),  # 0, 1, 3, 1, 1: from the fourth on less the one before the last; N is -2
    ],
)
def test_literal_run_length_codes(rows, counts):
    assert masks.encode(draw(*rows)) == {"size": [2, 3], "counts": counts}


def test_tight_box_is_inclusive():
    assert masks.tight_box(draw("....", ".##.", "..#.")) == (1, 1, 2, 2)
    with pytest.raises(ValueError, match="empty"):
        masks.tight_box(np.zeros((2, 2), bool))


def test_components_are_8_connected_and_sorted_by_area_then_row_major():
    found = masks.components(draw("#....##", ".#.....", ".......", "###..##"))
    assert [component.area for component in found] == [3, 2, 2, 2]
    assert [tuple(np.argwhere(component.mask)[0]) for component in found] == [(3, 0), (0, 0), (0, 5), (3, 5)]
    assert len(masks.components(draw("#.#.#"), limit=2)) == 2
    last = masks.components(draw("#....##", ".#.....", ".......", "###..##"), 3, equal="last")
    assert [tuple(np.argwhere(component.mask)[0]) for component in last] == [(3, 0), (3, 5), (0, 5)]
    assert masks.components(np.zeros((3, 3), bool)) == []
    assert masks.count_components(np.zeros((3, 3), bool)) == 0


@given(bool_masks)
def test_components_partition_the_mask(mask):
    found = masks.components(mask)
    assert len(found) == masks.count_components(mask)
    np.testing.assert_array_equal(sum((c.mask.astype(int) for c in found), np.zeros(mask.shape, int)), mask)
    assert [c.area for c in found] == sorted((int(c.mask.sum()) for c in found), reverse=True)


def test_iou():
    assert masks.iou(draw("##.."), draw(".##.")) == pytest.approx(1 / 3)
    assert masks.iou(draw("...."), draw("....")) == 1
    assert masks.iou(draw("...."), draw("#...")) == 0


@given(st.integers(1, 5), st.data())
def test_best_candidate_overlaps_most(count, data):
    shape = (4, 5)
    candidates = data.draw(arrays(bool, (count, *shape)))
    truth = data.draw(arrays(bool, shape))
    chosen = masks.best_candidate(candidates, truth)
    assert masks.iou(candidates[chosen], truth) == max(masks.iou(candidate, truth) for candidate in candidates)


def test_best_candidate_takes_the_last_when_none_overlaps():
    truth = draw("#...")
    assert masks.best_candidate(np.stack([draw(".#.."), draw("..#."), draw("...#")]), truth) == 2
    assert masks.best_candidate(np.stack([draw("##.."), draw("##.."), draw("...#")]), truth) == 0


@pytest.mark.parametrize(
    ("scores", "best"),
    [([0.1, 0.9, 0.9], 1), ([np.nan, -3.0, -2.0], 2), ([np.nan, -np.inf], 1), ([np.nan] * 3, 0), ([0.5, np.nan], 0)],
)
def test_a_score_that_is_nan_is_the_lowest(scores, best):
    assert masks.best_score(np.array(scores, np.float32)) == best
