"""Segmentation objects of DICOM."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.sr.codedict import codes
from pydicom.uid import SegmentationStorage

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.labels import MaskFiles, read_labels, read_masks
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, frame_groups, save_frames, save_series
from support.segmentations import ABOUT, areas, marks, save_stack, segment
from support.volumes import save_png

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


class TestDicomSegmentation:
    folder = SHARED / "volumes" / "ct_dicom_3slice"

    @pytest.fixture(autouse=True)
    def present(self):
        if not self.folder.is_dir():
            pytest.skip(f"{self.folder} is absent")

    def test_equals_the_same_labels_as_nrrd(self):
        image = read_volume(sorted(self.folder.glob("*.dcm")))  # liver.dcm, the SEG, lies among them
        assert image.shape == (512, 512, 3)
        segmented = read_labels([self.folder / "liver.dcm"], image)
        labels = read_labels([self.folder / "liver_seg.nrrd"], image)
        assert int((labels.array == 1).sum()) == 107098
        assert np.array_equal(segmented.array, labels.array)

    def test_into_a_turned_grid(self):
        image = reorient(read_volume(sorted(self.folder.glob("0*.dcm"))), "sagittal")
        segmented = read_labels([self.folder / "liver.dcm"], image)
        assert np.array_equal(segmented.array, read_labels([self.folder / "liver_seg.nrrd"], image).array)

    def test_another_grid(self):
        image = read_volume(sorted(self.folder.glob("0*.dcm")))
        moved = image.affine.copy()
        moved[0, 3] += 0.4
        with pytest.raises(PromptsegError, match=r"^another grid: the pixels of frame 1 of liver\.dcm do not lie on"):
            read_labels([self.folder / "liver.dcm"], Volume(image.array, moved, image.spacing, "a"))

    def test_image_that_is_too_small(self):
        image = read_volume(sorted(self.folder.glob("0*.dcm")))
        small = Volume(image.array[:, :, :2], image.affine, image.spacing, "a")
        labels = read_labels([self.folder / "liver_seg.nrrd"], image)
        assert np.array_equal(read_labels([self.folder / "liver.dcm"], small).array, labels.array[:, :, :2])

    def test_image_without_a_place(self, tmp_path):
        picture = read_volume([save_png(tmp_path / "a.png", np.zeros((512, 512), np.uint8))])
        with pytest.raises(
            PromptsegError,
            match=r"^no position: a\.png has no position, and frame 1 of liver\.dcm does not refer to a\.png",
        ):
            read_labels([self.folder / "liver.dcm"], picture)


HEIGHTS = (16.0, 11.0, 13.5)  # of the slices 2, 0 and 1 of LPS
STACK = LPS.transpose(2, 1, 0)[[2, 0, 1]]


def test_label_map_segmentation(tmp_path):
    image = read_volume(save_series(tmp_path / "s"))
    labels = LPS % 4
    stack = labels.transpose(2, 1, 0)[[2, 0, 1]]
    tags = {"SegmentationType": "LABELMAP", "PixelPaddingValue": 0}
    groups = [frame_groups(z) for z in HEIGHTS]
    path = save_frames(tmp_path / "seg.dcm", stack, groups, SegmentationStorage, **tags)
    assert np.array_equal(read_labels([path], image).array, labels)
    # Another number for the background, in the middle slice alone.
    tags["PixelPaddingValue"] = 3
    path = save_frames(tmp_path / "one.dcm", stack[2:], groups[2:], SegmentationStorage, **tags)
    expected = np.zeros_like(labels)
    expected[:, :, 1] = np.where(labels[:, :, 1] == 3, 0, labels[:, :, 1])
    assert np.array_equal(read_labels([path], image).array, expected)


def test_segments_that_overlap_and_empty_ones(tmp_path, caplog):
    paths = save_stack(tmp_path / "s", range(3))
    masks = np.stack([marks(6, 6, 0), marks(0, 0, 0), marks(0, 2, 3)], axis=3)
    labels = read_labels([segment(tmp_path / "seg", paths, masks)], read_volume(paths)).array
    counts = [np.bincount(labels[:, :, index].ravel(), minlength=4).tolist() for index in range(3)]
    assert counts == [[42, 6, 0, 0], [42, 4, 0, 2], [45, 0, 0, 3]]
    assert "seg: segment 3 covers a part of another one" in caplog.text


def test_fractions_count_from_one_half(tmp_path):
    paths = save_stack(tmp_path / "s", range(2))
    fractions = np.zeros((2, 6, 8), np.float32)
    fractions[0, 1, :5] = 0.25, 0.49, 0.51, 0.75, 1
    path = segment(tmp_path / "seg", paths, fractions, kind="FRACTIONAL")
    labels = read_labels([path], read_volume(paths)).array
    assert labels[:5, 1, 0].tolist() == [0, 0, 1, 1, 1]


def test_label_map_of_highdicom(tmp_path):
    paths = save_stack(tmp_path / "s", (0, 1, 5))
    values = np.zeros((3, 6, 8), np.uint8)
    values[1, 1, :3] = 1, 2, 2
    values[2, 5, 7] = 1
    labels = read_labels([segment(tmp_path / "seg", paths, values, kind="LABELMAP")], read_volume(paths)).array
    assert np.array_equal(labels, values.transpose(2, 1, 0))


@pytest.mark.parametrize("named", [True, False], ids=["the frame", "the file alone"])
def test_segmentation_of_an_enhanced_object(tmp_path, named):
    """The frames of the one file are stored from top to bottom, with a gap."""
    source = save_frames(tmp_path / "ct", np.zeros((3, 6, 8)), [frame_groups(z) for z in (9, 2, 1)], **ABOUT)
    groups = []
    for frame in (1, 2):
        item = pydicom.Dataset()
        item.ReferencedSOPInstanceUID = pydicom.dcmread(source).SOPInstanceUID
        if named:
            item.ReferencedFrameNumber = frame
        derivation = {"SourceImageSequence": [item]}
        one = {"ReferencedSegmentNumber": 1}
        groups.append(frame_groups(10 - frame, DerivationImageSequence=derivation, SegmentIdentificationSequence=one))
    groups[1].PlanePositionSequence[0].ImagePositionPatient = [-7, 3, 2]
    tags = {"SegmentationType": "BINARY", "FrameOfReferenceUID": "1.2.3.4"}
    path = save_frames(tmp_path / "seg", marks(4, 3), groups, SegmentationStorage, **tags)
    assert areas(read_labels([path], read_volume([source])).array) == [0, 3, 4]


@pytest.mark.parametrize("tags", [{"DimensionOrganizationType": "TILED_FULL"}, {"TotalPixelMatrixColumns": 16}])
def test_tiles_of_a_slide(tmp_path, tags):
    image = read_volume(save_series(tmp_path / "s"))
    groups = [frame_groups(z) for z in HEIGHTS]
    tags = {"SegmentationType": "BINARY", **tags}
    path = save_frames(tmp_path / "seg.dcm", STACK, groups, SegmentationStorage, **tags)
    with pytest.raises(PromptsegError, match=r"^unknown DICOM SEG: the frames of seg\.dcm are tiles of a slide"):
        read_labels([path], image)


def test_unknown_segmentation(tmp_path):
    image = read_volume(save_series(tmp_path / "s"))
    groups = [frame_groups(z) for z in HEIGHTS]
    path = save_frames(tmp_path / "seg.dcm", STACK, groups, SegmentationStorage, SegmentationType="MESH")
    with pytest.raises(PromptsegError, match=r"^unknown DICOM SEG: seg\.dcm is of the type MESH"):
        read_labels([path], image)


class TestSegmentsByName:
    """Three segments of which two overlap: 6 and 6 pixels, none, 2 and 3 pixels."""

    masks = np.stack([marks(6, 6, 0), marks(0, 0, 0), marks(0, 2, 3)], axis=3)

    @pytest.fixture
    def image(self, tmp_path):
        return read_volume(save_stack(tmp_path / "s", range(3)))

    @pytest.fixture
    def path(self, tmp_path, image):
        return segment(tmp_path / "seg", sorted((tmp_path / "s").iterdir()), self.masks, change=self.describe)

    @staticmethod
    def describe(made):
        about = [("Left lung", codes.SCT.Lung), ("part 2", codes.SCT.Lung), ("Liver (all)", codes.SCT.Liver)]
        for item, (label, code) in zip(made.SegmentSequence, about, strict=True):
            item.SegmentLabel = label
            item.SegmentedPropertyTypeCodeSequence[0].CodeValue = code.value
            item.SegmentedPropertyTypeCodeSequence[0].CodeMeaning = code.meaning

    @pytest.mark.parametrize(
        ("pattern", "expected"),
        [
            ("left LUNG", [6, 6, 0]),
            ("Liver (all)", [0, 2, 3]),
            ("^part", [0, 0, 0]),
            ("^Lung$", [6, 6, 0]),  # no label, but the meaning of two codes
            ("39607008", [6, 6, 0]),
            ("sct:10200004", [0, 2, 3]),
            ("left|liver", [6, 6, 3]),
        ],
    )
    def test_label_meaning_or_code(self, path, image, pattern, expected, caplog):
        assert areas(read_masks([MaskFiles((path,), 7, None, pattern)], image).array == 7) == expected
        assert caplog.text == ""

    def test_no_such_segment(self, path, image):
        with pytest.raises(
            PromptsegError,
            match=r"^no segment: `segment: 1020` matches nothing: seg has 'Left lung' \(Lung, SCT:39607008\), ",
        ):
            read_masks([MaskFiles((path,), 7, None, "1020")], image)

    def test_of_a_label_map(self, tmp_path, image):
        values = np.zeros((3, 6, 8), np.uint8)
        values[1, 1, :3] = 1, 2, 2
        path = segment(tmp_path / "map", sorted((tmp_path / "s").iterdir()), values, kind="LABELMAP")
        assert areas(read_masks([MaskFiles((path,), 7, None, "part 2")], image).array == 7) == [0, 2, 0]
