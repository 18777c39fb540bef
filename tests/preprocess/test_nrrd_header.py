"""Axes, units and data files of NRRD files; SimpleITK says where the files of its own lie."""

import gzip

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.labels import MaskFiles, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS

SPACE = "left-posterior-superior"
DIRECTIONS = [[0.5, 0, 0], [0, 0.75, 0], [0, 0, 2.5]]
NONE = [np.nan] * 3
PICTURE = np.arange(12, dtype=np.uint8).reshape(3, 4)


def save(path, array, **header):
    """Keys of the header have `_` for their spaces."""
    nrrd.write(str(path), array, {key.replace("_", " "): value for key, value in header.items()})
    return path


@pytest.mark.parametrize(("axis", "name"), [(0, "first"), (3, "last")])
@pytest.mark.parametrize(
    ("kind", "directed"), [("vector", False), ("list", False), ("list", True), ("3-vector", False), ("time", False)]
)
def test_kinds_say_which_axis_is_none_of_space(tmp_path, axis, name, kind, directed):
    parts = [LPS, LPS * 2, LPS * 3]
    kinds, rows = ["domain"] * 3, [*DIRECTIONS]
    kinds.insert(axis, kind)
    place = {}
    if directed:
        rows.insert(axis, NONE)
        place = {"space": SPACE, "space_directions": np.array(rows), "space_origin": np.array([1.0, 2.0, 3.0])}
    path = save(tmp_path / f"{name}.nrrd", np.stack(parts, axis=axis), kinds=kinds, **place)
    volume = read_volume([path], [1])
    assert np.array_equal(volume.array, LPS * 2)
    with pytest.raises(PromptsegError, match=rf"^too many dimensions: {name}\.nrrd has the shape 4 x 5 x 3 x 3; say"):
        read_volume([path])
    if directed:
        assert volume.affine.tolist() == [[-0.5, 0, 0, -1], [0, -0.75, 0, -2], [0, 0, 2.5, 3], [0, 0, 0, 1]]


def test_directions_alone_say_it(tmp_path):
    place = {"space": SPACE, "space_directions": np.array([NONE, *DIRECTIONS])}
    path = save(tmp_path / "a.nrrd", np.stack([LPS, LPS * 2]), **place)
    assert np.array_equal(read_volume([path], [1]).array, LPS * 2)


def test_spacings_alone_say_it(tmp_path):
    path = save(tmp_path / "a.nrrd", np.stack([LPS, LPS * 2]), spacings=[np.nan, 0.5, 0.75, 2.5])
    volume = read_volume([path], [1])
    assert np.array_equal(volume.array, LPS * 2)
    assert volume.spacing == (0.5, 0.75, 2.5)


def test_four_axes_without_kinds(tmp_path):
    path = save(tmp_path / "a.nrrd", np.stack([LPS, LPS * 2], axis=3))
    assert np.array_equal(read_volume([path], [1]).array, LPS * 2)
    assert np.array_equal(read_volume([save(tmp_path / "b.nrrd", LPS[..., None])]).array, LPS)


@pytest.mark.parametrize(("kind", "count"), [("RGB-color", 3), ("3-color", 3), ("RGBA-color", 4)])
def test_colours_of_a_picture(tmp_path, kind, count):
    array = np.stack([PICTURE, PICTURE + 20, PICTURE + 40, PICTURE + 60][:count])
    path = save(tmp_path / "a.nrrd", array, kinds=[kind, "space", "space"], spacings=[np.nan, 0.2, 0.3])
    volume = read_volume([path])
    assert volume.shape == (3, 4, 1)
    assert not volume.separate
    assert volume.picture(0)[1, 2].tolist() == [9, 29, 49]
    assert volume.pixel_spacing == (0.3, 0.2)


def test_colours_by_itk(tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (3, 5, 4, 3), np.uint8)
    image = sitk.GetImageFromArray(colours, isVector=True)
    image.SetSpacing((0.5, 0.75, 2.5))
    image.SetOrigin((1, 2, 3))
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    volume = read_volume([tmp_path / "a.nrrd"], [2, 1, 0])
    assert np.array_equal(volume.array, colours.transpose(2, 1, 0, 3)[..., ::-1])
    assert volume.affine.tolist() == [[-0.5, 0, 0, -1], [0, -0.75, 0, -2], [0, 0, 2.5, 3], [0, 0, 0, 1]]


def test_four_domains_by_itk(tmp_path):
    array = np.stack([LPS, LPS * 2], axis=3).astype(np.int32)
    image = sitk.GetImageFromArray(array.transpose(3, 2, 1, 0), isVector=False)
    image.SetSpacing((0.5, 0.75, 2.5, 1))
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    volume = read_volume([tmp_path / "a.nrrd"], [1])
    assert np.array_equal(volume.array, LPS * 2)
    assert volume.spacing == (0.5, 0.75, 2.5)


def test_numbers_that_no_picture_can_show(tmp_path):
    path = save(tmp_path / "a.nrrd", np.zeros((2, 4, 5)), kinds=["complex", "domain", "domain"])
    with pytest.raises(PromptsegError, match=r"^complex numbers: a\.nrrd holds complex numbers"):
        read_volume([path])
    path = save(tmp_path / "b.nrrd", np.zeros((2, 2, 4, 5)), kinds=["list", "vector", "domain", "domain"])
    with pytest.raises(PromptsegError, match=r"^too many dimensions: b\.nrrd has the shape 2 x 2 x 4 x 5; "):
        read_volume([path], [0])


