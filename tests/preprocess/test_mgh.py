"""MGH files of FreeSurfer."""

import gzip

import nibabel as nib
import numpy as np
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import turned


@pytest.mark.parametrize("name", ["a.mgh", "a.mgz"])
@pytest.mark.parametrize("codes", ["LIA", "RAS"])
def test_values_and_place(tmp_path, name, codes):
    array, affine = turned(LPS.astype(np.int16), LPS_AFFINE, codes)
    nib.save(nib.MGHImage(array, affine), tmp_path / name)
    volume = read_volume([tmp_path / name])
    assert np.array_equal(volume.array, array)
    assert volume.array.dtype == np.dtype("=i2")
    assert np.allclose(volume.affine, affine)
    assert np.array_equal(reorient(volume, "axial").array, LPS)


def test_frames(tmp_path):
    nib.save(nib.MGHImage(np.stack([LPS, LPS * 2], axis=3).astype(np.int32), LPS_AFFINE), tmp_path / "a.mgz")
    assert np.array_equal(read_volume([tmp_path / "a.mgz"], [1]).array, LPS * 2)
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.mgz has the shape 4 x 5 x 3 x 2; say which"):
        read_volume([tmp_path / "a.mgz"])


def test_no_place_is_made_up(tmp_path):
    nib.save(nib.MGHImage(LPS.astype(np.float32), LPS_AFFINE), tmp_path / "a.mgh")
    content = bytearray((tmp_path / "a.mgh").read_bytes())
    content[28:30] = b"\0\0"  # goodRASFlag
    for name, stored in (("b.mgh", bytes(content)), ("c.mgz", gzip.compress(content))):
        (tmp_path / name).write_bytes(stored)
        volume = read_volume([tmp_path / name])
        assert (volume.affine, volume.spacing) == (None, None)
        assert np.array_equal(volume.array, LPS)


def test_damage(tmp_path):
    nib.save(nib.MGHImage(LPS.astype(np.float32), LPS_AFFINE), tmp_path / "a.mgz")
    (tmp_path / "b.mgz").write_bytes((tmp_path / "a.mgz").read_bytes()[:-20])
    with pytest.raises(PromptsegError, match=r"^unreadable: b\.mgz is damaged"):
        read_volume([tmp_path / "b.mgz"])
