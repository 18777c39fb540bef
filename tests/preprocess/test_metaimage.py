"""MetaImage files; SimpleITK writes them, nibabel's NIfTI of the same grid says where they lie."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE
from support.volumes import turned


def image_of(array, affine):
    """An image of ITK from (x, y, z) values and an affine to RAS."""
    image = sitk.GetImageFromArray(array.transpose(2, 1, 0))
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    steps = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(steps.tolist())
    image.SetDirection((lps[:3, :3] / steps).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


@pytest.mark.parametrize(("name", "compressed"), [("a.mha", False), ("a.mha", True), ("a.mhd", False), ("a.mhd", True)])
@pytest.mark.parametrize("codes", ["LPS", "RPI", "SAL"])
def test_values_and_place(tmp_path, name, compressed, codes):
    array, affine = turned(LPS, LPS_AFFINE, codes)
    sitk.WriteImage(image_of(array, affine), str(tmp_path / name), compressed)
    volume = read_volume([tmp_path / name])
    assert np.array_equal(volume.array, array)
    assert volume.array.dtype == LPS.dtype
    assert np.allclose(volume.affine, affine)
    assert np.array_equal(reorient(volume, "axial").array, LPS)


HEADER = "ObjectType = Image\nNDims = {ndims}\n{more}DimSize = {size}\nElementType = {type}\nElementDataFile = {file}\n"


def save(path, array, *, more="", file="a.raw", kind="MET_USHORT"):
    """A header, and a.raw with the (x, y, ...) values."""
    size = " ".join(map(str, array.shape))
    path.write_text(HEADER.format(ndims=array.ndim, more=more, size=size, type=kind, file=file))
    (path.parent / "a.raw").write_bytes(array.tobytes(order="F"))
    return path


GRID = np.arange(24, dtype=np.uint16).reshape(2, 4, 3)


def test_what_a_header_does_not_say_is_not_made_up(tmp_path):
    volume = read_volume([save(tmp_path / "a.mhd", GRID)])
    assert np.array_equal(volume.array, GRID)
    assert (volume.affine, volume.spacing) == (None, None)
    volume = read_volume([save(tmp_path / "a.mhd", GRID, more="ElementSpacing = 0.5 0.75 2\n")])
    assert (volume.affine, volume.spacing) == (None, (0.5, 0.75, 2.0))


def test_byte_order_and_function(tmp_path):
    more = "BinaryDataByteOrderMSB = True\nElementToIntensityFunctionSlope = 2\nElementToIntensityFunctionOffset = -5\n"
    volume = read_volume([save(tmp_path / "a.mhd", GRID.astype(">u2"), more=more)])
    assert np.array_equal(volume.array, GRID.astype(int) * 2 - 5)


def test_a_picture(tmp_path):
    volume = read_volume([save(tmp_path / "a.mhd", GRID[:, :, 0], more="ElementSpacing = 0.5 0.75\n")])
    assert volume.shape == (2, 4, 1)
    assert volume.affine is None
    assert volume.pixel_spacing == (0.75, 0.5)
    assert np.array_equal(volume.picture(0), GRID[:, :, 0].T)


def test_channels(tmp_path):
    array = np.stack([LPS, LPS * 2, LPS * 3, LPS * 4], axis=3)
    vectors = sitk.GetImageFromArray(array.transpose(2, 1, 0, 3), isVector=True)
    sitk.WriteImage(vectors, str(tmp_path / "a.mha"))
    assert np.array_equal(read_volume([tmp_path / "a.mha"], [2]).array, LPS * 3)
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.mha has the shape 4 x 5 x 3 x 4; say which"):
        read_volume([tmp_path / "a.mha"])
    frames = sitk.GetImageFromArray(array.transpose(3, 2, 1, 0), isVector=False)
    sitk.WriteImage(frames, str(tmp_path / "b.mha"))
    assert np.array_equal(read_volume([tmp_path / "b.mha"], [1]).array, LPS * 2)
    colours = sitk.GetImageFromArray(array[..., :3].transpose(2, 1, 0, 3).astype(np.uint8), isVector=True)
    sitk.WriteImage(colours, str(tmp_path / "c.mha"))
    volume = read_volume([tmp_path / "c.mha"])
    assert not volume.separate
    assert np.array_equal(volume.array, array[..., :3].astype(np.uint8))
    assert reorient(volume, 2).picture(1)[3, 2].tolist() == array[2, 3, 1, :3].astype(np.uint8).tolist()


@pytest.mark.parametrize("files", ["LIST 2D\ns1.raw\ns2.raw\ns3.raw", "LIST\ns1.raw\ns2.raw\ns3.raw", "s%d.raw 1 3 1"])
def test_a_file_for_each_slice(tmp_path, files):
    for k in range(3):
        (tmp_path / f"s{k + 1}.raw").write_bytes(GRID[:, :, k].tobytes(order="F"))
    path = save(tmp_path / "a.mhd", GRID, file=files)
    assert np.array_equal(read_volume([path]).array, GRID)
    (tmp_path / "s2.raw").unlink()
    with pytest.raises(PromptsegError, match=r"^missing file: s2\.raw, which a\.mhd names, is not there; "):
        read_volume([path])


def test_damage(tmp_path):
    path = save(tmp_path / "a.mhd", GRID)
    (tmp_path / "a.raw").write_bytes(GRID.tobytes()[:-1])
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.mhd is damaged"):
        read_volume([path])
    (tmp_path / "a.raw").write_bytes(GRID.tobytes() * 2)
    with pytest.raises(PromptsegError, match=r"^unreadable: a\.raw has 96 bytes, and a\.mhd describes 48; correct"):
        read_volume([path])
    (tmp_path / "a.raw").write_bytes(b"")
    with pytest.raises(PromptsegError, match=r"^empty file: a\.raw has 0 bytes"):
        read_volume([path])
    (tmp_path / "a.raw").unlink()
    (tmp_path / "a.raw").symlink_to("../.git/annex/objects/x")
    with pytest.raises(PromptsegError, match=r"^broken link: a\.raw leads to \.\./\.git/annex/objects/x, which is not"):
        read_volume([path])
    sitk.WriteImage(image_of(LPS, LPS_AFFINE), str(tmp_path / "b.mha"), True)
    (tmp_path / "b.mha").write_bytes((tmp_path / "b.mha").read_bytes()[:-9])
    with pytest.raises(PromptsegError, match=r"^unreadable: b\.mha is damaged"):
        read_volume([tmp_path / "b.mha"])


def test_oblique_files_of_itk_lie_at_one_place(tmp_path):
    turn = sitk.Euler3DTransform((0, 0, 0), 0.3, -0.2, 0.5).GetMatrix()
    image = sitk.GetImageFromArray(LPS.transpose(2, 1, 0).astype(np.int16))
    image.SetSpacing((0.5, 0.75, 2.5))
    image.SetOrigin((10, -20, 30))
    image.SetDirection(turn)
    corner = np.array(image.TransformIndexToPhysicalPoint((3, 4, 2))) * [-1, -1, 1]
    for name in ("a.nii.gz", "a.mha", "a.mhd", "a.nrrd", "a.nhdr", "a.hdr"):
        sitk.WriteImage(image, str(tmp_path / name))
        volume = read_volume([tmp_path / name])
        assert np.array_equal(volume.array, LPS), name
        assert np.allclose((volume.affine @ [3, 4, 2, 1])[:3], corner, atol=1e-4), name
        assert volume.spacing == pytest.approx((0.5, 0.75, 2.5)), name