@pytest.mark.parametrize(
    "header",
    [
        {"spacings": [0.2, 0.3]},
        {"space_dimension": 2, "space_directions": np.diag([0.2, -0.3]), "space_origin": np.zeros(2)},
        {"space": SPACE, "space_directions": np.array([[0, 0.2, 0], [0, 0, -0.3]])},
        {"spacings": [200, 300], "units": ["um", "um"]},
        {"spacings": [0.02, 0.03], "units": ["cm", "cm"]},
    ],
)
def test_a_picture_keeps_its_spacing(tmp_path, header):
    volume = read_volume([save(tmp_path / "a.nrrd", PICTURE, **header)])
    assert volume.affine is None
    assert volume.pixel_spacing == pytest.approx((0.3, 0.2))
    assert np.array_equal(volume.picture(0), PICTURE.T)


@pytest.mark.parametrize(
    "header", [{}, {"spacings": [np.nan, np.nan]}, {"spacings": [1.0, 1.0], "units": ["px", "px"]}]
)
def test_no_spacing_is_made_up(tmp_path, header):
    assert read_volume([save(tmp_path / "a.nrrd", PICTURE, **header)]).pixel_spacing is None


@pytest.mark.parametrize(
    ("space", "oriented"), [("LPS", True), ("RAST", True), ("scanner-xyz", False), ("3D-right-handed", False)]
)
def test_spaces(tmp_path, space, oriented):
    timed = space.endswith("T")
    directions = np.diag([0.5, 0.75, 2.5, 9.0][: 3 + timed])
    array = LPS[..., None] if timed else LPS
    kinds = ["space", "space", "space", "time"][: array.ndim]
    units = ["mm", "mm", "mm", "s"][: array.ndim]
    path = save(tmp_path / "a.nrrd", array, kinds=kinds, space=space, space_directions=directions, space_units=units)
    volume = read_volume([path])
    assert (volume.affine is not None) == oriented
    assert volume.spacing == (0.5, 0.75, 2.5)


def test_place_in_metres(tmp_path):
    place = {
        "space": SPACE,
        "space_directions": np.array(DIRECTIONS) / 1000,
        "space_origin": np.array([0.001, 0.0, 0.0]),
    }
    volume = read_volume([save(tmp_path / "a.nrrd", LPS, **place, space_units=["m"] * 3)])
    assert np.allclose(volume.affine, [[-0.5, 0, 0, -1], [0, -0.75, 0, 0], [0, 0, 2.5, 0], [0, 0, 0, 1]])


@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "text"])
def test_detached_header(tmp_path, encoding):
    nrrd.write(str(tmp_path / "a.nhdr"), LPS, {"encoding": encoding})
    assert len(list(tmp_path.iterdir())) == 2
    assert np.array_equal(read_volume([tmp_path / "a.nhdr"]).array, LPS)


HEADER = "NRRD0005\ntype: uint8\ndimension: 3\nsizes: 4 5 3\nencoding: {}\n{}"


@pytest.mark.parametrize(
    ("encoding", "lines", "packed"),
    [
        ("raw", "data file: LIST\ns0.raw\ns1.raw\ns2.raw\n", bytes),
        ("gzip", "data file: LIST 2\ns0.raw\ns1.raw\ns2.raw\n", gzip.compress),
        ("raw", "data file: s%d.raw 0 2 1\n", bytes),
        ("raw", "byte skip: -1\ndata file: LIST\ns0.raw\ns1.raw\ns2.raw\n", lambda part: b"header" + part),
        ("raw", "line skip: 1\ndata file: LIST\ns0.raw\ns1.raw\ns2.raw\n", lambda part: b"header\n" + part),
    ],
)
def test_a_file_for_each_slice(tmp_path, encoding, lines, packed):
    array = LPS.astype(np.uint8)
    for k in range(3):
        (tmp_path / f"s{k}.raw").write_bytes(packed(array[:, :, k].tobytes(order="F")))
    (tmp_path / "a.nhdr").write_text(HEADER.format(encoding, lines))
    assert np.array_equal(read_volume([tmp_path / "a.nhdr"]).array, array)
    (tmp_path / "s1.raw").unlink()
    with pytest.raises(
        PromptsegError, match=r"^missing file: s1\.raw, which a\.nhdr names, is not there; bring it back"
    ):
        read_volume([tmp_path / "a.nhdr"])


def test_names_with_other_letters(tmp_path):
    (tmp_path / "größe.raw").write_bytes(LPS.astype(np.uint8).tobytes(order="F"))
    names = 'space dimension: 3\nspace directions: (2,0,0) (0,2,0) (0,0,5)\nspace units: "µm" "µm" "µm"\n'
    names += "Segment0_Name:=Gefäße\nSegment0_LabelValue:=7\n"
    (tmp_path / "a.nhdr").write_text(HEADER.format("raw", f"{names}data file: größe.raw\n"), encoding="utf-8")
    image = read_volume([tmp_path / "a.nhdr"])
    assert np.array_equal(image.array, LPS)
    assert image.spacing == pytest.approx((0.002, 0.002, 0.005))
    marked = read_masks([MaskFiles((tmp_path / "a.nhdr",), 1, None, "gefäße")], image).array
    assert np.array_equal(marked, LPS == 7)


def test_lines_may_be_long(tmp_path):
    save(tmp_path / "a.nrrd", LPS, Segmentation_Parameters="x" * 20_000)
    assert np.array_equal(read_volume([tmp_path / "a.nrrd"]).array, LPS)
