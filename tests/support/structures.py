"""RTSTRUCT files of a few contours, for tests."""

from collections.abc import Sequence
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RTStructureSetStorage, generate_uid


def contour(
    points: Sequence[Sequence[float]], kind: str = "CLOSED_PLANAR", picture: str = "", frame: int = 0
) -> Dataset:
    """A contour of (x, y, z) points in mm, drawn on a picture if its SOPInstanceUID is given."""
    made = Dataset()
    made.ContourGeometricType, made.NumberOfContourPoints = kind, len(points)
    made.ContourData = [f"{value:.4f}" for point in points for value in point]
    if picture:
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", picture
        if frame:
            reference.ReferencedFrameNumber = frame
        made.ContourImageSequence = [reference]
    return made


def save_structures(path: Path, structures: dict[str, Sequence[Dataset]], frame: str = "", first: int = 1) -> Path:
    """An RTSTRUCT file of contours by the names of their structures, which are numbered from `first` on."""
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = RTStructureSetStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = Dataset()
    made.file_meta = meta
    made.SOPClassUID, made.SOPInstanceUID = RTStructureSetStorage, meta.MediaStorageSOPInstanceUID
    made.Modality, made.StructureSetLabel = "RTSTRUCT", "test"
    made.StructureSetROISequence, made.ROIContourSequence = [], []
    for number, (name, contours) in enumerate(structures.items(), first):
        structure, drawn = Dataset(), Dataset()
        structure.ROINumber, structure.ROIName = number, name
        structure.ReferencedFrameOfReferenceUID = frame
        drawn.ReferencedROINumber, drawn.ContourSequence = number, list(contours)
        made.StructureSetROISequence.append(structure)
        made.ROIContourSequence.append(drawn)
    made.save_as(path, enforce_file_format=True)
    return path
