"""The metrics of presets: literal values, and what counts where a mask is empty."""

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack
from promptseg.protocols.metrics import METRICS, boundary, measure
from promptseg.protocols.subject import Pair, Subject, image_grid, plain_grid


def box(*ranges, shape=(6, 8, 8)):
    mask = np.zeros(shape, bool)
    for z0, z1, y0, y1, x0, x1 in ranges:
        mask[z0:z1, y0:y1, x0:x1] = True
    return mask


def measured(prediction, truth, metrics, spacing=(1.0, 1.0, 1.0), prompted=()):
    subject = Subject(MaskStack.of(truth), plain_grid(truth.shape, spacing))
    return measure(Pair(MaskStack.of(prediction), subject, prompted), metrics)


NOTHING, CUBE = box(), box((1, 4, 1, 5, 1, 5))
ALL = {name: {} for name in METRICS}


def test_overlap_counts_voxels():
    half = box((1, 4, 1, 5, 1, 3))
    assert measured(half, CUBE, {"iou": {}, "dice": {}}) == {"iou": 0.5, "dice": pytest.approx(2 / 3)}
    assert measured(half, CUBE, {"dice": {"smooth": 1}}) == {"dice": pytest.approx(49 / 73)}


def test_a_perfect_mask_has_the_best_value_of_every_metric():
    row = measured(CUBE, CUBE, ALL)
    assert {name: row[name] for name in METRICS} == {name: block.best for name, block in METRICS.items()}


def test_an_empty_prediction_scores_nothing_and_misses_the_volume_of_the_object():
    row = measured(NOTHING, CUBE, ALL, spacing=(5.0, 2.0, 2.0))
    assert row["fn_voxels"] == 48
    assert row["fn_ml"] == pytest.approx(48 * 20 / 1000)
    assert all(row[name] == 0 for name in METRICS if not name.startswith("fn"))


def test_without_a_truth_each_protocol_says_what_counts():
    row = measured(CUBE, NOTHING, ALL)
    assert row["fp_voxels"] == 48
    assert (row["fn_voxels"], row["fn_ml"]) == (None, None)
    assert row["dice"] == row["nsd"] == row["pq"] == 0
    assert measured(CUBE, NOTHING, {"dice": {"truth_empty": "none"}}) == {"dice": None}
    empty = measured(NOTHING, NOTHING, ALL)
    assert empty["fp_ml"] == 0
    assert all(value is None for name, value in empty.items() if not name.startswith("fp") and name in METRICS)
    assert measured(NOTHING, NOTHING, {"dice": {"both_empty": 1}, "nsd": {"both_empty": 1}}) == {"dice": 1, "nsd": 1}


def test_false_volumes_are_of_whole_components_with_18_neighbours():
    # Two boxes that share an edge are one of 18 neighbours, two that share a corner are not.
    edge = box((0, 2, 0, 2, 0, 2), (2, 4, 2, 4, 0, 2))
    corner = box((0, 2, 0, 2, 0, 2), (2, 4, 2, 4, 2, 4))
    seed = box((0, 1, 0, 1, 0, 1))
    assert measured(edge, seed, {"fp_voxels": {}})["fp_voxels"] == 0
    assert measured(corner, seed, {"fp_voxels": {}})["fp_voxels"] == 8
    assert measured(corner, seed, {"fp_voxels": {"connectivity": 26}})["fp_voxels"] == 0
    assert measured(seed, corner, {"fn_voxels": {}, "fn_ml": {}}, (3.0, 1.0, 1.0)) == {"fn_voxels": 8, "fn_ml": 0.024}


def test_without_a_spacing_no_volume_is_known():
    assert measured(CUBE, NOTHING, {"fp_ml": {}, "fp_voxels": {}}, None) == {"fp_ml": None, "fp_voxels": 48}
    image = Subject(MaskStack.of(box((0, 1, 0, 4, 0, 5), shape=(1, 8, 8))), image_grid((8, 8), (0.5, 2.0)))
    empty = Pair(MaskStack((1, 8, 8)), image)
    assert measure(empty, {"fn_ml": {}}) == {"fn_ml": pytest.approx(20 / 1000)}, "a slice of 1 mm"


