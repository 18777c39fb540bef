"""Stacks, hyperstacks of ImageJ and OME-TIFF, and their spacing."""

import re

import numpy as np
import pytest
import tifffile
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.volumes import LABEL_READERS, read_files, read_volume

STACK = np.arange(120, dtype=np.uint16).reshape(5, 4, 6)  # z, y, x
MICRON = "\N{MICRO SIGN}m"


def save(path, array, **options):
    tifffile.imwrite(path, array, **options)
    return path


def test_pages_are_slices(tmp_path):
    for metadata in (None, {}, {"axes": "ZYX"}):
        volume = read_volume([save(tmp_path / "a.tif", STACK, metadata=metadata)])
        assert np.array_equal(volume.array, STACK.transpose(2, 1, 0))
        assert (volume.affine, volume.spacing, volume.separate) == (None, None, False)
    pages = [Image.fromarray(page.astype(np.uint8)) for page in STACK]
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw")
    assert np.array_equal(read_volume([tmp_path / "b.tif"]).array, STACK.transpose(2, 1, 0))
    colours = np.stack([STACK, STACK + 1, STACK + 2], axis=3).astype(np.uint8)
    volume = read_volume([save(tmp_path / "c.tif", colours, photometric="rgb")])
    assert not volume.separate
    assert np.array_equal(volume.picture(3), colours[3])


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        ("micron", (0.0005, 0.00025, 0.002)),
        ("um", (0.0005, 0.00025, 0.002)),
        ("\\u00B5m", (0.0005, 0.00025, 0.002)),
        ("nm", (0.5e-6, 0.25e-6, 2e-6)),
        ("mm", (0.5, 0.25, 2)),
        ("pixel", None),
        ("inch", None),
        ("cm", None),
        (None, None),
    ],
)
def test_spacing_of_imagej(tmp_path, unit, expected):
    stated = {"axes": "ZYX", "spacing": 2.0, **({"unit": unit} if unit else {})}
    path = save(tmp_path / "a.tif", STACK, imagej=True, resolution=(2, 4), metadata=stated)
    volume = read_volume([path])
    assert np.array_equal(volume.array, STACK.transpose(2, 1, 0))
    assert volume.spacing == (expected and pytest.approx(expected))
    assert volume.pixel_spacing == (expected and pytest.approx((expected[1], expected[0])))
    path = save(tmp_path / "b.tif", STACK[0], imagej=True, resolution=(2, 4), metadata={"unit": unit or ""})
    assert read_volume([path]).pixel_spacing == (expected and pytest.approx((expected[1], expected[0])))


def test_print_resolution_is_no_spacing(tmp_path):
    path = save(tmp_path / "a.tif", STACK[0], resolution=(300, 300), resolutionunit="inch")
    assert read_volume([path]).spacing is None


def test_spacing_of_tifffile(tmp_path):
    path = save(tmp_path / "a.tif", STACK, resolution=(2, 4), metadata={"axes": "ZYX", "spacing": 2.0, "unit": "mm"})
    assert read_volume([path]).spacing == (0.5, 0.25, 2.0)


def test_signed_numbers_of_imagej(tmp_path):
    """ImageJ stores them from 0 on, with a calibration."""
    stored = (STACK.astype(int) - 60 + 32768).astype(np.uint16)
    stated = {"axes": "ZYX", "cf": 0, "c0": -32768, "c1": 1, "vunit": "Gray Value"}
    volume = read_volume([save(tmp_path / "a.tif", stored, imagej=True, metadata=stated)])
    assert np.array_equal(volume.picture(2), STACK[2].astype(int) - 60)


def test_channels_and_time(tmp_path):
    array = np.arange(2 * 3 * 5 * 4 * 6, dtype=np.uint16).reshape(3, 5, 2, 4, 6)  # T Z C Y X
    one = save(tmp_path / "a.tif", array[:1], imagej=True, metadata={"axes": "TZCYX"})
    volume = read_volume([one], [1])
    assert np.array_equal(volume.array, array[0, :, 1].transpose(2, 1, 0))
    with pytest.raises(PromptsegError, match=r"^too many dimensions: a\.tif has the shape 6 x 4 x 5 x 2; say which"):
        read_volume([one])
    times = save(tmp_path / "b.tif", array[:, :, 0], imagej=True, metadata={"axes": "TZYX"})
    with pytest.raises(PromptsegError, match=r"^too many dimensions: b\.tif has the shape 6 x 4 x 5 x 3; say which"):
        read_volume([times])
    assert np.array_equal(read_volume([times], [2]).array, array[2, :, 0].transpose(2, 1, 0))
    both = save(tmp_path / "c.tif", array, imagej=True, metadata={"axes": "TZCYX"})
    with pytest.raises(PromptsegError, match=r"^too many dimensions: c\.tif has the shape 3 x 5 x 2 x 4 x 6; "):
        read_volume([both], [0])
    unnamed = save(tmp_path / "d.tif", array[:, :, 0])
    with pytest.raises(PromptsegError, match=r"^too many dimensions: d\.tif has the shape 3 x 5 x 4 x 6; "):
        read_volume([unnamed])


