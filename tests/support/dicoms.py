"""DICOM files of small volumes, for tests."""

from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, SegmentationStorage, generate_uid

HALF_LIFE = 6586.2  # of fluorine 18, in seconds
# An asymmetric volume, 4 columns to the left, 5 rows to posterior, 3 slices upwards.
LPS = np.arange(60, dtype=np.int16).reshape(4, 5, 3)
LPS_AFFINE = np.array([[-0.5, 0, 0, 7.0], [0, -0.75, 0, -3.0], [0, 0, 2.5, 11.0], [0, 0, 0, 1]])


def save_slice(path: Path, stored: np.ndarray, z: float, series: str, **tags) -> Path:
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = pydicom.Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.SeriesInstanceUID = series
    dataset.Modality = "CT"
    dataset.Rows, dataset.Columns = stored.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.PixelSpacing = [0.75, 0.5]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-7, 3, z]
    dataset.RescaleSlope, dataset.RescaleIntercept = 2, -1024
    dataset.PixelData = stored.astype("<u2").tobytes()
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def save_series(folder: Path, heights=(11.0, 13.5, 16.0), **tags) -> list[Path]:
    """Slices of LPS whose file names are not in the order of their places."""
    folder.mkdir(exist_ok=True)
    names = ["c", "a", "b", "e", "d"]
    series = generate_uid()
    return sorted(save_slice(folder / names[k], LPS[:, :, k % 3].T, z, series, **tags) for k, z in enumerate(heights))


def frame_groups(z: float, **others: dict[str, object]) -> Dataset:
    """The functional groups of a frame at this height, and further ones by their keywords."""
    position, orientation, measures, item = Dataset(), Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [-7, 3, z]
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measures.PixelSpacing = [0.75, 0.5]
    item.PlanePositionSequence = [position]
    item.PlaneOrientationSequence = [orientation]
    item.PixelMeasuresSequence = [measures]
    for keyword, values in others.items():
        group = Dataset()
        for name, value in values.items():
            setattr(group, name, value)
        setattr(item, keyword, [group])
    return item


def save_frames(path: Path, frames: np.ndarray, groups: list[Dataset], sop_class: UID = CTImageStorage, **tags) -> Path:
    """A multi-frame object of (frames, rows, columns) uint16 pixels, each frame with its functional groups."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = sop_class
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = Dataset()
    dataset.file_meta = meta
    dataset.SOPClassUID = sop_class
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.SeriesInstanceUID = generate_uid()
    dataset.Modality = "SEG" if sop_class == SegmentationStorage else "CT"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.SharedFunctionalGroupsSequence = [Dataset()]
    dataset.PerFrameFunctionalGroupsSequence = groups
    dataset.PixelData = frames.astype("<u2").tobytes()
    for keyword, value in tags.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path, enforce_file_format=True)
    return path


def pet_header(tracer: dict[str, object] | None = None, **changes) -> Dataset:
    """A PET header: 70 kg, 350 MBq injected at 8:00, scan at 9:00."""
    dose = Dataset()
    dose.RadionuclideTotalDose = 350e6
    dose.RadionuclideHalfLife = HALF_LIFE
    dose.RadiopharmaceuticalStartTime = "080000"
    made = Dataset()
    made.Modality, made.Units, made.DecayCorrection = "PT", "BQML", "START"
    made.CorrectedImage = ["NORM", "DECY", "ATTN", "SCAT"]
    made.PatientWeight = 70
    made.SeriesDate, made.SeriesTime = "20200302", "090000.000000"
    made.AcquisitionDate, made.AcquisitionTime = "20200302", "090500"
    made.RadiopharmaceuticalInformationSequence = [dose]
    for target, values in ((dose, tracer or {}), (made, changes)):
        for keyword, value in values.items():
            if value is None:
                delattr(target, keyword)
            else:
                setattr(target, keyword, value)
    return made
