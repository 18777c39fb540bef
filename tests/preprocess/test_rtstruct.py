"""Contours of RTSTRUCT files on the slices of an image: 4 columns of 0.5 mm, 5 rows of 0.75 mm."""

from dataclasses import replace

import numpy as np
import pydicom
import pytest

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import reorient
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, LPS_AFFINE, frame_groups, save_frames, save_series
from support.structures import contour, save_structures
from support.volumes import save_nifti, save_png, turned


def box(columns, rows, z, **options):
    """A contour through the centres of pixels."""
    (left, right), (top, bottom) = columns, rows
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return contour([(-7 + 0.5 * x, 3 + 0.75 * y, z) for x, y in corners], **options)


def marked(columns, rows, *slices):
    """The mask of that box."""
    mask = np.zeros(LPS.shape, bool)
    mask[columns[0] : columns[1] + 1, rows[0] : rows[1] + 1, list(slices)] = True
    return mask


LIVER = marked((1, 2), (0, 3), 0, 2)
LIVER_BOXES = [box((1, 2), (0, 3), 11), box((1, 2), (0, 3), 16)]


def read(path, pattern, image):
    return read_masks([MaskFiles((path,), 3, None, pattern)], image).array == 3


@pytest.fixture
def image(tmp_path):
    return read_volume(save_series(tmp_path / "s", FrameOfReferenceUID="1.2.3"))


def test_structures_by_name(tmp_path, image):
    path = save_structures(tmp_path / "rt.dcm", {"Liver": LIVER_BOXES, "GTV+5mm": [box((0, 3), (4, 4), 13.5)]}, "1.2.3")
    assert np.array_equal(read(path, "liver", image), LIVER)
    assert np.array_equal(read(path, "gtv+5MM", image), marked((0, 3), (4, 4), 1))
    assert np.array_equal(read(path, "liver|gtv", image), LIVER | marked((0, 3), (4, 4), 1))
    with pytest.raises(
        PromptsegError, match=r"^no segment: `segment: spleen` matches nothing: rt\.dcm has 'Liver', 'GTV\+5mm'; "
    ):
        read(path, "spleen", image)


def test_label_map_of_structures_that_do_not_overlap(tmp_path, image):
    organs = {"Liver": LIVER_BOXES, "Spleen": [box((0, 0), (4, 4), 11), box((0, 3), (4, 4), 13.5)]}
    path = save_structures(tmp_path / "rt.dcm", organs, first=4)
    labels = read_labels([path], image).array
    assert np.array_equal(labels == 4, LIVER)
    assert np.array_equal(labels == 5, marked((0, 0), (4, 4), 0) | marked((0, 3), (4, 4), 1))
    path = save_structures(tmp_path / "body.dcm", {**organs, "Body": [box((0, 3), (0, 4), 11)]})
    with pytest.raises(
        PromptsegError, match=r"^no label map: 'Spleen' and 'Body' of body\.dcm share pixels; .*`segment`"
    ):
        read_labels([path], image)
    path = save_structures(tmp_path / "zero.dcm", organs, first=0)
    with pytest.raises(PromptsegError, match=r"^no label map: 'Liver' of zero\.dcm has the number 0; "):
        read_labels([path], image)


def test_slices_that_contours_refer_to(tmp_path, image, caplog):
    """The reference decides where the place is rounded; if they exclude each other, the case fails."""
    bottom, middle, _ = (plane.instance for plane in image.planes)
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), 14.7, picture=middle)]})
    assert np.array_equal(read(path, "a", image), marked((0, 1), (0, 1), 1))
    assert caplog.text == ""
    # Where all refer to another series, their places decide; those that do beside others are not of this image.
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), 13.4, picture="1.2.3.4")]})
    assert np.array_equal(read(path, "a", image), marked((0, 1), (0, 1), 1))
    assert "rt.dcm refers to other pictures than those of" in caplog.text
    both = [box((0, 1), (0, 1), 13.5, picture="1.2.3.4"), box((0, 1), (0, 1), 11, picture=bottom)]
    path = save_structures(tmp_path / "rt.dcm", {"a": both})
    assert np.array_equal(read(path, "a", image), marked((0, 1), (0, 1), 0))
    assert "'a' of rt.dcm: 1 contours lie on slices that" in caplog.text
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), 13.5, picture=bottom)]})
    with pytest.raises(
        PromptsegError, match=r"^contradiction: a contour of 'a' of rt\.dcm refers to a slice of .* 2\.50 mm away"
    ):
        read(path, "a", image)


