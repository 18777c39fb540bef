"""Volumes in MetaImage files: .mha, and .mhd with its data files."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from promptseg.config.formats import data_files, header_lines
from promptseg.core.reasons import UNREADABLE
from promptseg.preprocess.axes import arranged
from promptseg.preprocess.disguises import require_data
from promptseg.preprocess.grids import Volume, rescaled, step_lengths, usable

_DIRECTIONS = {"TransformMatrix", "Rotation", "Orientation"}
_SPACINGS = {"ElementSpacing", "ElementSize"}


def read_metaimage(path: Path) -> Volume:
    """Read a .mha or .mhd file, see `volumes.read_volume`. What the header does not say is not made up, as ITK does.

    Channels, or what lies along a fourth axis, are volumes of their own; three channels of 8 bits are colours. The
    intensity function of the header is applied.
    """
    import SimpleITK as sitk  # noqa: N813

    require_data(path)
    fields = _fields(path)
    image = sitk.ReadImage(str(path), imageIO="MetaImageIO")
    dimensions, colours = image.GetDimension(), image.GetNumberOfComponentsPerPixel() == 3
    # SimpleITK's arrays are (..., z, y, x), with the channels after x.
    stored = sitk.GetArrayFromImage(image)
    _require_size(path, fields, stored.nbytes)
    array = arranged(stored, list(reversed(range(dimensions)))[:3], path.name)
    function = [float(fields.get(f"ElementToIntensityFunction{part}", 0)) for part in ("Slope", "Offset")]
    array, scale = rescaled(array, function[0] or 1.0, function[1])
    spacing, affine = None, None
    if fields.keys() & _SPACINGS:
        x, y, z = (*image.GetSpacing(), float("nan"))[:3]
        spacing = (x, y, z)
    if fields.keys() & _DIRECTIONS and dimensions > 2 and spacing:
        lps = np.eye(4)
        lps[:3, :3] = np.reshape(image.GetDirection(), (dimensions, dimensions))[:3, :3] * spacing
        lps[:3, 3] = image.GetOrigin()[:3]
        affine = usable(np.diag([-1.0, -1.0, 1.0, 1.0]) @ lps, path.name)
        spacing = spacing if affine is None else step_lengths(affine)
    separate = array.ndim > 3 and not (colours and stored.dtype == np.uint8)
    return Volume(array, affine, spacing, path.name, scale, separate)


def _require_size(path: Path, fields: Mapping[str, str], expected: int) -> None:
    """Check the size of a plain data file, of which ITK ignores what is too much: the header may be that of another."""
    files = data_files(path)
    plain = fields.get("CompressedData", "F")[:1] in "Ff" and fields.get("BinaryData", "T")[:1] in "Tt"
    if len(files) == 1 and plain and "HeaderSize" not in fields and files[0].stat().st_size != expected:
        raise UNREADABLE.error(
            f"{files[0].name} has {files[0].stat().st_size} bytes, and {path.name} describes {expected}",
            "correct the size or the type in the header, or get the file that belongs to it",
        )


def _fields(path: Path) -> dict[str, str]:
    """The fields of a header, up to the last one."""
    fields: dict[str, str] = {}
    for line in header_lines(path):
        key, _, value = line.partition("=")
        fields[key.strip()] = value.strip()
        if key.strip() == "ElementDataFile":
            break
    return fields
