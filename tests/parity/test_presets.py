"""Presets as they are shipped against answers of the official programs, and with one other block."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from promptseg.config.load import load
from promptseg.config.schema import merged
from promptseg.parity import preset_starts, preset_users
from promptseg.parity.command import main
from promptseg.parity.comparison import Comparison
from promptseg.parity.fixtures import FixtureError, Name
from promptseg.parity.packed import Packed, family_of

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "specs" / "protocols"
absent = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the folder shared with answers of evaluation protocols is absent"
)
PRESETS = load([])["protocols"]

# A few entries of each list of a file, in which every block makes a difference.
FEW = {
    "cases": ["border", "classes_box", "pair_fn_touches_fp", "pair_equal_components", "pair_eight_ties", "nsd_cut"],
    "worlds": ["many_lesions", "plate_lesion", "three_lesions"],
    "pairs": ["perfect", "touches_border", "sign_tie", "blobs"],
    "volumes": ["many", "far", "parts", "twin", "thin", "one"],
    "prompters": ["FivePointInterpolationPrompter"],
    "loops": [f"{name}InteractivePrompterNoPrevPoint" for name in ("PointInterpolation", "OnePointPer2DSlice")],
    "lines": ["rising"],
}


class Some(Packed):
    """A file of which only a few entries are looked at."""

    def words(self, name: str) -> list[str]:
        """Those of FEW that the file has."""
        words = super().words(name)
        return [word for word in words if word in FEW.get(name, words)] or words


def compared(check: Any, presets: dict[str, Any]) -> Comparison:
    """A check of a few entries of its file."""
    file = {"check_prompters": "radioactive", "check_loops": "radioactive", "check_sam2_medical": "sam2medical"}
    comparison = Comparison(Name("preset", "", "preset"))
    name = file.get(check.__name__, check.__name__.removeprefix("check_"))
    check(Some(FOLDER / f"{name}.npz"), presets, comparison)
    return comparison


CHANGES: list[tuple[Any, str, dict[str, Any]]] = [
    (check, preset, {block: {key: value}})
    for check, preset, block, changes in (
        (
            preset_users.check_cvpr,
            "cvpr2025",
            "clicks",
            {
                "rule": "none",
                "region": "larger",
                "component": "any",
                "connectivity": 6,
                "border": "object",
                "ties": "first",
                "seed": 1,
                "reseed": "object",
                "repeat": False,
                "nothing": "corner",
            },
        ),
        (
            preset_users.check_ritm,
            "ritm",
            "clicks",
            {
                "region": "joint",
                "component": "largest",
                "border": "object",
                "ties": "random",
                "repeat": True,
                "nothing": "stop",
            },
        ),
        (preset_users.check_rclicks, "rclicks", "clicks", {"rule": "deepest", "region": "joint", "nothing": "stop"}),
        (
            preset_starts.check_prompters,
            "radioactive",
            "start",
            {
                "slices": "all",
                "count": 4,
                "between": "nothing",
                "parts": 0,
                "place": "centroid",
                "background": 1,
                "prompt": "box",
            },
        ),
        (
            preset_starts.check_loops,
            "radioactive",
            "clicks",
            {"connectivity": 6, "reseed": "object", "earlier": "after"},
        ),
        (
            preset_starts.check_sam2_medical,
            "sam2_medical",
            "start",
            {
                "slices": "first",
                "parts": 2,
                "equal": "first",
                "distance": "exact",
                "ties": "first",
                "seed": 2,
                "place": "centre",
                "ends": "exclusive",
                "shift": 1,
                "jitter": 1,
            },
        ),
        (preset_starts.check_medsam2, "medsam2_recist", "start", {"points": 4, "seed": 1, "place": "grid"}),
        (
            preset_starts.check_medsam2,
            "cvpr2025",
            "start",
            {
                "slices": "median",
                "extent": False,
                "ends": "exclusive",
                "enlarge": {"most": 200},
                "around": "volume",
            },
        ),
    )
    for key, value in changes.items()
]
PLANNED = {"foreground": 9, "background": 11, "percentile": 99, "components": "xyz", "voxels": "zyx"}
SLICEWISE = {"plane": "x", "margin": 1, "share": 0.3, "fallback": 2, "fallback_label": "background"}
CHANGES += [
    *(
        (preset_users.check_autopet, "autopet4", {"clicks": {"planned": {key: value}}})
        for key, value in PLANNED.items()
    ),
    (preset_users.check_autopet, "autopet4", {"clicks": {"seed": 1}}),
    *(
        (preset_starts.check_loops, "radioactive", {"clicks": {"slicewise": {key: value}}})
        for key, value in SLICEWISE.items()
    ),
    (preset_starts.check_loops, "radioactive", {"start": {"seed": 2}}),
]


@absent
@pytest.mark.parametrize("check", dict.fromkeys(check for check, _, _ in CHANGES), ids=lambda check: check.__name__)
def test_the_presets_as_they_are_shipped(check: Any) -> None:
    assert compared(check, PRESETS).failures == []


@absent
@pytest.mark.parametrize(
    ("check", "preset", "change"), CHANGES, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_one_other_block_is_found(check: Any, preset: str, change: dict[str, Any]) -> None:
    changed = {**PRESETS, preset: merged(PRESETS[preset], change)}
    assert compared(check, changed).failures


@absent
def test_the_command_takes_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    main([str(FOLDER), "--only", "r[ai]*"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[:2] for line in lines[:-1]] == [
        ["pass", "radioactive.npz"],
        ["pass", "ritm.npz"],
    ]


def test_files_are_told_by_their_arrays_and_damage_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "other.npz", cases=np.array(["a"]))
    assert family_of(tmp_path / "other.npz") == "cvpr"
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[0].endswith(" s  there is no a/values")
    (tmp_path / "other.npz").write_bytes(b"damaged")
    assert family_of(tmp_path / "other.npz") is None
    np.savez(tmp_path / "masks.npz", shape=np.array([2, 3]), bits=np.zeros(2, np.uint8))
    assert family_of(tmp_path / "masks.npz") is None
    with pytest.raises(FixtureError, match=r"bits are no packed masks of shape \(2, 3\)"):
        Packed(tmp_path / "masks.npz").masks("bits")