def test_frames_that_contours_refer_to(tmp_path):
    groups = [frame_groups(z) for z in (16, 11, 13.5)]
    image = read_volume([save_frames(tmp_path / "s.dcm", LPS.transpose(2, 1, 0), groups, FrameOfReferenceUID="1.2.3")])
    instance = image.planes[0].instance
    for options in ({"frame": 2}, {"frame": [1, 2]}, {}):
        path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), 11, picture=instance, **options)]})
        assert np.array_equal(read(path, "a", image), marked((0, 1), (0, 1), 0))
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), 11, picture=instance, frame=1)]})
    with pytest.raises(PromptsegError, match=r"^contradiction"):
        read(path, "a", image)


def test_places_in_a_series_with_a_gap(tmp_path, caplog):
    """Slices 0, 1 and 3 of four: what was drawn on the missing one is cut off, the others do not move."""
    image = read_volume(save_series(tmp_path / "s", heights=(11.0, 13.5, 18.5)))
    boxes = [box((0, 1), (0, row), z) for row, z in enumerate((11, 13.5, 16, 18.5, 21))]
    mask = read(save_structures(tmp_path / "rt.dcm", {"a": boxes}), "a", image)
    expected = marked((0, 1), (0, 0), 0) | marked((0, 1), (0, 1), 1) | marked((0, 1), (0, 3), 2)
    assert np.array_equal(mask, expected)
    assert "'a' of rt.dcm: 2 contours lie on slices that" in caplog.text


def test_contours_that_reach_beyond_the_picture(tmp_path, image, caplog):
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((2, 9), (-3, 1), 11), box((-0.4, 1), (0, 1), 13.5)]})
    assert np.array_equal(read(path, "a", image), marked((2, 3), (0, 1), 0) | marked((0, 1), (0, 1), 1))
    assert "'a' of rt.dcm: 1 contours reach beyond the pictures of" in caplog.text


def test_contours_of_other_slices(tmp_path, image):
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 1), (0, 1), z) for z in (11, 12, 13)]})
    with pytest.raises(
        PromptsegError, match=r"^drawn on other slices: a contour of 'a' of rt\.dcm lies 1\.00 mm .* 2\.50 mm apart; "
    ):
        read(path, "a", image)
    sagittal = contour([(-6, 3, 11), (-6, 6, 11), (-6, 6, 16), (-6, 3, 16)])
    path = save_structures(tmp_path / "rt.dcm", {"a": [sagittal]})
    with pytest.raises(PromptsegError, match=r"^drawn on other slices: contours of 'a' of rt\.dcm are not parallel"):
        read(path, "a", image)


@pytest.mark.parametrize("boxes", [[box((0, 1), (0, 1), 111)], [box((30, 35), (0, 1), 11)]])
def test_contours_elsewhere(tmp_path, image, boxes):
    path = save_structures(tmp_path / "rt.dcm", {"a": boxes})
    with pytest.raises(
        PromptsegError,
        match=r"^beyond the image: no contour of 'a' of rt\.dcm covers a pixel of .* -7 to -6 x 3 to 6 x 11 to 16 mm",
    ):
        read(path, "a", image)


def test_another_frame_of_reference(tmp_path, image, caplog):
    path = save_structures(tmp_path / "rt.dcm", {"a": LIVER_BOXES}, "1.2.4")
    with pytest.raises(
        PromptsegError, match=r"^another frame of reference: FrameOfReferenceUID is 1\.2\.4 in rt\.dcm, 1\.2\.3 in "
    ):
        read(path, "a", image)
    # `frame_of_reference: any` takes the image's away.
    assert np.array_equal(read(path, "a", replace(image, frame_of_reference="")), LIVER)
    own = box((0, 1), (0, 1), 11, picture=image.planes[0].instance)
    path = save_structures(tmp_path / "rt.dcm", {"a": [own]}, "1.2.4")
    assert np.array_equal(read(path, "a", image), marked((0, 1), (0, 1), 0))
    assert "rt.dcm has another FrameOfReferenceUID than" in caplog.text


def test_points_and_lines_bound_no_area(tmp_path, image, caplog):
    corners = [(-7, 3, 11), (-6, 3, 11), (-6, 4.5, 11)]
    lines = [contour(corners, "OPEN_PLANAR"), contour(corners, "OPEN_NONPLANAR"), contour(corners[:1], "POINT")]
    path = save_structures(tmp_path / "rt.dcm", {"marker": lines, "liver": LIVER_BOXES, "empty": []})
    assert np.array_equal(read_labels([path], image).array == 2, LIVER)
    assert "rt.dcm: 3 contours are points or open lines: they are left out" in caplog.text
    assert not read(path, "empty", image).any()
    assert "rt.dcm: nothing is drawn for 'empty'" in caplog.text
    with pytest.raises(PromptsegError, match=r"^no area: 'marker' of rt\.dcm consists of points and open lines; "):
        read(path, "marker", image)


