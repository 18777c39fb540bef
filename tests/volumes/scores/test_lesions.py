"""Lesions found and missed: by hand, and as panoptica and autoPET IV count them."""

import json
from pathlib import Path

import numpy as np
import pytest

from promptseg.core.stacks import MaskStack
from promptseg.volumes.scores.lesions import Labelled, Lesions, union_of
from support.protocols import fixtures, unpacked
from support.scored_bodies import grid_of

PANOPTICA = ["tp", "fp", "fn", "rq", "sq", "pq", "pq_dsc"]


def lesions(truth, prediction, connectivity=26):
    return Lesions.of(*(Labelled(MaskStack.of(mask), connectivity) for mask in (truth, prediction)))


def summary(truth, prediction, connectivity=26, spacing=(2.0, 1.0, 0.5)):
    return lesions(truth, prediction, connectivity).summary(grid_of(truth.shape, spacing))


def blocks(*boxes, shape=(6, 12, 16)):
    """Boxes (z, y, x, depth, height, width)."""
    mask = np.zeros(shape, bool)
    for z, y, x, *size in boxes:
        mask[tuple(slice(start, start + side) for start, side in zip((z, y, x), size, strict=True))] = True
    return mask


def test_counts_by_any_overlap_and_one_to_one():
    truth = blocks((0, 0, 0, 2, 4, 4), (0, 6, 0, 2, 4, 4), (4, 0, 10, 1, 2, 2))
    prediction = blocks((0, 0, 0, 2, 4, 4), (0, 6, 3, 2, 4, 4), (4, 8, 12, 2, 2, 2))
    found = summary(truth, prediction)
    # The first is found as it is, the second by one of its four columns (IoU 8 / 56), the third not at all.
    assert [found[name] for name in ("n_lesions", "n_predicted", "n_found", "n_true")] == [3, 3, 2, 2]
    assert [found[name] for name in ("tp", "fp", "fn")] == [1, 2, 2]
    assert [found["recall_any"], found["precision_any"]] == pytest.approx([2 / 3, 2 / 3])
    assert [found["recall_iou50"], found["precision_iou50"]] == pytest.approx([1 / 3, 1 / 3])
    assert [found[name] for name in ("fp_voxels", "fn_voxels")] == [8, 4]
    assert [found["fp_ml"], found["fn_ml"]] == pytest.approx([8 / 1000, 4 / 1000])
    assert [found[name] for name in ("rq", "sq", "pq", "pq_dsc")] == pytest.approx([1 / 3, 1, 1 / 3, 1 / 3])
    rows = lesions(truth, prediction).rows(grid_of(truth.shape, (2.0, 1.0, 0.5)))
    assert [row["lesion"] for row in rows] == [1, 2, 3]
    assert [row["voxels"] for row in rows] == [32, 32, 4]
    assert [row["ml"] for row in rows] == pytest.approx([0.032, 0.032, 0.004])
    assert [(row["found"], row["matched"]) for row in rows] == [(True, True), (True, False), (False, False)]
    assert [row["covered"] for row in rows] == [1, 0.25, 0]
    assert [row["iou"] for row in rows] == [1, 0, 0]


def test_an_iou_of_one_half_is_a_match():
    half = summary(blocks((0, 0, 0, 1, 4, 4)), blocks((0, 0, 0, 1, 4, 2)))
    assert (half["tp"], half["sq"], half["pq_dsc"]) == (1, 0.5, pytest.approx(2 / 3))
    less = summary(blocks((0, 0, 0, 1, 4, 5)), blocks((0, 0, 0, 1, 4, 2)))
    assert (less["tp"], less["sq"], less["pq"]) == (0, 0, 0)


def test_a_merged_pair_is_one_match_at_most():
    truth = blocks((0, 0, 0, 1, 4, 6), (0, 0, 8, 1, 4, 3))
    merged = summary(truth, blocks((0, 0, 0, 1, 4, 11)))
    assert [merged[name] for name in ("tp", "fp", "fn", "n_found", "n_true")] == [1, 0, 1, 2, 1]


@pytest.mark.parametrize(("connectivity", "count"), [(6, 3), (18, 2), (26, 1)])
def test_neighbours_of_a_voxel(connectivity, count):
    truth = blocks((0, 0, 0, 1, 1, 1), (0, 1, 1, 1, 1, 1), (1, 2, 2, 1, 1, 1))  # one edge, one corner
    assert summary(truth, truth, connectivity)["n_lesions"] == count


def test_no_mask():
    found = summary(blocks((1, 2, 3, 2, 2, 2)), blocks())
    assert [found[name] for name in ("n_predicted", "tp", "fn", "recall_any", "pq", "fp_ml")] == [0, 0, 1, 0, 0, 0]
    assert [found[name] for name in ("precision_any", "precision_iou50")] == [None, None]


def test_the_union_of_objects_is_the_task():
    parts = [blocks((1, 2, 3, 2, 2, 2)), blocks((1, 3, 4, 3, 4, 4)), blocks((4, 0, 0, 1, 1, 1))]
    union = union_of(map(MaskStack.of, parts))
    np.testing.assert_array_equal(union.dense(), np.any(parts, axis=0))
    assert all(isinstance(code["counts"], str) for code in union.codes.values())


def test_answers_of_panoptica():
    """Recorded once from panoptica 2.1.7, whose NumPy and pandas cannot live beside ours: the boxes, and its values."""
    recorded = json.loads((Path(__file__).parent / "recorded" / "panoptica.json").read_text())
    assert recorded["keys"] == PANOPTICA
    assert sum(case["values"][0] > 1 for case in recorded["cases"]) > 5  # some have several matches
    for case in recorded["cases"]:
        masks = [blocks(*case[name], shape=recorded["shape"]) for name in ("truth", "prediction")]
        found = summary(*masks)
        assert [found[name] for name in PANOPTICA] == pytest.approx(case["values"], abs=1e-12)


def recorded_pair(recorded, pair, spacing=(1.0, 1.0, 1.0), connectivity=26):
    masks = [unpacked(recorded[f"{pair}/{name}"], recorded["shape"]) for name in ("truth", "pred")]
    return summary(*masks, connectivity, spacing)


def test_recorded_answers_of_panoptica():
    recorded = fixtures("panoptica")
    pairs = [name for name in recorded["pairs"] if name.startswith("3d/")]
    assert len(pairs) > 15
    for pair in pairs:
        expected = dict(zip(recorded["keys"].tolist(), recorded[f"{pair}/naive_iou50"], strict=True))
        found = recorded_pair(recorded, pair)
        ours = [np.nan if found[name] is None else found[name] for name in PANOPTICA]
        assert ours == pytest.approx([expected[name] for name in PANOPTICA], abs=1e-9, nan_ok=True), pair


def test_recorded_answers_of_autopet():
    """With 18 neighbours; it gives no value for the false negatives of an empty truth, where we have 0."""
    recorded = fixtures("autopet")
    assert len(recorded["pairs"]) == 20
    for pair in recorded["pairs"]:
        spacing = tuple(recorded[f"{pair}/spacing"].astype(np.float32).tolist())  # as NIfTI holds it
        found = recorded_pair(recorded, pair, spacing, 18)
        expected = np.concatenate([recorded[f"{pair}/result"][1:], recorded[f"{pair}/voxels"]])
        ours = [found[name] for name in ("fp_ml", "fn_ml", "fp_voxels", "fn_voxels")]
        assert ours == pytest.approx(np.where(np.isnan(expected), 0, expected).tolist(), rel=1e-6), pair
