"""Bytes of the file formats and archives that the datasets are published in."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

import nibabel as nib
import nrrd
import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels import pack_bits
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
    SegmentationStorage,
)

from support.archives.model import stored

# An AppleDouble header, as macOS leaves one beside every file that it packs.
JUNK = b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        " + bytes(163)
_STORAGE = {"CT": CTImageStorage, "MR": MRImageStorage, "PT": PositronEmissionTomographyImageStorage}
_ROOT = "1.2.826.0.1.3680043.8.498."


def nifti(array: np.ndarray, affine: np.ndarray, compressed: bool = True) -> bytes:
    """A NIfTI-1 file with an sform."""
    image = nib.Nifti1Image(array, affine)
    image.set_sform(affine, code=1)
    image.set_qform(affine, code=1)
    image.header.set_xyzt_units("mm")
    content = image.to_bytes()
    return gzip.compress(content, compresslevel=1, mtime=0) if compressed else content


def picture(array: np.ndarray, form: str = "PNG", mode: str | None = None, **options: Any) -> bytes:
    """A 2-D picture of an (h, w) or (h, w, c) array."""
    buffer = io.BytesIO()
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(buffer, form, **options)
    return buffer.getvalue()


def cut_off(content: bytes) -> bytes:
    """The first half: a copy that was not finished."""
    return content[: len(content) // 2]


def wrong_sum(content: bytes) -> bytes:
    """A gzip file whose content does not give the checksum at its end."""
    return content[:-8] + bytes(255 - byte for byte in content[-8:-4]) + content[-4:]


def zipped(files: Mapping[str, bytes], bad: Sequence[str] = ()) -> bytes:
    """A zip archive; the members named in `bad` do not give their checksum."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in files:
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), files[name])
        places = {info.filename: info.header_offset for info in archive.infolist()}
    content = bytearray(buffer.getvalue())
    for name in bad:
        # 30 bytes of local header and the name stand before the stored content.
        content[places[name] + 30 + len(name.encode()) + len(files[name]) // 2] ^= 255
    return bytes(content)


def tarred(files: Mapping[str, bytes], compressed: bool = False) -> bytes:
    """A tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if compressed else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def seg_nrrd(
    array: np.ndarray, affine: np.ndarray, segments: Sequence[tuple[str, int, int]], space: bool = True
) -> bytes:
    """A .seg.nrrd of 3D Slicer.

    Args:
        array: (columns, rows, slices), or (layers, columns, rows, slices).
        affine: voxel to RAS coordinates.
        segments: name, label value and layer of each.
        space: whether the header says where the volume lies.
    """
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    directions = list(to_lps[:3, :3].T)
    kinds = ["domain"] * 3
    if array.ndim == 4:
        directions = [np.full(3, np.nan), *directions]
        kinds = ["list", *kinds]
    header: dict[str, Any] = {"encoding": "gzip", "kinds": kinds}
    if space:
        header |= {
            "space": "left-posterior-superior",
            "space directions": np.array(directions),
            "space origin": to_lps[:3, 3],
        }
    for index, (name, value, layer) in enumerate(segments):
        header |= {
            f"Segment{index}_ID": f"Segment_{index + 1}",
            f"Segment{index}_Name": name,
            f"Segment{index}_LabelValue": str(value),
            f"Segment{index}_Layer": str(layer),
        }
    buffer = io.BytesIO()
    nrrd.write(buffer, np.asarray(array, np.uint8), header)
    return buffer.getvalue()


def _uid(*keys: str) -> UID:
    """An identifier that is a function of the keys."""
    return UID(_ROOT + str(int(hashlib.sha256("/".join(keys).encode()).hexdigest()[:30], 16)))


def _saved(dataset: Dataset, storage: UID) -> bytes:
    dataset.SOPClassUID = storage
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta = meta
    buffer = io.BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _grid(dataset: Dataset, rows: int, columns: int, bits: int) -> None:
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = rows, columns, 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = bits
    dataset.BitsStored = bits
    dataset.HighBit = bits - 1
    dataset.PixelRepresentation = 0


def dicom_series(
    values: np.ndarray,
    affine: np.ndarray,
    modality: str,
    description: str,
    key: str,
    *,
    slopes: Sequence[float] | None = None,
    upwards: bool = True,
    common: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """The files of one series, one per slice, named as the NBIA Data Retriever does.

    Args:
        values: (columns, rows, slices) of whole numbers from 0 to 65535, as stored.
        affine: voxel to RAS coordinates, in mm.
        key: tells series apart.
        slopes: RescaleSlope of each slice; None for none.
        upwards: whether the numbers of the files rise with the slice.
        common: further attributes of all slices.
    """
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    steps = np.linalg.norm(to_lps[:3, :3], axis=0)
    directions = to_lps[:3, :3] / steps
    count = values.shape[2]
    files = {}
    for index in range(count):
        number = index + 1 if upwards else count - index
        dataset = Dataset()
        dataset.Modality, dataset.SeriesDescription = modality, description
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study", key), _uid(description, key)
        dataset.FrameOfReferenceUID = _uid("frame", key)
        dataset.SOPInstanceUID = _uid(description, key, f"{number}")
        dataset.InstanceNumber = number
        for keyword, value in (common or {}).items():
            setattr(dataset, keyword, value)
        _grid(dataset, values.shape[1], values.shape[0], 16)
        dataset.PixelSpacing = [float(steps[1]), float(steps[0])]
        dataset.SliceThickness = float(steps[2])
        dataset.ImageOrientationPatient = [*map(float, directions[:, 0]), *map(float, directions[:, 1])]
        dataset.ImagePositionPatient = [*map(float, (to_lps @ [0, 0, index, 1])[:3])]
        if slopes is not None:
            dataset.RescaleSlope, dataset.RescaleIntercept = slopes[index], 0
        dataset.PixelData = values[:, :, index].T.astype("<u2").tobytes()
        files[f"1-{number:03d}.dcm"] = _saved(dataset, _STORAGE[modality])
    return dict(sorted(files.items()))


def item(**attributes: Any) -> list[Dataset]:
    """A sequence of one item."""
    one = Dataset()
    for keyword, value in attributes.items():
        setattr(one, keyword, value)
    return [one]


def dicom_seg(mask: np.ndarray, affine: np.ndarray, label: str, key: str, *, bottom_up: bool = False) -> bytes:
    """A DICOM SEG with one binary segment and a frame for each slice that it reaches (for all, if it is empty).

    Args:
        mask: (columns, rows, slices) bool.
        affine: voxel to RAS coordinates.
        bottom_up: whether the rows of the frames run against those of the volume.
    """
    to_lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    if bottom_up:
        mask, to_lps = stored(mask, to_lps, flips=(1,))
    steps = np.linalg.norm(to_lps[:3, :3], axis=0)
    directions = to_lps[:3, :3] / steps
    indices = [index for index in range(mask.shape[2]) if mask[:, :, index].any()] or list(range(mask.shape[2]))
    dataset = Dataset()
    dataset.Modality, dataset.SeriesDescription = "SEG", "Segmentation"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = _uid("study", key), _uid("seg", key)
    dataset.SOPInstanceUID = _uid("seg", key, "1")
    dataset.FrameOfReferenceUID = _uid("frame", key)
    dataset.SegmentationType = "BINARY"
    _grid(dataset, mask.shape[1], mask.shape[0], 1)
    dataset.NumberOfFrames = len(indices)
    dataset.SegmentSequence = item(SegmentNumber=1, SegmentLabel=label, SegmentAlgorithmType="MANUAL")
    dataset.SharedFunctionalGroupsSequence = item(
        PlaneOrientationSequence=item(
            ImageOrientationPatient=[*map(float, directions[:, 0]), *map(float, directions[:, 1])]
        ),
        PixelMeasuresSequence=item(PixelSpacing=[float(steps[1]), float(steps[0])], SliceThickness=float(steps[2])),
    )
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            SegmentIdentificationSequence=item(ReferencedSegmentNumber=1),
            PlanePositionSequence=item(ImagePositionPatient=[*map(float, (to_lps @ [0, 0, index, 1])[:3])]),
        )[0]
        for index in indices
    ]
    dataset.PixelData = pack_bits(np.stack([mask[:, :, index].T for index in indices]).astype(np.uint8))
    return _saved(dataset, SegmentationStorage)
