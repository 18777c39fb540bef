"""How sure a method is of a pixel, kept in few bytes."""

import numpy as np

from promptseg.predict.log_odds import packed, unpacked

MASK = np.zeros((4, 5), bool)
MASK[1, 2:4] = MASK[2, 2] = True


def test_log_odds_in_the_box_around_the_mask():
    probability = np.full(MASK.shape, 0.25)
    probability[1, 2], probability[1, 3], probability[2, 2] = 0.5, 0.75, 1
    content = packed(MASK, probability)
    assert len(content) == 2 * 2 * 2
    found = unpacked(MASK, content)
    assert found[1, 2] == 0
    np.testing.assert_allclose(found[1, 3], np.log(3), rtol=5e-4)
    np.testing.assert_allclose(found[2, 2], np.log(1e7), rtol=5e-4)
    assert np.isneginf(found[~MASK]).all()


def test_sure_pixels_are_told_apart():
    """In eight bits both were 255."""
    values = [unpacked(MASK, packed(MASK, np.full(MASK.shape, p)))[1, 2] for p in (0.9985, 0.999, 0.9999)]
    assert values[0] < values[1] < values[2]


def test_another_mask_is_noticed():
    other = MASK.copy()
    other[3, 4] = True
    assert unpacked(other, packed(MASK, np.full(MASK.shape, 0.9))) is None
    assert unpacked(np.zeros_like(MASK), packed(MASK, np.full(MASK.shape, 0.9))) is None


def test_an_empty_mask_has_none():
    nothing = np.zeros_like(MASK)
    assert packed(nothing, np.zeros(MASK.shape)) == b""
    assert np.isneginf(unpacked(nothing, b"")).all()
