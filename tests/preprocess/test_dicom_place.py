"""Frames of segmentations on the slices that they refer to, or that lie at their positions."""

import logging

import numpy as np
import pydicom
import pytest
from pydicom.uid import SegmentationStorage

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.builds import run
from support.dicoms import frame_groups, save_frames
from support.segmentations import areas, marks, save_stack, segment


def anonymous(made):
    """References that lead nowhere are taken away."""
    for own in made.PerFrameFunctionalGroupsSequence:
        del own.DerivationImageSequence


def moved(x=0.0, y=0.0, z=0.0):
    """A change of the positions of all frames."""

    def change(made):
        for own in made.PerFrameFunctionalGroupsSequence:
            place = own.PlanePositionSequence[0]
            place.ImagePositionPatient = [a + b for a, b in zip(place.ImagePositionPatient, (x, y, z), strict=True)]

    return change


def both(*changes):
    return lambda made: [change(made) for change in changes]


def laid(path, paths):
    return areas(read_labels([path], read_volume(paths)).array)


@pytest.mark.parametrize("change", [None, anonymous], ids=["by reference", "by position"])
@pytest.mark.parametrize(
    ("heights", "counts"),
    [((0, 11, 12, 13, 14), (0, 9, 0, 0, 0)), ((0, 1, 2, 4, 5, 6), (3, 4, 5, 6, 7, 8)), ((0, 1, 7), (1, 0, 3))],
)
def test_a_series_with_gaps(tmp_path, heights, counts, change):
    paths = save_stack(tmp_path / "s", heights)
    path = segment(tmp_path / "seg", paths, marks(*counts), change=change)
    assert laid(path, paths) == list(counts)


@pytest.mark.parametrize("change", [None, anonymous], ids=["by reference", "by position"])
def test_slices_that_are_not_there_are_cut_off(tmp_path, caplog, change):
    paths = save_stack(tmp_path / "s", range(6))
    path = segment(tmp_path / "seg", paths, marks(1, 2, 3, 4, 5, 6), change=change)
    assert laid(path, paths[2:4]) == [3, 4]
    assert "seg: 14 of 21 marked pixels lie beyond 002.dcm: cut off" in caplog.text
    assert laid(path, [paths[0], paths[1], paths[4]]) == [1, 2, 5]
    assert laid(path, paths[2:3]) == [3]
    empty = segment(tmp_path / "empty", paths, marks(0, 0, 0, 0, 0, 0))
    assert laid(empty, paths) == [0] * 6


@pytest.mark.parametrize("there", [(0, 3), (0, 3, 6), (6,)])
def test_frames_of_lost_slices_do_not_count_for_their_neighbours(tmp_path, there):
    """Every third slice is there, or one, with segmentations of all of them and of slices beside."""
    paths = save_stack(tmp_path / "s", range(7), SliceThickness=3)
    kept = [paths[index] for index in there]
    everything = segment(tmp_path / "all", paths, marks(1, 2, 3, 4, 5, 6, 7), change=anonymous)
    assert laid(everything, kept) == [index + 1 for index in there]
    some = segment(tmp_path / "some", paths, marks(0, 2, 3, 0, 5, 6, 0), change=anonymous)
    with pytest.raises(PromptsegError, match=r"^beyond the image: "):
        laid(some, kept)


def test_nothing_lies_on_the_image(tmp_path):
    paths = save_stack(tmp_path / "s", range(4))
    path = segment(tmp_path / "seg", paths, marks(1, 2, 0, 0), change=anonymous)
    with pytest.raises(PromptsegError, match=r"^beyond the image: seg marks 3 pixels, and none of them lies on 002"):
        laid(path, paths[2:])


def test_positions_rounded_to_one_decimal(tmp_path, caplog):
    exact = [-7.0625, 3.0625]
    paths = [
        save_stack(tmp_path / f"s{number}", [height], ImagePositionPatient=[*exact, height], SeriesInstanceUID="1.2")[0]
        for number, height in enumerate((0.0, 0.625, 1.25, 1.875))
    ]

    def rounded(made):
        for own in made.PerFrameFunctionalGroupsSequence:
            place = own.PlanePositionSequence[0]
            place.ImagePositionPatient = [round(float(value), 1) for value in place.ImagePositionPatient]

    for change in (rounded, both(rounded, anonymous)):
        path = segment(tmp_path / "seg", paths, marks(4, 3, 2, 1), change=change)
        array = read_labels([path], read_volume(paths)).array
        assert areas(array) == [4, 3, 2, 1]
        assert array[:4, 1, 0].all()


