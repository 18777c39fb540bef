"""Volumes in stored units as NIfTI, in the grid of their slices: for methods that scale intensities themselves."""

from collections.abc import Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from isal import igzip

from promptseg.config.cases import Case
from promptseg.core.files import atomic
from promptseg.core.tables import read_table
from promptseg.preprocess.case import read_image
from promptseg.preprocess.grids import Volume, reorient
from promptseg.preprocess.inputs import Inputs
from promptseg.preprocess.shown import shown_apart
from promptseg.preprocess.workers import one_thread, run_in_order
from promptseg.volumes.data.tables import VOLUME_INDEX

_WHOLE = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32)  # that NIfTI holds and every program reads


def write_raw_volumes(files: Path, index: Path, folder: Path, entry: Mapping[str, Any], threads: int) -> None:
    """Write `<volume_id>.nii.gz` for each readable volume of a dataset, see `write_raw`.

    Args:
        files, entry: see `build.build_volumes`.
        index: file of `VOLUME_INDEX`.
        folder: appears as a whole.
        threads: number of worker processes.
    """
    inputs = Inputs.of(files, entry)
    rows = read_table(index, VOLUME_INDEX)
    wanted = set(rows[rows["status"] == "ok"]["volume_id"])
    with atomic(folder) as written, one_thread():
        written.mkdir()
        work = [
            partial(_write_case, case, inputs.paths_of(case), entry, written / f"{case.name}.nii.gz")
            for case in inputs.cases
            if case.name in wanted
        ]
        with closing(run_in_order(work, threads)) as done:
            for _ in done:
                pass


def _write_case(case: Case, paths: Mapping[str, Path], entry: Mapping[str, Any], path: Path) -> None:
    write_raw(path, reorient(read_image(case, shown_apart(paths), entry), entry["axis"]))


def write_raw(path: Path, volume: Volume) -> None:
    """Write a turned volume: voxel (x, y, z) is pixel (x, y) of slice z, and (x, y, z, c) a channel of it.

    Values are those that intensities are scaled from: Hounsfield units of CT, SUV where the dataset says so. Whole
    numbers of up to 32 bits keep their type, others become float32. The affine is that of the slices; without one the
    header has the known spacings, and forms whose codes say that nothing is known.
    """
    if volume.scale is None and volume.array.dtype in _WHOLE:
        array = volume.array
    else:
        array = np.empty(volume.array.shape, np.float32, order="F")
        for z in range(volume.shape[2]):
            array[:, :, z] = np.swapaxes(volume.picture(z), 0, 1)
    image = nib.Nifti1Image(array, volume.affine)
    if volume.affine is None:
        image.header.set_zooms([*np.nan_to_num(volume.spacing or (1.0, 1.0, 1.0), nan=1.0), *[1.0] * (array.ndim - 3)])
    else:
        image.set_sform(volume.affine, code=1)
        image.set_qform(volume.affine, code=1, strip_shears=True)
    image.header.set_xyzt_units("mm")
    # Without a name and a time in its header, so that the same volume has the same bytes.
    with path.open("wb") as stream, igzip.IGzipFile("", "wb", 1, stream, mtime=0) as compressed:
        image.to_stream(compressed)
