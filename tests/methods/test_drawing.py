"""Masks, confidences and probabilities that are drawn when somebody asks for them, as of all pixels at once."""

import numpy as np
import pytest
import torch

from promptseg.methods import frames
from promptseg.methods.confidence import confidence
from promptseg.methods.drawing import Drawing
from promptseg.methods.frames import Frame, axis_matrix, padded, stretched

FRAMES = {
    "padded": padded((60, 91), (42, 64), 64, 16),
    "smaller": padded((13, 10), (64, 49), 64, 16),
    "stretched": stretched((50, 33), 64, 16, twice=True),
    "bicubic": Frame((40, 30), (1.0, 1.0), *(axis_matrix(16, side, mode="bicubic") for side in (40, 30))),
}


def maps_of(kind: str) -> torch.Tensor:
    """(5, 16, 16): small and large, islands, nothing, everything."""
    rng = torch.Generator().manual_seed(3)
    logits = torch.randn(5, 16, 16, generator=rng) * 4
    logits[0] -= 9
    logits[1, 4:9, 2:7] += 30
    logits[2] = -20
    logits[3] = 20
    return {"logits": logits, "probabilities": logits.sigmoid(), "masks": (logits > 0).float()}[kind]


@pytest.mark.parametrize("kind", ["logits", "probabilities", "masks"])
@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("strip", [frames.STRIP_PIXELS, 150])
def test_it_is_what_all_pixels_say(kind, name, strip, monkeypatch):
    monkeypatch.setattr(frames, "STRIP_PIXELS", strip)
    frame, maps = FRAMES[name], maps_of(kind)
    full = frame.rows @ maps @ frame.columns.t()
    torch.testing.assert_close(frame.full(maps), full, atol=1e-5, rtol=1e-6)
    torch.testing.assert_close(frame.full(maps[0]), full[0], atol=1e-5, rtol=1e-6)
    drawing = Drawing(maps.numpy(), frame, kind)
    threshold = 0.5 if kind == "probabilities" else 0
    np.testing.assert_array_equal(drawing.masks, (full > threshold).numpy())
    if kind != "masks":
        shares = full if kind == "probabilities" else full.sigmoid()
        expected = confidence(shares)
        np.testing.assert_allclose(drawing.stability, expected.stability, atol=1e-6)
        np.testing.assert_allclose(drawing.soft_dice, expected.soft_dice, atol=1e-6)
        np.testing.assert_array_equal(drawing.masks, (full > threshold).numpy())  # drawn by the way
        np.testing.assert_allclose(drawing.probabilities, shares.clip(0, 1), atol=1e-6)


def test_literal_values():
    frame = stretched((1, 4), 2, 2)  # two pixels become four: 1, 3/4 and 1/4 of each
    drawing = Drawing(np.array([[[4.0, -4.0], [4.0, -4.0]]], np.float32), frame, "logits")
    assert drawing.masks[0].tolist() == [[True, True, False, False]]  # of logits 4, 2, -2, -4
    assert drawing.stability[0] == 1
    shares = 1 / (1 + np.exp([-4.0, -2.0, 2.0, 4.0]))
    assert drawing.soft_dice[0] == pytest.approx(2 * shares[:2].sum() / (2 + shares.sum()))


def test_only_rows_and_columns_that_a_mask_may_reach_are_drawn():
    frame = stretched((4, 8), 4, 4)
    marked = np.zeros((4, 4), bool)
    assert frame.window(marked) == (slice(0, 0), slice(0, 0))
    marked[2, 1] = True
    # A pixel of the map reaches half a pixel beyond its neighbours' middles.
    assert frame.window(marked) == (slice(2, 3), slice(1, 5))
    values = {part.start: values for part, values in frame.strips(np.eye(4, dtype=np.float32), frame.window(marked))}
    np.testing.assert_allclose(values[1], [[0, 0, 0.25, 0.75]])
    # Its weights are not all positive.
    assert FRAMES["bicubic"].window(np.zeros((16, 16), bool)) == (slice(0, 40), slice(0, 30))
