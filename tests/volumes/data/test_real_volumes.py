"""Real volumes, where they are present."""

from pathlib import Path

import pytest

from support.stacks import build

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "volumes" / "spine_t2s"


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is absent")
def test_a_spinal_cord_from_end_to_end(tmp_path):
    cases = [{"image": "{case}.nii.gz", "labels": "{case}_gmseg_manual.nii.gz", "unpaired": "skip"}]
    slices, index, objects = build(SHARED, tmp_path / "out", strict=True, cases=cases)
    assert index[["volume_id", "n_slices", "height", "width"]].values.tolist() == [
        ["t2s", 9, 54, 49],
        ["t2s_uncropped", 11, 320, 320],
    ]
    assert index[["spacing_z", "spacing_y", "spacing_x"]].values.ravel() == pytest.approx([7.5, 0.5, 0.5] * 2, abs=1e-5)
    assert objects[["z0", "z1", "voxels", "n_components"]].values.tolist() == [[0, 8, 519, 1], [0, 10, 697, 1]]
    assert objects["ml"].tolist() == pytest.approx([0.973125, 1.306875])
    assert len(slices) == 20
