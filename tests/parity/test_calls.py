"""Which calls of a fixture are about which image."""

import json

import numpy as np
import pytest

from promptseg.parity.calls import read_calls
from promptseg.parity.fixtures import Fixture


@pytest.fixture
def fixture(tmp_path):
    calls = [
        {"name": "p1", "points": 1},
        {"name": "p1_single", "points": 1, "multimask": False},
        {"name": "box", "box": 1},
    ]
    names = ["p1_low_0", "p1_low_stats_0", "p1_mask_1", "p1_single_iou_0"]
    np.savez(tmp_path / "mobile_sam_vit_t.npz", calls=json.dumps(calls), **{name: np.zeros(1) for name in names})
    return Fixture(tmp_path / "mobile_sam_vit_t.npz")


def test_an_image_may_have_fewer_calls_than_others(fixture):
    # Of the call "box" nothing is recorded, which is for the comparison to say.
    assert [call.name for call in read_calls(fixture, "0")] == ["p1", "p1_single", "box"]
    assert [call.name for call in read_calls(fixture, "1")] == ["p1", "box"]
