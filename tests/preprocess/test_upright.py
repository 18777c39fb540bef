"""Pictures that a camera held in another way than they are shown."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from promptseg.preprocess.volumes import LABEL_READERS, read_files, read_volume
from support.builds import write
from support.masks import LABELS, areas
from support.volumes import png_chunk

GREY = np.kron(np.array([[10, 60, 110], [160, 210, 250]], np.uint8), np.ones((8, 8), np.uint8))
ORIENTATION = 0x0112
# The same two by three fields, by orientation, as rows of what is shown.
SHOWN = {
    1: [[10, 60, 110], [160, 210, 250]],
    2: [[110, 60, 10], [250, 210, 160]],
    3: [[250, 210, 160], [110, 60, 10]],
    4: [[160, 210, 250], [10, 60, 110]],
    5: [[10, 160], [60, 210], [110, 250]],
    6: [[160, 10], [210, 60], [250, 110]],
    7: [[250, 110], [210, 60], [160, 10]],
    8: [[110, 250], [60, 210], [10, 160]],
}


def save(path, image, orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"tiffinfo": {274: orientation}} if path.suffix == ".tif" else {"exif": exif}
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", SHOWN)
def test_orientation_of_images_and_masks(tmp_path, suffix, orientation):
    path = save(tmp_path / f"a.{suffix}", Image.fromarray(GREY), orientation)
    for volume in (read_volume([path]), read_files([path], LABEL_READERS)):
        picture = volume.picture(0) if volume.array.ndim == 3 else volume.picture(0)[..., 0]
        assert picture.shape == (8 * len(SHOWN[orientation]), 8 * len(SHOWN[orientation][0]))
        assert np.allclose(picture[4::8, 4::8], SHOWN[orientation], atol=6)


@pytest.mark.parametrize("orientation", SHOWN)
def test_orientation_as_pillow_has_it(tmp_path, orientation):
    path = save(tmp_path / "a.png", Image.fromarray(GREY), orientation)
    with Image.open(path) as image:
        assert np.array_equal(read_volume([path]).picture(0), np.asarray(ImageOps.exif_transpose(image)))


def test_orientation_of_a_palette(tmp_path):
    image = Image.fromarray((GREY // 50).astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9, 7, 7, 7])
    path = save(tmp_path / "a.png", image, 6)
    assert np.array_equal(read_files([path], LABEL_READERS).picture(0), np.rot90(GREY // 50, -1))
    assert read_volume([path]).picture(0)[12, 4].tolist() == [9, 9, 9]


def test_orientation_of_sixteen_bit_colours(tmp_path):
    colours = np.dstack([GREY * 256.0, GREY * 100.0, GREY * 7.0]).astype(np.uint16)
    cv2.imwrite(str(tmp_path / "a.png"), colours[:, :, ::-1])
    content = (tmp_path / "a.png").read_bytes()
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    place = content.index(b"IDAT") - 4
    chunk = png_chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0"))
    (tmp_path / "b.png").write_bytes(content[:place] + chunk + content[place:])
    assert np.array_equal(read_volume([tmp_path / "b.png"]).picture(0), np.rot90(colours, -1))
    assert np.array_equal(read_volume([tmp_path / "a.png"]).picture(0), colours)


def test_orientation_without_meaning(tmp_path):
    for orientation in (0, 9):
        path = save(tmp_path / "a.png", Image.fromarray(GREY), orientation)
        assert np.array_equal(read_volume([path]).picture(0), GREY)


def test_masks_drawn_on_stored_pixels_of_turned_pictures(tmp_path, caplog):
    raw, remedy = (
        tmp_path / "raw",
        "turn the mask{0} as well, or remove the orientation from the EXIF data of the image{0}",
    )
    shown, stored = (LABELS > 0).astype(np.uint8), np.rot90(LABELS > 0).astype(np.uint8)
    picture = np.full(LABELS.shape, 90, np.uint8)
    write(raw / "masks" / "a.png", shown)
    write(raw / "masks" / "b.png", shown)
    save(raw / "masks" / "c.png", Image.fromarray(stored), 6)
    (raw / "images").mkdir()
    for name, orientation in (("a", 1), ("b", 3), ("c", 6)):
        save(raw / "images" / f"{name}.jpg", Image.fromarray(np.rot90(picture, orientation == 6)), orientation)
    with caplog.at_level("INFO"):
        assert areas(raw, tmp_path / "out")[0] == {name: {"lesion": 15} for name in "abc"}
    assert (
        "masks of pictures that are turned as their EXIF data say: they are not turned (1, the first b.png)"
        in caplog.text
    )

    write(raw / "masks" / "c.png", stored)
    assert areas(raw, tmp_path / "again") == (
        {"a": {"lesion": 15}},
        {
            "b": "places differ: b.png says nothing of turning, its image is turned as its EXIF data say, and c.png "
            "was drawn on stored pixels; " + remedy.format("s"),
            "c": "sizes differ: the image c.jpg is turned as its EXIF data say, and the mask c.png has the size of its "
            "stored pixels; " + remedy.format(""),
        },
    )
