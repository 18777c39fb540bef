"""Pixels of DICOM files."""

from pathlib import Path
from typing import Any

import gdcm
import numpy as np
from pydicom.pixels import apply_color_lut, apply_modality_lut, get_decoder
from pydicom.uid import UID, JPEGExtended12Bit

from promptseg.core.reasons import MISSING_ATTRIBUTE, UNKNOWN_COMPRESSION
from promptseg.preprocess.dicom_files import opened

# What pixels cannot be read without (PS3.3 C.7.6.3), unless they are floating point numbers.
_NEEDED = (
    *("PixelData", "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation"),
    *("BitsAllocated", "BitsStored", "PixelRepresentation"),
)
_FLOATING = "FloatPixelData", "DoubleFloatPixelData"


def read_pixels(path: Path) -> np.ndarray:
    """(rows, columns) numbers, (rows, columns, 3) colours, or the frames of both; a table of values is applied.

    Raises:
        PromptsegError: an attribute is missing; a compression that nothing here decodes.
    """
    dataset = opened(path)
    for keyword in _NEEDED if "PixelData" in dataset else ("PixelData",):
        if dataset.get(keyword) in (None, "", b"") and not any(other in dataset for other in _FLOATING):
            raise MISSING_ATTRIBUTE.error(f"no usable {keyword} in {path.name}")
    pixels = _decoded(dataset, path)
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        return apply_color_lut(pixels, dataset)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        # Inverted within the range of the stored bits, which is the same for all slices.
        last = 2 ** int(dataset.BitsStored) - 1 if dataset.PixelRepresentation == 0 else -1
        pixels = last - pixels.astype(np.int32 if pixels.itemsize < 4 else np.int64)
    return apply_modality_lut(pixels, dataset) if "ModalityLUTSequence" in dataset else pixels


def in_unit(pixels: np.ndarray, scale: tuple[float, float] | None, factor: float | None) -> np.ndarray:
    """float32 values of a picture in their own unit, or in SUV."""
    slope, intercept = scale or (1.0, 0.0)
    return ((pixels * np.float64(slope) + intercept) * (1.0 if factor is None else factor)).astype(np.float32)


def _decoded(dataset: Any, path: Path) -> np.ndarray:
    syntax = UID(dataset.file_meta.TransferSyntaxUID)
    if syntax == JPEGExtended12Bit and dataset.BitsStored > 8 and dataset.SamplesPerPixel == 1:
        return _twelve_bits(dataset, path)
    try:
        decodable = not syntax.is_compressed or get_decoder(syntax).is_available
    except (NotImplementedError, ValueError):
        decodable = False
    if not decodable:
        raise UNKNOWN_COMPRESSION.error(f"{path.name} is compressed as {syntax.name}")
    array: np.ndarray = dataset.pixel_array
    return array


def _twelve_bits(dataset: Any, path: Path) -> np.ndarray:
    """Lossy JPEG of 12 bits, for which pydicom has no free decoder: (rows, columns), or frames of it."""
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    if not reader.Read():
        raise ValueError("GDCM cannot read the file")
    data = reader.GetImage().GetBuffer().encode("utf-8", "surrogateescape")
    pixels = np.frombuffer(data, "<i2" if dataset.PixelRepresentation else "<u2")
    shape = int(dataset.get("NumberOfFrames") or 1), dataset.Rows, dataset.Columns
    return pixels.reshape(shape if shape[0] > 1 else shape[1:])
