"""Segment everything: against the generator of SAM's authors, in the engine, and as a table."""

import dataclasses
import inspect

import numpy as np
import pytest
import torch
from segment_anything import SamAutomaticMaskGenerator

from promptseg.config.schema import read_schema
from promptseg.core import masks
from promptseg.methods import Grid
from promptseg.methods.sam import Sam
from promptseg.parity.generated_weights import rule_state
from support.networks import tiny_sam
from support.objects import disk

# --- parity ---------------------------------------------------------------------------------------------------------

# The thresholds suit a network with generated weights: some masks pass, others do not.
GRID = {
    "points_per_side": 6,
    "points_per_batch": 10,
    "pred_iou_thresh": 0.3,
    "stability_score_thresh": 0.2,
    "stability_score_offset": 0.2,
    "box_nms_thresh": 0.8,
    "crop_nms_thresh": 0.8,
}


@pytest.fixture(scope="module")
def network():
    """A tiny SAM that sees spots: its weights make strong logits, of which the highest few percent form the masks."""
    model = tiny_sam()
    model.load_state_dict(rule_state(model))
    with torch.no_grad():
        for head in model.mask_decoder.output_hypernetworks_mlps:
            head.layers[-1].weight *= 30
            head.layers[-1].bias *= 30
        model.mask_decoder.iou_prediction_head.layers[-1].bias += 1
    model.mask_threshold = 14.0
    return model.eval()


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pred_iou_thresh": 0.0, "stability_score_thresh": 0.0},
        {"crop_n_layers": 1, "crop_n_points_downscale_factor": 2},
        {"crop_n_layers": 1, "crop_overlap_ratio": 0.2, "min_mask_region_area": 20},
    ],
    ids=["one crop", "all masks", "a layer of crops", "small regions"],
)
def test_masks_are_those_of_the_generator_of_sams_authors(network, changes):
    rng = np.random.default_rng(0)
    pixels = np.full((90, 120, 3), 40, np.uint8)
    for _ in range(6):
        pixels[disk((90, 120), rng.uniform(0, 90, 2), rng.uniform(5, 18)) == 1] = rng.integers(80, 255, 3)
    settings = GRID | changes
    expected = SamAutomaticMaskGenerator(network, **settings).generate(pixels)
    method = Sam.of_network(network, "cpu")
    found = method.everything(method.encode(pixels), pixels, Grid(**settings))
    assert len(found.codes) == len(expected) > 10
    for code, their in zip(found.codes, expected, strict=True):
        np.testing.assert_array_equal(masks.decode(code), their["segmentation"])
    np.testing.assert_allclose(found.scores, [their["predicted_iou"] for their in expected], atol=1e-5)
    np.testing.assert_allclose(found.stability, [their["stability_score"] for their in expected], atol=1e-5)


def test_an_image_without_masks(network):
    method = Sam.of_network(network, "cpu")
    pixels = np.zeros((40, 40, 3), np.uint8)
    found = method.everything(
        method.encode(pixels), pixels, Grid(points_per_side=2, pred_iou_thresh=9.0, crop_n_layers=1)
    )
    assert (found.codes, found.scores.tolist(), found.stability.tolist()) == ([], [], [])


def test_the_configuration_has_the_defaults_of_the_generator():
    schema = read_schema()["properties"]["everything"]["properties"]
    assert {name: about["default"] for name, about in schema.items()} == pytest.approx(dataclasses.asdict(Grid()))
    generator = inspect.signature(SamAutomaticMaskGenerator).parameters
    assert dataclasses.asdict(Grid()) == {name: generator[name].default for name in schema}
