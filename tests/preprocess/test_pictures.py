"""PNG, JPEG, TIFF and BMP."""

import cv2
import numpy as np
import pytest
from PIL import Image

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.volumes import save_png


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


def test_grey_palette_stands_for_its_greys(tmp_path):
    image = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.save(tmp_path / "a.png")
    volume = read_volume([tmp_path / "a.png"])
    assert volume.picture(0).tolist() == [[255, 0]]
    assert read_labels([tmp_path / "a.png"], volume).picture(0).tolist() == [[255, 0]]


def test_one_bit_mask_and_bmp_and_jpeg(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    assert read_volume([tmp_path / "a.png"]).picture(0).tolist() == [[1, 0]]
    for suffix in ("bmp", "jpg"):
        path = save_png(tmp_path / f"a.{suffix}", np.full((8, 9), 77, np.uint8))
        assert read_volume([path]).picture(0).tolist() == [[77] * 9] * 8


def test_pages_of_a_tiff(tmp_path):
    pages = [Image.fromarray(np.zeros((2, 2), np.uint8))] * 3
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(PromptsegError, match=r"^several pages: a\.tif holds 3"):
        read_volume([tmp_path / "a.tif"])
