"""Loops as they are shipped against those of the official program, and with another stop."""

from pathlib import Path

import pytest

from promptseg.config.load import load
from promptseg.config.schema import merged
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Name
from promptseg.parity.packed import Packed
from promptseg.parity.preset_loops import check_ritm
from support.protocols import fixtures

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "specs" / "protocols"


@pytest.mark.parametrize(
    ("changes", "same"),
    [({}, True), ({"stop": {"iou": 0.8}}, False), ({"stop": {"prompts": 20}}, False), ({"prompts": 10}, False)],
)
def test_loops_end_where_the_official_program_stops(changes, same):
    fixtures("ritm")  # skips where there are none
    presets = load([])["protocols"]
    comparison = Comparison(Name("preset", "", "preset"))
    check_ritm(Packed(FOLDER / "ritm.npz"), {"ritm": merged(presets["ritm"], changes)}, comparison)
    assert comparison.passed == same
