"""The orientation in which a camera or a scanner held a picture."""

from dataclasses import replace

import numpy as np

from promptseg.preprocess.grids import Volume


def upright(volume: Volume, orientation: int | None) -> Volume:
    """The volume as its pictures are shown.

    Args:
        orientation: of TIFF 6.0 and EXIF, where the first row and the first column of the stored picture belong: 1, as
            stored; 3, turned by half; 6 and 8, turned by a quarter; the other numbers up to 8 are mirrored. Else none.
    """
    array, spacing = volume.array, volume.spacing
    if orientation is None or not 2 <= orientation <= 8:
        return volume
    if orientation >= 5:
        array = np.swapaxes(array, 0, 1)
        spacing = None if spacing is None else (spacing[1], spacing[0], spacing[2])
    if orientation in (2, 3, 6, 7):
        array = array[::-1]
    if orientation in (3, 4, 7, 8):
        array = array[:, ::-1]
    return replace(volume, array=array, spacing=spacing, orientation=orientation)
