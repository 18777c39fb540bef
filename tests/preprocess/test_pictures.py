"""PNG, JPEG, BMP and other pictures."""

import cv2
import numpy as np
import pytest
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.evidence import Encodings
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.volumes import save_grey_png, save_png


def test_png_keeps_its_order_and_has_no_spacing(tmp_path):
    array = np.arange(12, dtype=np.uint8).reshape(3, 4)
    volume = read_volume([save_png(tmp_path / "a.png", array, dpi=(72, 72))])
    assert volume.shape == (4, 3, 1)
    assert volume.planar
    assert volume.affine is None
    assert volume.pixel_spacing is None
    assert np.array_equal(volume.picture(0), array)
    for axis in ("axial", "coronal", 0, 2):
        assert np.array_equal(reorient(volume, axis).picture(0), array)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_is_kept(tmp_path, caplog, suffix):
    caplog.set_level("INFO")
    array = np.array([[0, 300], [65535, 4]], np.uint16)
    volume = read_volume([save_png(tmp_path / f"a.{suffix}", array)])
    assert volume.array.dtype == np.uint16
    assert np.array_equal(volume.picture(0), array)
    assert f"a.{suffix} has 16 bits" in caplog.text
    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bit_colour_is_kept(tmp_path, suffix):
    array = np.array([[[1, 300, 65535], [0, 2, 4]]], np.uint16)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), array[:, :, ::-1])
    volume = read_volume([tmp_path / f"a.{suffix}"])
    assert volume.array.dtype == np.uint16
    assert np.array_equal(volume.picture(0), array)


def test_alpha_is_dropped_with_a_warning(tmp_path, caplog):
    array = np.array([[[1, 2, 3, 0], [4, 5, 6, 9]]], np.uint8)
    volume = read_volume([save_png(tmp_path / "a.png", array)])
    assert np.array_equal(volume.picture(0), array[:, :, :3])
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [
        ("WARNING", "a.png has an alpha channel; it is dropped")
    ]


def test_palette(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png")
    volume = read_volume([tmp_path / "a.png"])
    assert volume.picture(0).tolist() == [[[0, 0, 0], [255, 0, 0]], [[0, 255, 0], [255, 0, 0]]]
    assert read_labels([tmp_path / "a.png"], volume).picture(0).tolist() == [[0, 1], [2, 1]]


def test_palette_of_greys(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / "a.png")
    assert read_volume([tmp_path / "a.png"]).picture(0).tolist() == [[255, 0]]


def test_one_bit_mask_and_bmp_and_jpeg(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert read_volume([tmp_path / "a.png"]).picture(0).tolist() == [[1, 0]]
    for suffix in ("bmp", "jpg"):
        path = save_png(tmp_path / f"a.{suffix}", np.full((8, 9), 77, np.uint8))
        assert read_volume([path]).picture(0).tolist() == [[77] * 9] * 8


@pytest.mark.parametrize(("bits", "factor"), [(2, 85), (4, 17)])
def test_greys_of_a_few_bits(tmp_path, bits, factor):
    """A picture shows 0 to 3 in two bits as 0 to 255; labels may be either."""
    values = np.array([[0, 1, 2, 3], [3, 2, 1, 0]], np.uint8)
    path = save_grey_png(tmp_path / "a.png", values, bits)
    image = read_volume([path])
    assert np.array_equal(image.picture(0), values * factor)
    for expected in (values, values * factor):
        how = Encodings(values=frozenset(np.unique(expected).tolist()) - {0}, others=frozenset())
        assert np.array_equal(read_labels([path], image, how=how).picture(0), expected)


@pytest.mark.parametrize("suffix", ["gif", "webp", "jp2", "pgm", "bmp"])
def test_further_formats(tmp_path, suffix):
    array = np.kron(np.array([[0, 200, 0], [90, 0, 200]], np.uint8), np.ones((8, 8), np.uint8))
    options = {"lossless": True} if suffix == "webp" else {}
    path = save_png(tmp_path / f"a.{suffix}", array, **options)
    picture = read_volume([path]).picture(0)
    assert np.array_equal(picture if picture.ndim == 2 else picture[..., 1], array)


@pytest.mark.parametrize("suffix", ["pgm", "jp2"])
def test_sixteen_bits_of_further_formats(tmp_path, suffix):
    array = (np.arange(64 * 64).reshape(64, 64) * 16).astype(np.uint16)
    assert np.array_equal(read_volume([save_png(tmp_path / f"a.{suffix}", array)]).picture(0), array)


def test_films_are_no_pictures(tmp_path):
    frames = [Image.fromarray(np.full((2, 2), 100 * index, np.uint8)) for index in range(3)]
    for suffix in ("gif", "png", "webp"):
        frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:])
        with pytest.raises(PromptsegError, match=rf"^several pictures: a\.{suffix} holds 3; save the one that counts"):
            read_volume([tmp_path / f"a.{suffix}"])


def test_photograph_with_previews(tmp_path):
    """Phones write a second picture into the file, whose first one is the photograph."""
    pictures = [Image.fromarray(np.full((16, 24), grey, np.uint8)) for grey in (80, 200)]
    pictures[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=pictures[1:])
    with Image.open(tmp_path / "a.jpg") as image:
        assert (image.format, image.n_frames) == ("MPO", 2)
    assert read_volume([tmp_path / "a.jpg"]).picture(0).tolist() == [[80] * 24] * 16


def test_colours_of_print(tmp_path):
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "a.jpg", quality=100)
    picture = read_volume([tmp_path / "a.jpg"]).picture(0)
    assert np.abs(picture.astype(int) - [255, 0, 0]).max() < 4


def test_transparent_entry_of_a_palette(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    image.save(tmp_path / "a.png", transparency=1)
    assert read_volume([tmp_path / "a.png"]).picture(0).tolist() == [
        [[0, 0, 0], [255, 0, 0]],
        [[0, 255, 0], [255, 0, 0]],
    ]