def test_parts_of_a_pixel_are_told(tmp_path, caplog):
    paths = save_stack(tmp_path / "s", range(3))
    path = segment(tmp_path / "seg", paths, marks(1, 2, 3), change=moved(x=0.25, y=-0.375))  # half a pixel
    assert laid(path, paths) == [1, 2, 3]
    assert "seg lies up to 0.50 pixels beside the pixels of 000.dcm" in caplog.text
    path = segment(tmp_path / "seg", paths, marks(1, 2, 3), change=moved(x=0.28))
    with pytest.raises(
        PromptsegError, match=r"^another grid: .* frame 1 of seg .* at column 0\.56, row 0\.00, .* 1\.0"
    ):
        laid(path, paths)


def test_another_size_of_pixels(tmp_path):
    paths = save_stack(tmp_path / "s", range(3))

    def coarse(made):
        made.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [1.5, 1.0]

    path = segment(tmp_path / "seg", paths, marks(1, 2, 3), change=coarse)
    with pytest.raises(PromptsegError, match=r"^another grid: .* 2\.000 columns wide and 2\.000 rows high"):
        laid(path, paths)


@pytest.mark.parametrize(
    ("direction", "columns", "row"), [((1, 0, 0, 0, -1, 0), (2, 3, 4), 1), ((-1, 0, 0, 0, 1, 0), (2, 1, 0), 3)]
)
def test_turned_frames_lie_by_their_coordinates(tmp_path, direction, columns, row):
    """The first pixel is moved to column 2 of row 2; three pixels of its second row are marked."""
    paths = save_stack(tmp_path / "s", range(2))

    def turned(made):
        made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = list(direction)

    path = segment(tmp_path / "seg", paths, marks(3, 3), change=both(turned, moved(x=1.0, y=1.5)))
    array = read_labels([path], read_volume(paths)).array
    assert sorted(zip(*np.nonzero(array[:, :, 0]), strict=True)) == sorted((column, row) for column in columns)


def test_tilted_frames(tmp_path):
    paths = save_stack(tmp_path / "s", range(2))

    def tilted(made):
        made.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient = [1, 0, 0, 0, 0, 1]

    path = segment(tmp_path / "seg", paths, marks(3, 3), change=tilted)
    with pytest.raises(PromptsegError, match=r"^another grid: "):
        laid(path, paths)


def test_wider_than_the_image(tmp_path, caplog):
    paths = save_stack(tmp_path / "s", range(2))
    wide = marks(20, 20)
    path = segment(tmp_path / "seg", paths, wide, change=moved(x=-1.0, y=-0.75))  # two columns and one row
    array = read_labels([path], read_volume(paths)).array
    assert np.array_equal(array[:, :, 0] != 0, np.pad(wide[0, 1:, 2:], ((0, 1), (0, 2))).T)
    assert "cut off" in caplog.text


def test_reference_and_position_contradict_each_other(tmp_path):
    paths = save_stack(tmp_path / "s", range(6))
    path = segment(tmp_path / "seg", paths[:4], marks(1, 2, 3, 4), change=moved(z=2.0))
    with pytest.raises(
        PromptsegError,
        match=r"^contradiction: frame 1 of seg refers to slice 3 of 000\.dcm and lies 2\.00 mm away from it \(slice 5 ",
    ):
        laid(path, paths)
    # Half a slice, as by writers that give the place of a border.
    path = segment(tmp_path / "seg", paths[:4], marks(1, 2, 3, 4), change=moved(z=0.5))
    assert laid(path, paths) == [1, 2, 3, 4, 0, 0]


def test_frames_that_refer_to_another_phase(tmp_path):
    first, second, third = (save_stack(tmp_path / name, range(3)) for name in "abc")
    groups = []
    for source in [*first, *second]:
        header, item = pydicom.dcmread(source), pydicom.Dataset()
        item.ReferencedSOPInstanceUID = header.SOPInstanceUID
        groups.append(
            frame_groups(
                header.ImagePositionPatient[2],
                DerivationImageSequence={"SourceImageSequence": [item]},
                SegmentIdentificationSequence={"ReferencedSegmentNumber": 1},
            )
        )
    tags = {"SegmentationType": "BINARY", "FrameOfReferenceUID": "1.2.3.4"}
    path = save_frames(tmp_path / "seg", marks(1, 2, 3, 4, 5, 6), groups, SegmentationStorage, **tags)
    assert laid(path, first) == [1, 2, 3]
    assert laid(path, second) == [4, 5, 6]
    with pytest.raises(PromptsegError, match=r"^double frames: frames 1 and 4 of seg \(segment 1\)"):
        laid(path, third)


