"""Variants of a preset: what they change, and whether they have to be asked."""

from promptseg.protocols.effects import measured_alike, played, with_variant

PRESET = {
    "title": "mine",
    "start": {"prompt": "box"},
    "prompts": 5,
    "metrics": {"dice": {}, "nsd": {"tolerance_mm": 2}},
    "conditions": {"nsd_zero_unless_dice_above": 0.2, "failed": "zero"},
    "summaries": [{"name": "final", "metric": "dice", "kind": "final"}],
    "averaging": ["objects"],
    "variants": {
        "uncut": {"title": "no cut", "conditions": {"nsd_zero_unless_dice_above": None}},
        "swapped": {"title": "swapped axes", "metrics": {"nsd": {"spacing": "reversed"}}},
        "longer": {"title": "ten prompts", "prompts": 10},
        "repeated": {"title": "stale", "conditions": {"failed": "repeat"}},
    },
}


def test_a_variant_is_laid_over_its_preset():
    swapped = with_variant(PRESET, "swapped")
    assert swapped["metrics"] == {"dice": {}, "nsd": {"tolerance_mm": 2, "spacing": "reversed"}}
    assert swapped["title"] == "swapped axes"
    assert with_variant(PRESET, "") == {**PRESET, "variants": {}}
    assert with_variant(PRESET, "uncut")["conditions"] == {"nsd_zero_unless_dice_above": None, "failed": "zero"}


def test_only_a_variant_that_asks_otherwise_is_played():
    assert [name for name in PRESET["variants"] if played(PRESET, name)] == ["longer"]
    assert not played(PRESET, "")


def test_what_is_only_summed_in_another_way_is_measured_once():
    alike = {name: measured_alike(PRESET, with_variant(PRESET, name)) for name in PRESET["variants"]}
    assert alike == {"uncut": True, "swapped": False, "longer": True, "repeated": False}
