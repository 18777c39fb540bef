"""Segmentation objects of DICOM."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import SegmentationStorage

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.labels import read_labels
from promptseg.preprocess.volumes import read_volume
from support.dicoms import LPS, frame_groups, save_frames, save_series
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
        half = image.affine.copy()
        half[0, 3] += 0.4
        with pytest.raises(PromptsegError, match=r"^another grid: the pixels of liver\.dcm"):
            read_labels([self.folder / "liver.dcm"], Volume(image.array, half, image.spacing, "a"))

    def test_image_that_is_too_small(self):
        image = read_volume(sorted(self.folder.glob("0*.dcm")))
        with pytest.raises(PromptsegError, match=r"^sizes differ: liver\.dcm reaches beyond a \(512 x 512 x 2\)"):
            read_labels([self.folder / "liver.dcm"], Volume(image.array[:, :, :2], image.affine, image.spacing, "a"))

    def test_image_without_a_place(self, tmp_path):
        picture = read_volume([save_png(tmp_path / "a.png", np.zeros((512, 512), np.uint8))])
        with pytest.raises(PromptsegError, match=r"^no position: a\.png"):
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


def test_unknown_segmentation(tmp_path):
    image = read_volume(save_series(tmp_path / "s"))
    groups = [frame_groups(z) for z in HEIGHTS]
    path = save_frames(tmp_path / "seg.dcm", STACK, groups, SegmentationStorage, SegmentationType="MESH")
    with pytest.raises(PromptsegError, match=r"^unknown DICOM SEG: seg\.dcm is of the type MESH"):
        read_labels([path], image)