@pytest.mark.parametrize("kind", ["CLOSED_PLANAR", "CLOSEDPLANAR_XOR"])
def test_holes(tmp_path, image, kind, caplog):
    hole = contour([(-6.7, 3.5, 11), (-6.3, 3.5, 11), (-6.3, 5.3, 11), (-6.7, 5.3, 11)], kind)
    path = save_structures(tmp_path / "rt.dcm", {"a": [box((0, 3), (0, 4), 11, kind=kind), hole]})
    assert np.array_equal(read(path, "a", image), marked((0, 3), (0, 4), 0) & ~marked((1, 1), (1, 3), 0))
    assert ("1 CLOSED_PLANAR contours lie in larger ones: they are taken for holes" in caplog.text) == (kind[6] == "_")


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PIR", "SLA"])
def test_image_without_headers_of_dicom(tmp_path, codes):
    """A NIfTI file of the series, however its axes are stored."""
    image = read_volume([save_nifti(tmp_path / "a.nii", *turned(LPS, LPS_AFFINE, codes))])
    path = save_structures(tmp_path / "rt.dcm", {"a": LIVER_BOXES}, "1.2.3")
    assert np.array_equal(reorient(read_masks([MaskFiles((path,), 3, None, "a")], image), "axial").array == 3, LIVER)


def test_oblique_series(tmp_path):
    angle = np.deg2rad(30)
    down = np.array([0, np.cos(angle), np.sin(angle)])
    normal = np.cross([1, 0, 0], down)
    corners = [(1, 0), (2, 0), (2, 3), (1, 3)]
    places = [np.array([-7, 3, 11]) + step * 2.5 * normal for step in range(3)]
    paths = [
        save_series(tmp_path / f"{k}", [place[2]], ImagePositionPatient=[f"{v:.6f}" for v in place])
        for k, place in enumerate(places)
    ]
    tags = {"ImageOrientationPatient": [1, 0, 0, *(f"{v:.6f}" for v in down)], "SeriesInstanceUID": "1.2.5"}
    for (path,) in paths:
        header = pydicom.dcmread(path)
        for keyword, value in tags.items():
            setattr(header, keyword, value)
        header.save_as(path)
    image = read_volume([path for (path,) in paths])
    drawn = [contour([places[k] + [0.5 * x, 0, 0] + 0.75 * y * down for x, y in corners]) for k in (0, 2)]
    assert np.array_equal(read(save_structures(tmp_path / "rt.dcm", {"a": drawn}), "a", image), LIVER)


def test_picture_without_a_place(tmp_path):
    picture = read_volume([save_png(tmp_path / "a.png", np.zeros((5, 4), np.uint8))])
    path = save_structures(tmp_path / "rt.dcm", {"a": LIVER_BOXES})
    with pytest.raises(PromptsegError, match=r"^no position: a\.png"):
        read(path, "a", picture)


@pytest.mark.filterwarnings("ignore:The value for the data element")
def test_contour_longer_than_64_kilobytes(tmp_path, image):
    """Written with the representation UN, which pydicom hands out as bytes."""
    across, down = np.linspace(1, 2, 1500), np.linspace(0, 3, 1500)
    around = (
        [(x, 0) for x in across]
        + [(2, y) for y in down]
        + [(x, 3) for x in across[::-1]]
        + [(1, y) for y in down[::-1]]
    )
    long = contour([(-7 + 0.5 * x, 3 + 0.75 * y, 11) for x, y in around])
    assert long.NumberOfContourPoints == 6000
    path = save_structures(tmp_path / "rt.dcm", {"a": [long]})
    assert np.array_equal(read(path, "a", image), marked((1, 2), (0, 3), 0))


@pytest.mark.filterwarnings("ignore:Invalid value for VR DS")
def test_damaged_and_other_files(tmp_path, image):
    path = save_structures(tmp_path / "rt.dcm", {"a": LIVER_BOXES})
    header = pydicom.dcmread(path)
    del header.StructureSetROISequence
    header.save_as(tmp_path / "broken.dcm")
    with pytest.raises(PromptsegError, match=r"^unreadable: broken\.dcm"):
        read(tmp_path / "broken.dcm", "a", image)
    for numbers in (["1", "2"], ["nan"] * 9):
        header = pydicom.dcmread(path)
        header.ROIContourSequence[0].ContourSequence[0].ContourData = numbers
        header.save_as(tmp_path / "broken.dcm")
        with pytest.raises(PromptsegError, match=r"^unreadable: broken\.dcm"):
            read(tmp_path / "broken.dcm", "a", image)
    mask = save_nifti(tmp_path / "m.nii", LPS % 2, LPS_AFFINE)
    with pytest.raises(PromptsegError, match=r"^no names of segments: m\.nii has no segments that `segment: a` could"):
        read(mask, "a", image)
