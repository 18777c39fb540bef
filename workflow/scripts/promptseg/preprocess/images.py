"""One 2-D image with its label map, as stored in `images.parquet`."""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from isal import isal_zlib
from PIL import Image

from promptseg.core.tables import batches


@dataclass(frozen=True)
class LabelledImage:
    """An image that a method sees, and the label map that it does not see.

    Attributes:
        pixels: (h, w, 3) uint8 RGB, after the reference scaling; (0, 0, 3) where they were not asked for.
        labels: (h, w) label map of unsigned integers.
        spacing: (y, x) in mm, or None where it is unknown.
    """

    image_id: str
    case_id: str
    pixels: np.ndarray
    labels: np.ndarray
    spacing: tuple[float, float] | None

    @property
    def shown(self) -> np.ndarray:
        """The pixels as files hold them: (h, w) where all are grey, else (h, w, 3)."""
        first = self.pixels[..., :1]
        return first[..., 0] if (self.pixels == first).all() else self.pixels


def encode_png(array: np.ndarray) -> bytes:
    """PNG bytes of an (h, w) uint8 or uint16 or (h, w, 3) uint8 array.

    Every row is stored as its difference from the row above (ISO/IEC 15948, filter type 2) and compressed by ISA-L:
    some 10 to 20 % larger than libpng's files at its usual level, in a tenth of the time. The bytes may differ between
    processors, the pixels do not. OpenCV's encoder at its fastest setting takes four times as long for a CT slice, and
    preprocessing a third longer as a whole (tests/benchmarks/preprocess.py).
    """
    height, width = array.shape[:2]
    stored = np.ascontiguousarray(array, array.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, stored.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2
    filtered[0, 1:] = stored[0]
    np.subtract(stored[1:], stored[:-1], out=filtered[1:, 1:])
    colour_type = 2 if array.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8 * array.itemsize, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", isal_zlib.compress(filtered, 1)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


def decode_png(data: bytes) -> np.ndarray:
    """The array that `encode_png` was given."""
    array = np.asarray(Image.open(io.BytesIO(data)))
    return array.astype(np.uint16) if array.dtype == np.int32 else array


def decode_rgb(data: bytes) -> np.ndarray:
    """The (h, w, 3) uint8 picture of PNG bytes; grey becomes three equal channels."""
    pixels = decode_png(data)
    return np.repeat(pixels[:, :, None], 3, axis=2) if pixels.ndim == 2 else pixels


def pixel_digest(array: np.ndarray) -> str:
    """SHA-256 of shape, type and pixels: equal for equal images, no matter which program compressed them."""
    digest = hashlib.sha256(f"{array.shape} {array.dtype.str} ".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def object_mask(labels: np.ndarray, values: Sequence[int]) -> np.ndarray:
    """(h, w) bool: the pixels whose label is one of the values that form the task's object."""
    mask = labels == values[0]
    for value in values[1:]:
        mask |= labels == value
    return mask


def _decode(row: Mapping[str, Any]) -> LabelledImage:
    known = row["spacing_y"] is not None and row["spacing_x"] is not None
    return LabelledImage(
        image_id=row["image_id"],
        case_id=row["case_id"],
        pixels=decode_rgb(row["image"]["bytes"]) if "image" in row else np.empty((0, 0, 3), np.uint8),
        labels=decode_png(row["labels"]["bytes"]),
        spacing=(row["spacing_y"], row["spacing_x"]) if known else None,
    )


def read_images(path: str | Path, keep: set[str] | None = None, *, pixels: bool = True) -> Iterator[LabelledImage]:
    """The readable images of `images.parquet` in file order, a few in memory at a time.

    Args:
        keep: only these `image_id`s; None for all.
        pixels: whether to read what methods see, too.
    """
    names = ["image_id", "case_id", "labels", "spacing_y", "spacing_x", "status", *(["image"] if pixels else [])]
    for rows in batches(path, size=16, columns=names):
        for row in rows:
            if row["status"] == "ok" and (keep is None or row["image_id"] in keep):
                yield _decode(row)
