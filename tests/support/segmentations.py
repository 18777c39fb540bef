"""Series of DICOM, and the segmentations that highdicom makes of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import generate_uid

from support.dicoms import save_slice

# What highdicom wants to know of a picture.
ABOUT = {
    "PatientName": "Phantom^One",
    "PatientID": "1",
    "PatientBirthDate": "",
    "PatientSex": "O",
    "StudyInstanceUID": "1.2.3",
    "StudyDate": "20240101",
    "StudyTime": "120000",
    "StudyID": "1",
    "AccessionNumber": "",
    "ReferringPhysicianName": "",
    "FrameOfReferenceUID": "1.2.3.4",
    "PositionReferenceIndicator": "",
    "SliceThickness": 1,
    "InstanceNumber": 1,
}
SIZE = 8, 6  # columns, rows


def save_stack(folder: Path, heights: Sequence[float], **tags) -> list[Path]:
    """One empty slice for each height, named by its number, of 0.5 x 0.75 mm pixels."""
    folder.mkdir()
    series = generate_uid()
    pixels = np.zeros(SIZE[::-1], np.uint16)
    about = {
        keyword: value for keyword, value in {**ABOUT, **tags}.items() if value is not None or keyword not in ABOUT
    }
    return [
        save_slice(folder / f"{number:03d}.dcm", pixels, height, series, **about)
        for number, height in enumerate(heights)
    ]


def areas(array: np.ndarray) -> list[int]:
    """Number of marked pixels on each slice."""
    return [int(count) for count in (array != 0).sum(axis=(0, 1))]


def marks(*counts: int) -> np.ndarray:
    """(slices, rows, columns) masks with so many pixels, from the first one of the second row on."""
    masks = np.zeros((len(counts), SIZE[1] * SIZE[0]), np.uint8)
    for mask, count in zip(masks, counts, strict=True):
        mask[SIZE[0] : SIZE[0] + count] = 1
    return masks.reshape(len(counts), *SIZE[::-1])


def segment(
    path: Path,
    sources: Sequence[Path],
    masks: np.ndarray,
    kind: str = "BINARY",
    change: Callable[[Dataset], object] | None = None,
) -> Path:
    """A DICOM SEG of the pictures `sources`.

    Args:
        masks: (slices, rows, columns): one segment, values of `kind`; (slices, rows, columns, segments): several.
        change: what is done to the object before it is saved.
    """
    several = masks.shape[3] if masks.ndim == 4 else max(1, int(masks.max())) if kind != "FRACTIONAL" else 1
    descriptions = [
        hd.seg.SegmentDescription(
            number + 1, f"part {number + 1}", codes.SCT.Organ, codes.SCT.Liver, hd.seg.SegmentAlgorithmTypeValues.MANUAL
        )
        for number in range(several)
    ]
    made = hd.seg.Segmentation(
        [pydicom.dcmread(source) for source in sources],
        masks,
        hd.seg.SegmentationTypeValues(kind),
        descriptions,
        generate_uid(),
        9,
        generate_uid(),
        1,
        "us",
        "none",
        "1",
        "1",
        fractional_type="PROBABILITY",
        max_fractional_value=255,
    )
    if change is not None:
        change(made)
    made.save_as(path)
    return path