@pytest.mark.parametrize(("unit", "factor"), [(None, 0.001), (MICRON, 0.001), ("mm", 1), ("nm", 1e-6)])
def test_ome(tmp_path, unit, factor):
    units = {f"PhysicalSize{axis}Unit": unit for axis in "XYZ"} if unit else {}
    stated = {"axes": "ZYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2.0, **units}
    volume = read_volume([save(tmp_path / "a.ome.tif", STACK, metadata=stated)])
    assert np.array_equal(volume.array, STACK.transpose(2, 1, 0))
    assert volume.spacing == pytest.approx((0.5 * factor, 0.25 * factor, 2 * factor))
    assert read_volume([save(tmp_path / "b.ome.tif", STACK, metadata={"axes": "ZYX"})]).spacing is None
    path = save(tmp_path / "c.ome.tif", STACK[:3], metadata={"axes": "CYX"})
    assert np.array_equal(read_volume([path], [1]).picture(0), STACK[1])


def test_pictures_beside_the_picture(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, ::2, ::2], subfiletype=1, metadata=None)
    assert np.array_equal(read_volume([tmp_path / "a.tif"]).picture(0), STACK[0])
    with tifffile.TiffWriter(tmp_path / "b.ome.tif") as writer:
        writer.write(STACK, subifds=1, metadata={"axes": "ZYX"})
        writer.write(STACK[:, ::2, ::2], subfiletype=1)
    assert np.array_equal(read_volume([tmp_path / "b.ome.tif"]).picture(1), STACK[1])
    with tifffile.TiffWriter(tmp_path / "c.tif") as writer:
        writer.write(STACK[0], metadata=None)
        writer.write(STACK[0, ::2, ::2], metadata=None)
    message = r"^several pictures: c\.tif holds 2 of 4 x 6, 2 x 3 values; save the one that counts"
    with pytest.raises(PromptsegError, match=message):
        read_volume([tmp_path / "c.tif"])


def test_one_of_several_files(tmp_path):
    """OME-XML that says that the second half of the stack is in another file."""
    blocks = "".join(
        f'<TiffData IFD="{z % 2}" FirstZ="{z}" PlaneCount="1">'
        f'<UUID FileName="{name}.ome.tif">urn:uuid:{name}</UUID></TiffData>'
        for z, name in enumerate("aabb")
    )
    text = (
        '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:a"><Image ID="Image:0">'
        '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="6" SizeY="4" SizeZ="4" SizeC="1" SizeT="1">'
        f'<Channel ID="Channel:0:0" SamplesPerPixel="1"/>{blocks}</Pixels></Image></OME>'
    )
    for name in "ab":
        with tifffile.TiffWriter(tmp_path / f"{name}.ome.tif", ome=False) as writer:
            for page in STACK[:2]:
                writer.write(page, metadata=None, description=text, contiguous=False)
    with pytest.raises(PromptsegError, match=r"^several pictures: a\.ome\.tif is one of several files that belong"):
        read_volume([tmp_path / "a.ome.tif"])
    (tmp_path / "b.ome.tif").unlink()
    with pytest.raises(PromptsegError, match=r"^several pictures: a\.ome\.tif is "):
        read_volume([tmp_path / "a.ome.tif"])


@pytest.mark.parametrize("depth", [3, 4])
@pytest.mark.filterwarnings("ignore:.*are stored as RGB with separate component planes")
def test_stacks_that_tifffile_writes_as_one_picture(tmp_path, caplog, depth):
    stack = np.arange(depth * 30, dtype=np.uint8).reshape(depth, 5, 6)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, stack)
    status = (
        f"several pictures: a.tif is one picture of {depth} planes, which is how tifffile writes 3 or 4 slices by "
        'default; write a stack with `photometric="minisblack"`, and a picture in colours with its colours last'
    )
    with pytest.raises(PromptsegError, match=re.escape(status)):
        read_files([path], LABEL_READERS)
    assert read_volume([path]).shape == (6, 5, 1)
    assert status.removeprefix("several pictures: ").replace("default; ", "default: ") in caplog.text
    tifffile.imwrite(path, stack, photometric="minisblack")
    assert read_files([path], LABEL_READERS).shape == (6, 5, depth)