def test_slices_of_the_object_alone_hide_what_lies_beyond_it():
    long = box((0, 6, 1, 5, 1, 5))
    assert measured(long, CUBE, {"iou": {"slices": "with_truth"}}) == {"iou": 1, "entries": 3, "left_out": 3}
    assert measured(long, CUBE, {"iou": {"slices": "any"}}) == {"iou": 0.5, "entries": 6, "left_out": 0}


def test_slices_up_to_the_prompted_one_may_weigh_twice():
    part = box((1, 3, 1, 5, 1, 5))
    options = {"slices": "with_truth", "entries": [4, 2]}
    assert measured(part, CUBE, {"iou": options}, prompted=(2,)) == {
        "iou": pytest.approx(0.8),
        "entries": 10,
        "left_out": 0,
    }
    once = {"slices": "with_truth"}
    assert measured(part, CUBE, {"iou": once}, prompted=(2,)) == {
        "iou": pytest.approx(2 / 3),
        "entries": 3,
        "left_out": 0,
    }
    assert measured(part, CUBE, {"iou": options}, prompted=(1, 2, 3))["entries"] == 10, "the middle one of several"


def test_nsd_depends_on_the_order_of_the_spacing():
    shifted = np.roll(CUBE, 1, axis=0)
    thick = (5.0, 1.0, 1.0)
    as_stored = measured(shifted, CUBE, {"nsd": {}}, thick)["nsd"]
    swapped = measured(shifted, CUBE, {"nsd": {"spacing": "reversed"}}, thick)["nsd"]
    assert as_stored < swapped == 1
    assert measured(shifted, CUBE, {"nsd": {"tolerance_mm": 5}}, thick)["nsd"] == 1


def test_an_image_has_no_reversed_spacing():
    slab = box((0, 1, 1, 5, 1, 5), shape=(1, 8, 8))
    assert measured(slab, slab, {"nsd": {"spacing": "reversed"}})["nsd"] is None
    assert measured(slab, slab, {"nsd": {}})["nsd"] == 1


def test_a_boundary_is_what_erosion_takes_away():
    mask = np.zeros((30, 40), bool)
    mask[5:15, 0:10] = True
    assert boundary(mask, 0.02).sum() == 100 - 8 * 8, "a diagonal of 50: one pixel, at the border too"
    assert boundary(mask, 0.04).sum() == 100 - 6 * 6
    assert boundary(mask, 1e-9).sum() == 100 - 8 * 8, "at least once"


def test_boundary_iou_of_a_hole_in_the_middle():
    truth, hole = box((0, 1, 1, 6, 1, 6), shape=(1, 8, 8)), box((0, 1, 1, 6, 1, 6), shape=(1, 8, 8))
    hole[0, 3, 3] = False
    assert measured(hole, truth, {"boundary_iou": {}})["boundary_iou"] == pytest.approx(16 / 24)


def test_panoptica_matches_lesions_and_lesion_dice_all_of_them():
    truth = box((0, 1, 0, 2, 0, 4), (0, 1, 5, 7, 0, 4))
    found = box((0, 1, 0, 2, 0, 2), (0, 1, 5, 7, 0, 1), (3, 4, 0, 2, 0, 2))
    row = measured(found, truth, {"rq": {}, "sq": {}, "pq": {}, "pq_dsc": {}, "lesion_dice": {}})
    assert row["rq"] == pytest.approx(1 / (1 + 1 + 0.5))
    assert row["sq"] == 0.5, "exactly half matches"
    assert (row["pq"], row["pq_dsc"]) == (pytest.approx(0.2), pytest.approx(0.4 * 2 / 3))
    assert (row["lesion_dice"], row["n_lesions"]) == (pytest.approx((2 / 3 + 0.4) / 2), 2)
