"""DICOM files, with and without the 128 bytes and DICM at their head."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.misc
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import VR


def is_dicom(path: Path) -> bool:
    """Whether a file is DICOM: it says so, or begins with an element that files without a preamble begin with."""
    if pydicom.misc.is_dicom(path):
        return True
    with path.open("rb") as stream:
        head = stream.read(8)
    return _is_element(head) and "SOPClassUID" in pydicom.dcmread(path, force=True, specific_tags=["SOPClassUID"])


def _is_element(head: bytes) -> bool:
    """Whether 8 bytes begin an element of the file meta information or of the identification (PS3.5 chapter 7)."""
    if len(head) < 8:
        return False
    order = "<" if head[0] else ">"
    group, element, length = struct.unpack(f"{order}HHI", head)
    explicit = head[4:6].decode("latin-1") in list(VR)
    return group in (0x0002, 0x0008) and element < 0x0100 and (explicit or length <= 1024)


def opened(path: Path, **options: Any) -> Any:
    """The data set of a DICOM file; options as of `pydicom.dcmread`. Without a transfer syntax it gets its own."""
    dataset = pydicom.dcmread(path, force=True, **options)
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
    return dataset


def numbers(dataset: Any, keyword: str, count: int) -> np.ndarray | None:
    """The values of an attribute as (count,) float64; None if it is absent, empty, or no list of so many numbers."""
    try:
        value = dataset.get(keyword)
        array = np.atleast_1d(np.array(value, float)) if value is not None else np.zeros(0)
    except (TypeError, ValueError):
        return None
    return array if array.shape == (count,) and np.isfinite(array).all() else None


def listed(names: Sequence[str]) -> str:
    """The first five of some names, for messages."""
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
