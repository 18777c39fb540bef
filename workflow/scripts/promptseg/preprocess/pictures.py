"""Pictures: PNG, JPEG, TIFF and BMP."""

import logging
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile

from promptseg.core.errors import PromptsegError
from promptseg.preprocess.grids import (
    Volume,
)

logger = logging.getLogger(__name__)


def read_picture(path: Path, as_labels: bool = False) -> Volume:
    """Read a picture as a volume of one slice; 16 bits are kept, an alpha channel is dropped.

    Args:
        as_labels: a coloured palette stands for its indices, not for its colours.
    """
    with Image.open(path) as image:
        if getattr(image, "n_frames", 1) > 1:
            raise PromptsegError(f"several pages: {path.name} holds {getattr(image, 'n_frames', 1)}; save each alone")
        array = _pixels(image, path, as_labels)
    if array.dtype.itemsize == 2:
        logger.info("%s has 16 bits per channel; all are used", path.name)
    if array.ndim == 3 and array.shape[2] in (2, 4):
        logger.warning("%s has an alpha channel; it is dropped", path.name)
        array = array[:, :, 0] if array.shape[2] == 2 else array[:, :, :3]
    return Volume(np.swapaxes(array, 0, 1)[:, :, None], None, None, path.name)


def _pixels(image: ImageFile, path: Path, as_labels: bool) -> np.ndarray:
    """(h, w), or (h, w, c) with 2 channels (grey, alpha), 3 (RGB) or 4 (RGB, alpha)."""
    stored = image.tile[0][3] if image.tile else ""
    stored = str(stored[0]) if isinstance(stored, tuple) else str(stored)
    if "16" in stored and not image.mode.startswith("I"):
        # Pillow reads 16-bit colour as 8 bits.
        array = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        return np.concatenate([array[:, :, 2::-1], array[:, :, 3:]], axis=2)
    if image.mode == "P":
        indices = np.asarray(image)
        palette = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
        used = palette[np.unique(indices)]
        if (used == used[:, :1]).all():
            return palette[indices][:, :, 0]
        return indices if as_labels else palette[indices]
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    if image.mode in ("L", "I", "F", "LA", "RGB", "RGBA") or image.mode.startswith("I;16"):
        array = np.asarray(image)
        return array.astype(array.dtype.newbyteorder("="))
    return np.asarray(image.convert("RGB"))
