"""FocalClick's pipelines: small cases by hand, batches against single queries."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from promptseg.core.errors import PromptsegError
from promptseg.methods import Prompt, Query, Settings
from promptseg.methods.clicking import ClickState
from promptseg.methods.focalclick import FocalClick, FocalPredictor, focus_box, mask_box
from promptseg.methods.networks import focalclick
from promptseg.methods.networks.focalclick import FocalClickNet
from promptseg.parity.generated_weights import rule_state

BACKBONE = {"widths": (8, 16, 40, 64), "depths": (1, 1, 1, 1), "head_width": 16}


@pytest.fixture
def variants(tmp_path, monkeypatch):
    """Two tiny networks as variants of the adapter, and a file of weights that fits either."""
    for pipeline in ("s1", "s2"):
        monkeypatch.setitem(focalclick.VARIANTS, f"tiny_{pipeline}", {"backbone": BACKBONE, "pipeline": pipeline})
    network = FocalClickNet(BACKBONE, "s2")
    state = rule_state(network)
    # Without a bias towards the background the random network finds objects everywhere.
    state["feature_extractor.decode_head.linear_pred.bias"] -= 0.5
    save_file(state, tmp_path / "tiny.safetensors")
    return tmp_path / "tiny.safetensors"


@pytest.fixture
def tiny(variants):
    return FocalClick(Settings(variant="tiny_s2", weights=variants))


def pixels(*size, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (*size, 3), np.uint8)


def queries(method):
    """Queries of different images, numbers of clicks and states, with and without refinement."""
    images = [method.encode(pixels(90, 130)), method.encode(pixels(256, 256, seed=1))]
    clicks = np.random.default_rng(2).integers(5, 85, (12, 2))
    labels = np.array([1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0])
    rows, columns = np.mgrid[:90, :130]
    disk = torch.from_numpy(((rows - 40) ** 2 + (columns - 60) ** 2 < 400).astype(np.float32)) * 0.9
    states = [ClickState(disk, None), ClickState(disk, (20, 60, 30, 90)), ClickState(torch.zeros(90, 130), None)]
    asked = [Query(image, Prompt(clicks[:1], labels[:1]), None, refine) for image in images for refine in (True, False)]
    asked += [
        Query(images[0], Prompt(clicks[:count], labels[:count]), state, refine)
        for count, state in ((2, states[0]), (5, states[1]), (3, states[2]), (12, states[1]), (4, None))
        for refine in (True, False)
    ]
    return asked


def test_the_box_of_a_mask():
    mask = np.zeros((20, 30), bool)
    mask[4:8, 5:15] = True
    assert mask_box(mask) == (4, 7, 5, 14)
    mask[5:] = False
    mask[4, 5:6] = False
    assert np.count_nonzero(mask) == 9
    assert mask_box(mask) == (0, 20, 0, 30)  # too few pixels


def test_the_focus_crop():
    whole = (0, 200, 0, 300)
    mask, nothing = np.zeros((200, 300), bool), np.zeros((200, 300), bool)
    mask[50:111, 100:181] = True  # box (50, 110, 100, 180)
    # Around the mask where there was none before: 1.4 * 61 by 1.4 * 81, ends cut to integers.
    assert focus_box(mask, nothing, (60, 110), whole) == (37, 122, 83, 196)
    # At most the target crop.
    assert focus_box(mask, nothing, (60, 110), (45, 90, 90, 150)) == (45, 90, 90, 150)
    # Around what changed, if that is large: rows 50 to 110, columns 140 to 180.
    previous = mask.copy()
    previous[:, 140:] = False
    assert focus_box(mask, previous, (60, 150), whole) == (37, 122, 131, 188)
    # Around the click, if it is small: half a side of 0.2 * 80.
    previous = mask.copy()
    previous[60:70, 110:120] = False
    assert focus_box(mask, previous, (65, 115), whole) == (41, 88, 91, 138)
    # A click where nothing changed: around all that did not change.
    assert focus_box(mask, previous, (5, 5), whole) == whole
    # Components that touch at a corner are one.
    corner = mask.copy()
    corner[50:80, 100:140] = False
    corner[80:111, 140:181] = False
    assert focus_box(mask, corner, (55, 105), whole) == (37, 122, 83, 196)
    # The click is far from the target crop: nothing is left.
    y1, y2, _, _ = focus_box(mask, previous, (65, 115), (150, 180, 100, 180))
    assert y1 >= y2


def test_an_answer_does_not_depend_on_the_batch(tiny):
    asked = queries(tiny)
    alone = [tiny.predictor.step([query])[0] for query in asked]
    for batch in (1, 3, 16):
        predictor = FocalPredictor(tiny.network, batch=batch)
        for one, other in zip(alone, predictor.step(asked), strict=True):
            assert (one.calls, one.focus_roi, one.state.roi) == (other.calls, other.focus_roi, other.state.roi)
            torch.testing.assert_close(one.state.probability, other.state.probability, atol=1e-6, rtol=0)
    assert {answer.calls for answer in alone} == {1}
    assert [answer.focus_roi is not None for answer in alone] == [query.refine for query in asked]
    assert any(answer.state.roi for answer in alone)


def test_refinement_changes_the_focus_crop_only(tiny):
    asked = queries(tiny)
    for one, other in zip(asked[::2], asked[1::2], strict=True):
        refined, coarse = tiny.predictor.step([one, other])
        y1, y2, x1, x2 = refined.focus_roi
        outside = torch.ones_like(coarse.state.probability, dtype=torch.bool)
        outside[y1:y2, x1:x2] = False
        base = (
            one.previous if len(one.prompt.labels) > 10 else coarse.state
        )  # late clicks leave the rest of the last answer
        difference = (refined.state.probability - base.probability).abs()
        assert not outside.any() or difference[outside].max() < 1e-6
        assert difference[~outside].max() > 1e-3


def test_nothing_to_refine_leaves_the_coarse_answer(tiny):
    image = tiny.encode(pixels(200, 200))
    rows, columns = np.mgrid[:200, :200]
    disk = torch.from_numpy(((rows - 40) ** 2 + (columns - 40) ** 2 < 400).astype(np.float32)) * 0.9
    # As with a click on the background far from the target crop: its focus crop and the target crop do not meet.
    points, labels = np.array([[40, 40], [190, 190]]), np.array([1, 0])
    asked = [Query(image, Prompt(points, labels), ClickState(disk, None), refine) for refine in (True, False)]
    tiny.predictor._focus_boxes = lambda *_: [(60, 30, 20, 90)]
    refined, coarse = tiny.predictor.step(asked)
    assert refined.focus_roi is None
    assert torch.equal(refined.state.probability, coarse.state.probability)


def test_the_adapter_answers_masks_and_states(tiny):
    encoded = tiny.encode(pixels(90, 130))
    prompt = Prompt(np.array([[60, 40], [20, 30]], np.int32), np.array([1, 0], np.int8))
    (first,) = tiny.predict([Query(encoded, prompt)])
    assert first.masks.shape == (1, 90, 130)
    assert first.masks.dtype == bool
    assert first.scores is None
    np.testing.assert_array_equal(first.masks[0], first.states[0].probability.numpy() > np.float32(0.49))
    second, coarse, fresh = tiny.predict(
        [
            Query(encoded, prompt, previous=first.states[0]),
            Query(encoded, prompt, previous=first.states[0], refine=False),
            Query(encoded, prompt),
        ]
    )
    maps = [answer.states[0].probability for answer in (first, second, coarse, fresh)]
    torch.testing.assert_close(maps[0], maps[3], atol=1e-6, rtol=0)
    assert not torch.equal(maps[1], maps[2])
    assert not torch.equal(maps[0], maps[1])


def test_bf16_changes_little(variants):
    exact, rough = (
        FocalClick(Settings(variant="tiny_s2", weights=variants, precision=name)) for name in ("fp32", "bf16")
    )
    one, other = (
        [answer.state.probability for answer in method.predictor.step(queries(method)[:1])] for method in (exact, rough)
    )
    assert other[0].dtype == torch.float32
    assert 0 < (one[0] - other[0]).abs().mean() < 0.05


def test_a_checkpoint_of_the_other_pipeline_is_refused(variants, tmp_path):
    assert FocalClick(Settings(variant="tiny_s1", weights=variants)).network.pipeline == "s1"
    settings = {name: {"value": value} for name, value in (("pipeline_version", "s1"), ("model_version", "b0"))}
    content = {
        "config": {"class": "isegm.model.is_segformer_model.SegFormerModel", "params": settings},
        "state_dict": FocalClickNet.from_variant("segformerB0_S1").state_dict(),
    }
    torch.save(content, tmp_path / "official.pth")
    assert FocalClick(Settings(weights=tmp_path / "official.pth")).network.pipeline == "s1"
    with pytest.raises(PromptsegError, match=r"of pipeline s1, not segformerB0_S2\. Correct `variant:`"):
        FocalClick(Settings(variant="segformerB0_S2", weights=tmp_path / "official.pth"))
