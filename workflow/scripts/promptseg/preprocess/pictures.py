"""Pictures of the usual formats."""

import logging
from pathlib import Path

import cv2
import numpy as np
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from promptseg.core.reasons import SEVERAL_PICTURES
from promptseg.preprocess.grids import Volume
from promptseg.preprocess.tiff import is_tiff, read_tiff
from promptseg.preprocess.upright import upright

logger = logging.getLogger(__name__)

# Pillow's names of greys with 2 and 4 bits, of which it makes 8, and by what.
_FACTORS = {"L;2": 85, "L;4": 17}


def read_picture(path: Path, as_labels: bool = False) -> Volume:
    """Read a picture as a volume of one slice, or a TIFF stack; see `tiff.read_tiff`. All 16 bits are kept.

    It is turned as its EXIF data say, as browsers and cameras do. An alpha channel is dropped.

    Args:
        as_labels: indices and palette are kept apart, and the alpha channel is kept, see `channels.single_channel`.

    Raises:
        PromptsegError: the file holds several pictures.
    """
    volume = (read_tiff(path, as_labels) if is_tiff(path) else None) or _read(path, as_labels)
    if volume.array.dtype.itemsize == 2:
        logger.info("%s has 16 bits per channel; all are used", path.name)
    return volume


def _read(path: Path, as_labels: bool) -> Volume:
    with Image.open(path) as image:
        pages = getattr(image, "n_frames", 1)
        # The first one of a photograph in MPO is the picture itself, the others are previews and depths.
        if pages > 1 and image.format != "MPO":
            raise SEVERAL_PICTURES.error(f"{path.name} holds {pages}")
        stored = _stored(image)
        array = _pixels(image, path, stored)
        palette = _palette(image) if image.mode == "P" else None
        factor = _FACTORS.get(stored) if as_labels else None
        if factor:
            # Labels may be the numbers of a few bits, or what is shown: like the indices and greys of a palette.
            array = array // np.uint8(factor)
            palette = np.repeat((np.arange(256) * factor).clip(max=255).astype(np.uint8)[:, None], 3, axis=1)
        # Pillow has turned a TIFF by now, and removed what says so.
        orientation = image.getexif().get(ExifTags.Base.Orientation)
    if palette is not None and not as_labels:
        array, palette = palette[array], None
        array = array[:, :, 0] if (array == array[:, :, :1]).all() else array
    if array.ndim == 3 and array.shape[2] in (2, 4) and not as_labels:
        logger.warning("%s has an alpha channel; it is dropped", path.name)
        array = array[:, :, 0] if array.shape[2] == 2 else array[:, :, :3]
    volume = Volume(np.swapaxes(array, 0, 1)[:, :, None], None, None, path.name, palette=palette)
    return upright(volume, orientation)


def _pixels(image: ImageFile, path: Path, stored: str) -> np.ndarray:
    """(h, w) values or indices of a palette, or (h, w, c) with 2 channels (grey, alpha), 3 (RGB) or 4 (RGB, alpha)."""
    if "16" in stored and not image.mode.startswith("I"):
        # Pillow reads 16-bit colour as 8 bits.
        array = np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
        return np.concatenate([array[:, :, 2::-1], array[:, :, 3:]], axis=2)
    if image.mode == "1":
        return np.asarray(image).astype(np.uint8)
    if image.mode in ("L", "P", "I", "F", "LA", "RGB", "RGBA") or image.mode.startswith("I;16"):
        array = np.asarray(image)
        return array.astype(array.dtype.newbyteorder("="))
    return np.asarray(image.convert("RGB"))


def _stored(image: ImageFile) -> str:
    """Pillow's name of the numbers as they are stored; empty where it has none, or has read them already."""
    mode = image.tile[0][3] if image.tile else ""
    return str(mode[0]) if isinstance(mode, tuple) else str(mode)


def _palette(image: ImageFile) -> np.ndarray:
    """(256, 3) uint8 colours; black beyond the end of a shorter palette."""
    palette = np.zeros((256, 3), np.uint8)
    colours = np.asarray(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette[: len(colours)] = colours
    return palette
