"""TIFF files: types of numbers, compression, orientation, and what a page stands for."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.images import read_images
from promptseg.preprocess.volumes import LABEL_READERS, read_files, read_volume
from support.builds import run

PICTURE = np.arange(12, dtype=np.uint8).reshape(3, 4)
COLOURS = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
NOISE = np.random.default_rng(0).integers(0, 200, (40, 48), np.uint8)


def save(path, array, **options):
    tifffile.imwrite(path, array, **options)
    return path


def labels_of(path):
    """As masks are read."""
    return read_files([path], LABEL_READERS)


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8", ">u2", ">f8"])
def test_types(tmp_path, kind):
    array = (PICTURE * 20 - 100 * (kind[-2] == "i")).astype(kind)
    if kind == "u8":
        array[0, 0] = 2**64 - 1
    for read in (labels_of, lambda path: read_volume([path])):
        volume = read(save(tmp_path / "a.tif", array))
        assert volume.array.dtype == np.dtype(kind).newbyteorder("=")
        assert np.array_equal(volume.picture(0), array)
        assert volume.spacing is None


def test_types_that_numpy_cannot_count_with(tmp_path):
    assert labels_of(save(tmp_path / "a.tif", PICTURE > 5)).picture(0).tolist() == (PICTURE > 5).astype(int).tolist()
    half = read_volume([save(tmp_path / "b.tif", PICTURE.astype(np.float16))])
    assert half.array.dtype == np.float32
    with pytest.raises(PromptsegError, match=r"^complex numbers: c\.tif holds complex numbers; save the magnitude"):
        read_volume([save(tmp_path / "c.tif", PICTURE.astype(np.complex64))])


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_white_as_zero(tmp_path, kind):
    array = PICTURE.astype(kind)
    path = save(tmp_path / "a.tif", array, photometric="miniswhite")
    assert np.array_equal(labels_of(path).picture(0), PICTURE)
    assert np.array_equal(read_volume([path]).picture(0), np.iinfo(kind).max - array)
    path = save(tmp_path / "b.tif", PICTURE.astype(np.int16) - 3, photometric="miniswhite")
    assert np.array_equal(read_volume([path]).picture(0), 2 - PICTURE.astype(int))


@pytest.mark.parametrize("top", [1, 3, 255])
@pytest.mark.parametrize("tool", ["pillow", "tifffile", "imagej"])
def test_masks_with_white_as_zero(tmp_path, tool, top):
    """Pillow turns the numbers around when it writes them, and ImageJ and tifffile do not."""
    mask = PICTURE > 5
    array = mask if top == 1 else mask.astype(np.uint8) * top
    path = tmp_path / "a.tif"
    if tool == "pillow":
        Image.fromarray(array).save(path, tiffinfo={262: 0})
        assert tifffile.imread(path)[0, 0] == (1 if top == 1 else 255)
    else:
        options = {"software": False, "imagej": True} if tool == "imagej" else {}
        stored = array.astype(np.uint8) if tool == "imagej" else array
        save(path, stored, photometric="miniswhite", **options)
    assert np.array_equal(labels_of(path).picture(0), array)


def test_without_the_tag_black_is_zero(tmp_path):
    path = save(tmp_path / "a.tif", PICTURE)
    with tifffile.TiffFile(path) as tiff:
        place = tiff.pages.first.tags[262].offset
    content = bytearray(path.read_bytes())
    content[place : place + 2] = (263).to_bytes(2, "little")
    path.write_bytes(content)
    for volume in (read_volume([path]), labels_of(path)):
        assert np.array_equal(volume.picture(0), PICTURE)


def test_twelve_bits_have_white_as_zero(tmp_path):
    path = save(tmp_path / "a.tif", PICTURE.astype(np.uint16) * 300, photometric="miniswhite", bitspersample=12)
    assert np.array_equal(read_volume([path]).picture(0), 4095 - PICTURE.astype(int) * 300)


@pytest.mark.parametrize("compression", ["lzw", "zlib", "zstd", "lzma", "packbits", "jpeg2000"])
@pytest.mark.parametrize("array", [NOISE, np.dstack([NOISE, NOISE // 2, NOISE // 3])], ids=["grey", "colours"])
def test_compression(tmp_path, compression, array):
    path = save(tmp_path / "a.tif", array, compression=compression)
    assert np.array_equal(read_volume([path]).picture(0), array)
    path = save(tmp_path / "b.tif", np.stack([array, array // 2]), compression=compression, metadata=None)
    assert np.array_equal(read_volume([path]).picture(1), array // 2)


FAXES = [(fax, "1") for fax in ("group3", "group4", "tiff_ccitt", "tiff_raw_16")]
OTHERS = [(name, mode) for name in ("tiff_lzw", "jpeg") for mode in ("L", "RGB", "CMYK", "YCbCr")]


@pytest.mark.parametrize(("compression", "mode"), [*FAXES, *OTHERS])
def test_files_of_libtiff(tmp_path, compression, mode):
    image = Image.fromarray(np.dstack([NOISE] * 3)).convert(mode)
    image.save(tmp_path / "a.tif", compression=compression)
    with Image.open(tmp_path / "a.tif") as opened:
        expected = np.asarray(opened.convert("RGB") if mode in ("CMYK", "YCbCr") else opened)
    assert np.array_equal(read_volume([tmp_path / "a.tif"]).picture(0), expected)


def test_alpha_and_bands(tmp_path, caplog):
    alpha = np.dstack([COLOURS, PICTURE])
    path = save(tmp_path / "a.tif", alpha, photometric="rgb", extrasamples=["unassalpha"])
    assert np.array_equal(read_volume([path]).picture(0), COLOURS)
    assert np.array_equal(labels_of(path).picture(0), alpha)
    assert [record.getMessage() for record in caplog.records] == ["a.tif has an alpha channel; it is dropped"]
    grey = np.dstack([PICTURE, PICTURE + 50])
    path = save(tmp_path / "b.tif", grey, photometric="minisblack", extrasamples=["assocalpha"], planarconfig="contig")
    assert np.array_equal(read_volume([path]).picture(0), PICTURE)
    assert np.array_equal(labels_of(path).picture(0), grey)
    bands = np.dstack([COLOURS, COLOURS])
    for planar in ("contig", "separate"):
        stored = bands if planar == "contig" else np.moveaxis(bands, 2, 0)
        path = save(tmp_path / "c.tif", stored, photometric="minisblack", planarconfig=planar)
        with pytest.raises(
            PromptsegError, match=r"^too many dimensions: c\.tif has the shape 4 x 3 x 1 x 6; say which"
        ):
            read_volume([path])
        assert np.array_equal(read_volume([path], [4]).picture(0), COLOURS[..., 1])
    path = save(tmp_path / "d.tif", np.moveaxis(COLOURS, 2, 0), photometric="rgb", planarconfig="separate")
    assert np.array_equal(read_volume([path]).picture(0), COLOURS)


@pytest.mark.parametrize("scale", [1, 257])
def test_palette(tmp_path, scale):
    """The standard has palettes of 16 bits; some programs write 8."""
    palette = np.zeros((3, 256), np.uint16)
    palette[:, 1], palette[:, 5] = (255 * scale, 0, 0), (0, 100 * scale, 200 * scale)
    path = save(tmp_path / "a.tif", PICTURE % 6, photometric="palette", colormap=palette)
    colours = read_volume([path])
    assert colours.picture(0)[0].tolist() == [[0, 0, 0], [255, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert colours.picture(0)[1, 1].tolist() == [0, 100, 200]
    labels = labels_of(path)
    assert np.array_equal(labels.picture(0), PICTURE % 6)
    assert labels.palette[5].tolist() == [0, 100, 200]
    greys = np.tile(np.arange(255, -1, -1, dtype=np.uint16) * scale, (3, 1))
    path = save(tmp_path / "b.tif", PICTURE, photometric="palette", colormap=greys)
    assert np.array_equal(read_volume([path]).picture(0), 255 - PICTURE)


def test_damage(tmp_path):
    stack = np.stack([NOISE, NOISE // 2, NOISE // 3])
    for compression in (None, "zlib", "jpeg", "lzw"):
        path = save(tmp_path / "a.tif", stack, compression=compression, metadata=None, photometric="minisblack")
        content = path.read_bytes()
        for kept in (len(content) - 20, len(content) // 2, 300):
            path.write_bytes(content[:kept])
            with pytest.raises(PromptsegError, match=r"^unreadable: a\.tif is damaged"):
                read_volume([path])


def test_content_decides_and_not_the_name(tmp_path):
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.tif")
    assert np.array_equal(read_volume([tmp_path / "a.tif"]).picture(0), PICTURE)
    save(tmp_path / "b.tif", PICTURE.astype(np.float64)).rename(tmp_path / "b.png")
    assert np.array_equal(read_volume([tmp_path / "b.png"]).picture(0), PICTURE)


@pytest.mark.parametrize("intensity", [{"kind": "none"}, {"kind": "percentiles", "low": 2, "high": 98}])
@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_eight_and_sixteen_bits_get_the_same_contrast(tmp_path, intensity, photometric):
    for folder in ("images", "masks"):
        (tmp_path / "raw" / folder).mkdir(parents=True)
    for name, array in (("a", NOISE), ("b", NOISE.astype(np.uint16) * 257)):
        save(tmp_path / "raw" / "images" / f"{name}.tif", array, photometric=photometric)
        save(tmp_path / "raw" / "masks" / f"{name}.tif", (NOISE > 100).astype(np.uint8), photometric=photometric)
    run(tmp_path / "raw", tmp_path / "out", intensity=intensity)
    eight, sixteen = (image.pixels for image in read_images(tmp_path / "out" / "images.parquet"))
    assert np.array_equal(eight, sixteen)
    shown = NOISE if photometric == "minisblack" else 255 - NOISE
    brightest = shown == shown.max()
    assert (eight[brightest] == 255).all()
