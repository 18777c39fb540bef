"""A mask of the slice before as part of a prompt: as logits for SAM and its successors, as a map for click models."""

import numpy as np
import pytest
import torch
from PIL import Image
from segment_anything.utils.transforms import ResizeLongestSide

from promptseg.core.masks import iou, tight_box
from promptseg.methods import Method, Prompt, Query, Settings, adapter_class
from promptseg.methods.checks import class_problems
from promptseg.methods.frames import padded, stretched
from promptseg.methods.ritm import Ritm
from promptseg.methods.sam import Sam
from support.projects import ROOT

SHIPPED = ROOT / "resources" / "quickstart"


def as_micro_sam_means(mask, side):
    """`_compute_logits_from_mask` of micro_sam, with PIL on floats: the longest side resized, zeros in the padding.

    With torchvision 0.29 its `ResizeLongestSide.apply_image` takes floats times 255 for bytes, which wrap around.
    """
    logits = np.where(mask, np.log(0.999 / 0.001), np.log(0.001 / 0.999)).astype(np.float32)
    height, width = ResizeLongestSide.get_preprocess_shape(*mask.shape, side)
    resized = np.asarray(Image.fromarray(logits).resize((width, height), Image.Resampling.BILINEAR))
    return np.pad(resized, [(0, side - length) for length in resized.shape])


def disk(height, width):
    rows, columns = np.ogrid[:height, :width]
    return (rows - 0.4 * height) ** 2 + (columns - 0.6 * width) ** 2 <= (0.2 * min(height, width)) ** 2


@pytest.mark.parametrize("size", [(90, 120), (120, 90), (64, 64), (301, 77)])
def test_logits_are_those_of_micro_sam(size):
    mask = disk(*size)
    inside = ResizeLongestSide.get_preprocess_shape(*size, 256)
    found = padded(size, inside, 256, 64).logits(mask, 256).numpy()
    assert found.shape == (64, 64)
    np.testing.assert_allclose(found, as_micro_sam_means(mask, 64), atol=2e-4)


def test_literal_logits():
    mask = np.array([[True, False], [True, False]])
    assert stretched((2, 2), 8, 2).logits(mask, 8).tolist() == pytest.approx(np.array([[6.90675, -6.90675]] * 2))
    mask = np.array([[True, False]])
    assert padded((1, 2), (4, 8), 8, 2).logits(mask, 8).tolist() == pytest.approx(
        np.array([[6.90675, -6.90675], [0, 0]])
    )


@pytest.fixture(scope="module")
def sam():
    return Sam(Settings(variant="small", weights=SHIPPED / "sam_small.safetensors"))


@pytest.fixture(scope="module")
def ritm():
    options = {"flip": False, "target_size": 96, "skip_clicks": -1, "min_crop_size": 64}
    return Ritm(Settings(variant="small", weights=SHIPPED / "ritm_small.safetensors", options=options))


def test_sam_s_state_becomes_the_mask_again(sam):
    mask = disk(90, 120)
    state = sam.state_of(mask)
    pixels = np.zeros((90, 120, 3), np.uint8)
    encoded = sam.encode(pixels)
    answer = sam.predict([Query(encoded, Prompt(np.array([[72, 36]], np.int32), np.ones(1, np.int8)))])[0]
    assert state.shape == answer.states[0].shape
    assert iou(encoded.frame.full(state).numpy() > 0, mask) > 0.97


def scene():
    """A bright disk on noise, and its mask."""
    mask = disk(96, 96)
    grey = np.random.default_rng(0).normal(60, 10, mask.shape) + 120 * mask
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, 2), mask


def test_the_mask_is_part_of_the_prompt(sam, ritm):
    pixels, mask = scene()
    box = Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array(tight_box(mask), np.int32))
    click = Prompt(np.array([[57, 38]], np.int32), np.ones(1, np.int8))
    for method, prompt in ((sam, box), (ritm, click)):
        encoded = method.encode(pixels)
        ours, fresh = method.predict(
            [Query(encoded, prompt, previous, multimask="official") for previous in (method.state_of(mask), None)]
        )
        assert ours.masks.shape == (1, 96, 96)
        assert not np.array_equal(ours.masks, fresh.masks)
    assert iou(ours.masks[0], mask) > iou(fresh.masks[0], mask) > 0.9  # sam_small never saw a mask beside a box


def test_a_click_model_s_state_is_the_mask(ritm):
    mask = disk(20, 30)
    state = ritm.state_of(mask)
    assert state.roi is None
    assert state.probability.dtype == torch.float32
    assert np.array_equal(state.probability.numpy(), mask.astype(np.float32))


@pytest.mark.parametrize(
    ("adapter", "takes"),
    [
        ("sam:Sam", True),
        ("sam2:Sam2", True),
        ("sam3:Sam3", True),
        ("hq_sam:HqSam", True),
        ("sam_med2d:SamMed2D", True),
        ("scribbleprompt:ScribblePromptUnet", True),
        ("ritm:Ritm", True),
        ("simpleclick:SimpleClick", True),
        ("focalclick:FocalClick", True),
        ("medsam:MedSam", False),
        ("lite_medsam:LiteMedSam", False),
        ("ultrasam:UltraSam", False),
        ("efficient_sam:EfficientSam", False),
        ("classical:RegionGrowing", False),
    ],
)
def test_who_takes_masks(adapter, takes):
    assert adapter_class(f"promptseg.methods.{adapter}").takes_masks is takes


def test_a_class_that_says_so_has_to_have_the_method():
    class Mine(Method):
        prompt_types = frozenset({"box"})
        takes_masks = True
        tracker = None

        def predict(self, queries):
            return []

    assert class_problems(Mine) == [
        "`tracker` is None: it has to be `module:Class` of a VolumeMethod, or empty.",
        "`takes_masks` is True, but there is no `def state_of(self, mask)`: write it.",
    ]
