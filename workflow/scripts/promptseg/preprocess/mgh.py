"""Volumes of FreeSurfer in MGH files."""

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from promptseg.preprocess.axes import arranged
from promptseg.preprocess.grids import Volume, step_lengths, usable


def read_mgh(path: Path) -> Volume:
    """Read a .mgh or .mgz file, see `volumes.read_volume`; several frames are volumes of their own."""
    image: Any = nib.load(path)
    stored = np.asanyarray(image.dataobj)
    array = arranged(stored.astype(stored.dtype.newbyteorder("="), copy=False), (0, 1, 2), path.name)
    affine = usable(image.affine, path.name) if _says_where(path) else None
    return Volume(array, affine, None if affine is None else step_lengths(affine), path.name, None, array.ndim > 3)


def _says_where(path: Path) -> bool:
    """`goodRASFlag` of the header as it is stored; without it nibabel makes an affine up, and sets the flag."""
    with nib.openers.ImageOpener(str(path)) as stream:
        return stream.read(30)[28:30] != b"\0\0"
