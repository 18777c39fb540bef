"""Our methods against outputs of the reference, which are not part of the project."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs"
FOLDERS = [SPECS / name for name in ("parity", "parity_modern", "parity_volume")]
SMALL = (
    "*ritm_hrnet18s*",
    "*simpleclick_vit_xtiny*",
    "*focalclick_segformerB0_S1*",
    "*focalclick_segformerB0_S2*",
    "*focalclick_hrnet18s_S2*",
    "sam_vit_b*",
    "scribbleprompt_unet*",
)
LARGE = (
    "protocol_sam_vit_b*",
    "*ritm_hrnet32*",
    "*simpleclick_vit_base*",
    "*focalclick_segformerB3*",
    "*focalclick_hrnet32*",
    "*vit_huge*",
    "sam2.1_*[a-z]",
    "sam2.1_*_video*",
    "edgetam",
    "edgetam_video*",
    "medsam2_*",
    "sam3_tracker",
    "sam3_tracker_video*",
    "hq_sam_*",
    "mobile_sam_*",
    "medsam_*",
    "sam_med2d_*",
    "scribbleprompt_sam_*",
)
pytestmark = pytest.mark.skipif(
    not all(folder.is_dir() for folder in FOLDERS), reason="the recorded outputs of the reference are not here"
)


def folder_of(names):
    found = next((folder for folder in FOLDERS if list(folder.glob(f"{names}.npz"))), None)
    return found or pytest.skip(f"there are no recordings {names}")


@pytest.mark.parametrize("names", SMALL)
def test_our_methods_answer_as_the_reference_did(run, names):
    result = run(folder_of(names), "--only", names)
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == []
    assert result.status == 0
    assert "not compared" not in "".join(result.lines.values())


@pytest.mark.slow
@pytest.mark.parametrize("names", LARGE)
def test_our_large_networks_answer_as_the_reference_did(run, names):
    result = run(folder_of(names), "--only", names)
    assert [line for line in result.lines.values() if not line.startswith("pass  ")] == []
    assert result.status == 0


def test_no_recorded_fixture_is_forgotten():
    names = [path.stem for folder in FOLDERS for path in folder.glob("*.npz")]
    assert names
    assert [name for name in names if sum(fnmatchcase(name, glob) for glob in (*SMALL, *LARGE)) != 1] == []