def test_frames_that_refer_to_another_series_in_the_same_coordinates(tmp_path, caplog):
    first, second = (save_stack(tmp_path / name, range(3)) for name in "ab")
    path = segment(tmp_path / "seg", first, marks(1, 2, 3))
    assert laid(path, second) == [1, 2, 3]
    assert "seg refers to other pictures than those of 000.dcm: it is laid by its positions" in caplog.text


def test_another_frame_of_reference(tmp_path, caplog):
    first = save_stack(tmp_path / "a", range(3))
    second = save_stack(tmp_path / "b", range(3), FrameOfReferenceUID="1.2.3.5")
    path = segment(tmp_path / "seg", first, marks(1, 2, 3))
    with pytest.raises(
        PromptsegError,
        match=r"^another frame of reference: FrameOfReferenceUID is 1\.2\.3\.4 in seg, 1\.2\.3\.5 in 000",
    ):
        laid(path, second)
    path = segment(
        tmp_path / "own", second, marks(1, 2, 3), change=lambda made: setattr(made, "FrameOfReferenceUID", "9")
    )
    assert laid(path, second) == [1, 2, 3]
    assert "own has another FrameOfReferenceUID than 000.dcm, but refers to its slices" in caplog.text


def test_the_entry_may_allow_another_frame_of_reference(tmp_path):
    first = save_stack(tmp_path / "first", range(3))
    (tmp_path / "images").mkdir()
    save_stack(tmp_path / "images" / "a", range(3), FrameOfReferenceUID="1.2.3.5")
    (tmp_path / "masks").mkdir()
    segment(tmp_path / "masks" / "a.dcm", first, marks(1, 2, 3))
    cases = [{"image": "images/{case}/*", "labels": "masks/{case}.dcm"}]
    options = {"cases": cases, "tasks": {"part": [1]}, "intensity": {"kind": "window", "low": -1024, "high": 0}}
    with pytest.raises(PromptsegError, match="a: another frame of reference: "):
        run(tmp_path, tmp_path / "out", **options)
    _, objects = run(tmp_path, tmp_path / "out", **options, frame_of_reference="any")
    assert objects["area"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("absent", ["image", "segmentation"])
def test_no_frame_of_reference(tmp_path, caplog, absent):
    tags = {"FrameOfReferenceUID": None} if absent == "image" else {}
    other = save_stack(tmp_path / "a", range(3))
    paths = save_stack(tmp_path / "b", range(3), **tags)
    drop = (lambda made: made.__delattr__("FrameOfReferenceUID")) if absent == "segmentation" else None
    assert laid(segment(tmp_path / "seg", other, marks(1, 2, 3), change=drop), paths) == [1, 2, 3]
    assert "and FrameOfReferenceUID is missing: it is laid by its positions" in caplog.text


def test_coarser_frames_by_position(tmp_path):
    coarse = save_stack(tmp_path / "a", range(0, 9, 3), SliceThickness=3)
    paths = save_stack(tmp_path / "b", range(9))
    path = segment(tmp_path / "seg", coarse, marks(1, 2, 3))
    with pytest.raises(PromptsegError, match=r"^another grid: the frames of seg are 3\.00 mm apart, .* 1\.00 mm"):
        laid(path, paths)


def test_an_image_without_references(tmp_path):
    """An image of another format has an affine, and no pictures to refer to."""
    paths = save_stack(tmp_path / "s", range(4))
    path = segment(tmp_path / "seg", paths, marks(1, 2, 3, 4))
    image = read_volume(paths)
    nifti = Volume(image.array, image.affine, image.spacing, "ct.nii.gz")
    assert areas(read_labels([path], nifti).array) == [1, 2, 3, 4]
    flipped = Volume(
        image.array[:, :, ::-1],
        image.affine @ np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 3], [0, 0, 0, 1]]),
        image.spacing,
        "ct.nii.gz",
    )
    assert areas(read_labels([path], flipped).array) == [4, 3, 2, 1]
    part = Volume(image.array[:, :, :2], image.affine, image.spacing, "ct.nii.gz")
    assert areas(read_labels([path], part).array) == [1, 2]


def test_quiet_where_all_is_right(tmp_path, caplog):
    paths = save_stack(tmp_path / "s", range(3))
    path = segment(tmp_path / "seg", paths, marks(1, 2, 3))
    with caplog.at_level(logging.INFO):
        laid(path, paths)
    assert not caplog.text
