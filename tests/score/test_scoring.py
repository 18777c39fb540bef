"""Scores on shapes whose values are known by hand, and compared with those of monai."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from monai.metrics import compute_hausdorff_distance, compute_surface_dice
from scipy import ndimage

from promptseg.core import masks
from promptseg.score.compared import Tolerance
from promptseg.score.scoring import score_masks

TOLERANCE = Tolerance(mm=1.0, px=1.0)


def square(x0, y0, side, shape=(32, 40)):
    mask = np.zeros(shape, bool)
    mask[y0 : y0 + side, x0 : x0 + side] = True
    return mask


def one(prediction, truth, spacing=None, tolerance=TOLERANCE):
    return {
        name: value[0] for name, value in score_masks([masks.encode(prediction)], truth, spacing, tolerance).items()
    }


def test_perfect():
    truth = square(5, 5, 10)
    assert one(truth, truth) == {"iou": 1, "dice": 1, "nsd": 1, "hd95": 0}


def test_square_moved_by_two_pixels():
    values = one(square(7, 5, 10), square(5, 5, 10))
    assert values["iou"] == pytest.approx(80 / 120)
    assert values["dice"] == pytest.approx(160 / 200)
    assert values["hd95"] == 2
    assert 0 < values["nsd"] < 1


def test_spacing_scales_distances_and_the_tolerance_is_in_mm():
    moved, truth = square(7, 5, 10), square(5, 5, 10)
    assert one(moved, truth, spacing=(0.5, 3.0))["hd95"] == 6  # two pixels along x, 3 mm each
    assert one(moved, truth, spacing=(3.0, 0.5))["hd95"] == 1
    assert one(moved, truth, spacing=(3.0, 0.5), tolerance=Tolerance(mm=1.0))["nsd"] == 1
    assert one(moved, truth, spacing=(3.0, 0.5), tolerance=Tolerance(mm=0.4))["nsd"] < 1


def test_empty_prediction_is_the_worst_score_not_a_gap():
    truth = square(5, 5, 10, shape=(30, 40))
    assert one(np.zeros_like(truth), truth) == {"iou": 0, "dice": 0, "nsd": 0, "hd95": 50}
    assert one(np.zeros_like(truth), truth, spacing=(2.0, 2.0))["hd95"] == 100


def test_two_empty_masks_agree():
    empty = np.zeros((5, 5), bool)
    assert one(empty, empty) == {"iou": 1, "dice": 1, "nsd": 1, "hd95": 0}


def test_empty_truth():
    empty = np.zeros((30, 40), bool)
    assert one(square(1, 1, 2, (30, 40)), empty) == {"iou": 0, "dice": 0, "nsd": 0, "hd95": 50}


def test_whole_image_and_single_pixel():
    full = np.ones((6, 8), bool)
    assert one(full, full)["hd95"] == 0
    corner = square(0, 0, 1, shape=(6, 8))
    assert one(corner, corner) == {"iou": 1, "dice": 1, "nsd": 1, "hd95": 0}


@given(arrays(bool, (3, 9, 11)), arrays(bool, (9, 11)).filter(np.any))
def test_a_batch_scores_as_its_members_do(predictions, truth):
    together = score_masks(list(map(masks.encode, predictions)), truth, (0.7, 1.3), TOLERANCE)
    for index, prediction in enumerate(predictions):
        alone = one(prediction, truth, (0.7, 1.3))
        for name, values in together.items():
            assert values[index] == pytest.approx(alone[name], abs=1e-6)
        overlap, union = (prediction & truth).sum(), (prediction | truth).sum()
        assert alone["iou"] == pytest.approx(overlap / union, abs=1e-6)
        assert alone["dice"] == pytest.approx(2 * overlap / (prediction.sum() + truth.sum()), abs=1e-6)


@given(st.integers(0, 10**6), st.sampled_from([None, (1.0, 1.0), (0.7, 1.3)]))
def test_surface_scores_are_those_of_monai_s_own_functions(seed, spacing):
    rng = np.random.default_rng(seed)
    blobs = [ndimage.gaussian_filter(rng.standard_normal((30, 40)), rng.uniform(1, 4)) > 0.02 for _ in range(3)]
    predictions, truth = np.stack(blobs[:2]), blobs[2]
    if not truth.any() or not predictions.any(axis=(1, 2)).all():
        return
    found = score_masks(list(map(masks.encode, predictions)), truth, spacing, Tolerance(mm=1.5, px=1.5))
    # A rim, because surfaces at the image's border count.
    y_pred, y_true = (
        torch.from_numpy(np.pad(stack, ((0, 0), (1, 1), (1, 1)))[:, None])
        for stack in (predictions, truth[None].repeat(2, 0))
    )
    spaced = {"include_background": True, "spacing": list(spacing or (1.0, 1.0))}
    nsd = compute_surface_dice(y_pred, y_true, class_thresholds=[1.5], **spaced)
    hd95 = compute_hausdorff_distance(y_pred, y_true, percentile=95, **spaced)
    assert np.allclose(found["nsd"], nsd[:, 0], atol=1e-6)
    assert np.allclose(found["hd95"], hd95[:, 0], rtol=1e-5)
