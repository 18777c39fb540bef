"""Volumes turned in every way, and files of them."""

import gzip
import itertools
import struct
import zlib
from pathlib import Path

import nibabel as nib
import numpy as np
from nibabel.orientations import apply_orientation, axcodes2ornt, inv_ornt_aff, io_orientation, ornt_transform
from PIL import Image

from support.dicoms import LPS_AFFINE

CODES = [
    "".join(pair[side] for pair, side in zip(axes, sides, strict=True))
    for axes in itertools.permutations(("LR", "PA", "SI"))
    for sides in itertools.product((0, 1), repeat=3)
]


def turned(array: np.ndarray, affine: np.ndarray, codes: str) -> tuple[np.ndarray, np.ndarray]:
    """The same volume stored in other directions, with its affine."""
    turn = ornt_transform(io_orientation(affine), axcodes2ornt(tuple(codes)))
    return apply_orientation(array, turn), affine @ inv_ornt_aff(turn, array.shape)


def save_nifti(path: Path, array: np.ndarray, affine: np.ndarray | None) -> Path:
    """A NIfTI file; without an affine it says nothing of its orientation."""
    image = nib.Nifti1Image(array, affine)
    if affine is not None:
        image.set_sform(affine, code=1)
    nib.save(image, path)
    return path


def save_png(path: Path, array: np.ndarray, **options) -> Path:
    """A picture."""
    Image.fromarray(array).save(path, **options)
    return path


def save_scaled(path: Path, array: np.ndarray, slope: float, intercept: float) -> Path:
    """A NIfTI file whose stored numbers are `array` and whose header scales them."""
    save_nifti(path.with_suffix(".raw.nii"), array, LPS_AFFINE)
    content = bytearray(path.with_suffix(".raw.nii").read_bytes())
    content[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else bytes(content))
    return path


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG file."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def save_grey_png(path: Path, array: np.ndarray, bits: int) -> Path:
    """A grey picture of 1, 2 or 4 bits, which Pillow does not write; its width fills whole bytes."""
    places = 2 ** (bits * np.arange(8 // bits - 1, -1, -1))
    packed = (array.reshape(-1, len(places)) * places).sum(axis=1).astype(np.uint8).reshape(len(array), -1)
    rows = np.hstack([np.zeros((len(array), 1), np.uint8), packed]).tobytes()
    header = struct.pack(">IIBBBBB", array.shape[1], array.shape[0], bits, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*chunk) for chunk in chunks))
    return path
