"""Presets against what the official programs of their protocols answered."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from promptseg.config.load import load
from promptseg.parity import preset_curves, preset_loops, preset_starts, preset_sums, preset_users
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import Name
from promptseg.parity.packed import Packed

Check = Callable[[Packed, Mapping[str, Any], Comparison], None]
CHECKS: Mapping[str, tuple[Check, ...]] = {
    "cvpr": (preset_users.check_cvpr, preset_sums.check_cvpr),
    "autopet": (preset_users.check_autopet, preset_sums.check_autopet),
    "ritm": (preset_users.check_ritm, preset_loops.check_ritm, preset_curves.check_ritm),
    "rclicks": (preset_users.check_rclicks, preset_curves.check_rclicks),
    "radioactive": (preset_starts.check_prompters, preset_starts.check_loops, preset_curves.check_radioactive),
    "sam2medical": (preset_starts.check_sam2_medical, preset_curves.check_sam2medical),
    "medsam2": (preset_starts.check_medsam2, preset_sums.check_medsam2),
    "panoptica": (preset_curves.check_panoptica,),
}


def check_presets(path: Path, family: str, presets: Mapping[str, Any] | None = None) -> Comparison:
    """Compare the answers of one file with a preset.

    Args:
        family: see `packed.family_of`.
        presets: declarations, all keys filled in; those of config/protocols.yaml if None.
    """
    comparison = Comparison(Name(family, "", "preset"))
    packed = Packed(path)
    declared = load([])["protocols"] if presets is None else presets
    for check in CHECKS.get(family, ()):
        check(packed, declared, comparison)
    if left := sorted({name.rpartition("/")[2] for name in packed.unused}):
        comparison.note(f"not compared: {', '.join(left)}")
    return comparison
