"""Decoders with the interface of SAM's export to ONNX, whose own module stands in for the file."""

from pathlib import Path

import numpy as np
import pytest
import torch
from segment_anything.utils.onnx import SamOnnxModel

from promptseg.core.errors import PromptsegError
from promptseg.methods import Grid, Prompt, Settings
from promptseg.methods.backends.decoders import FileDecoder
from promptseg.methods.backends.sessions import Session
from promptseg.methods.sam import Sam
from support.projects import ROOT

WEIGHTS = ROOT / "resources" / "quickstart" / "sam_small.safetensors"
PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
INPUTS = ("image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input", "orig_im_size")
POINTS = Prompt(np.array([[30, 20], [5, 5]], np.int32), np.array([1, 0], np.int8))
BOX = Prompt(np.zeros((0, 2), np.int32), np.zeros(0, np.int8), np.array([10, 10, 40, 30], np.int32))
EMBEDDING = (128, 32, 32)
BOTH = Prompt(POINTS.points, POINTS.labels, BOX.box)


class Exported(Session):
    """What SAM's script exports, run by PyTorch."""

    def __init__(self, masks=slice(None)):
        shapes = {"image_embeddings": (1, 128, 32, 32), "mask_input": (1, 1, None, 128)}
        super().__init__(Path("decoder.onnx"), dict.fromkeys(INPUTS, ()) | shapes)
        self.model = SamOnnxModel(Sam(Settings(variant="small", weights=WEIGHTS)).model, return_single_mask=False)
        self.masks = masks

    @torch.inference_mode()
    def run(self, values):
        _, scores, low = self.model(*(torch.from_numpy(values[name]) for name in INPUTS))
        return {"low_res_masks": low[:, self.masks].numpy(), "iou_predictions": scores[:, self.masks].numpy()}


@pytest.fixture
def ours():
    return Sam(Settings(variant="small", weights=WEIGHTS))


@pytest.fixture
def theirs():
    method = Sam(Settings(variant="small", weights=WEIGHTS))
    method.own_decoder = FileDecoder(Exported(), EMBEDDING)
    return method


@pytest.mark.parametrize("prompt", [POINTS, BOX, BOTH], ids=["points", "box", "both"])
@pytest.mark.parametrize("multimask", [True, False])
def test_its_answers_are_those_of_our_decoder(ours, theirs, prompt, multimask):
    image = ours.encode(PIXELS)
    for previous in (None, torch.full((128, 128), -3.0)):
        expected, found = (one.answer(image, prompt, multimask, previous) for one in (ours, theirs))
        assert found.scores.shape == ((3,) if multimask else (1,))
        torch.testing.assert_close(found.low, expected.low, atol=2e-3, rtol=1e-3)
        torch.testing.assert_close(found.scores, expected.scores, atol=1e-3, rtol=0)


def test_it_finds_everything(ours, theirs):
    grid = Grid(points_per_side=2, pred_iou_thresh=0, stability_score_thresh=0)
    expected, found = (one.everything(one.encode(PIXELS), PIXELS, grid) for one in (ours, theirs))
    assert len(found.codes) == len(expected.codes) > 0
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-3)


def test_a_file_that_has_the_three_masks_alone(ours, theirs):
    theirs.own_decoder = FileDecoder(Exported(slice(1, None)), EMBEDDING)
    image = ours.encode(PIXELS)
    expected, found = (one.answer(image, POINTS) for one in (ours, theirs))
    torch.testing.assert_close(found.low, expected.low, atol=2e-3, rtol=1e-3)
    with pytest.raises(PromptsegError, match=r"decoder\.onnx gives three masks alone, and the single one is asked for"):
        theirs.answer(image, POINTS, multimask=False)


def test_a_file_with_other_inputs_is_no_decoder():
    session = Exported()
    session.inputs = {"image": (1, 3, 8, 8)}
    with pytest.raises(PromptsegError, match=r"takes image, and a decoder takes has_mask_input, image_embeddings"):
        FileDecoder(session, EMBEDDING)


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        (
            "image_embeddings",
            (1, 256, 64, 64),
            "of 1 x 256 x 64 x 64, and those of this variant have 1 x 128 x 32 x 32",
        ),
        (
            "mask_input",
            (1, 1, None, 256),
            "of 1 x 1 x any x 256, and those of this variant have 1 x 1 x 128 x 128",
        ),
    ],
)
def test_a_decoder_of_another_network_is_refused(name, shape, message):
    session = Exported()
    session.inputs = {**session.inputs, name: shape}
    with pytest.raises(PromptsegError, match=message):
        FileDecoder(session, EMBEDDING)


def test_outputs_of_other_names_are_told(theirs):
    run = theirs.own_decoder.session.run
    theirs.own_decoder.session.run = lambda values: {"masks": run(values)["low_res_masks"]}
    with pytest.raises(PromptsegError, match=r"decoder.onnx gives masks, and a decoder gives low_res_masks, iou_pred"):
        theirs.answer(theirs.encode(PIXELS), POINTS)
