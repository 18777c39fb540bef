"""Distances between the pixels of a TIFF file, as microscopes and ImageJ write them."""

from collections.abc import Mapping
from typing import Any

from tifffile import TiffFile, xml2dict

from promptseg.preprocess.axes import millimetres

Spacing = tuple[float, float, float]

# Inches and centimetres are those of print resolutions, which ImageJ takes over from pictures.
_PRINT = ("inch", "in", "cm")
_X_RESOLUTION, _Y_RESOLUTION = 282, 283


def spacing_of(tiff: TiffFile, name: str) -> Spacing | None:
    """mm along x, y and z, NaN for one that is not stated; None where there is none.

    From OME-XML, or the metadata of ImageJ (and of tifffile). Resolution tags alone are those of a print.
    """
    if tiff.ome_metadata:
        return _of_ome(tiff.ome_metadata, name)
    shaped = tiff.shaped_metadata
    stated = tiff.imagej_metadata or (shaped[0] if shaped else {})
    return _of_imagej(stated, tiff, name)


def _of_ome(xml: str, name: str) -> Spacing | None:
    image = xml2dict(xml)["OME"]["Image"]
    pixels = (image if isinstance(image, Mapping) else image[0])["Pixels"]
    if "PhysicalSizeX" not in pixels:
        return None
    x, y, z = (
        float(pixels.get(f"PhysicalSize{axis}", "nan"))
        * millimetres(pixels.get(f"PhysicalSize{axis}Unit", "micrometer"), name)
        for axis in "XYZ"
    )
    return x, y, z


def _of_imagej(stated: Mapping[str, Any], tiff: TiffFile, name: str) -> Spacing | None:
    tags = tiff.pages.first.tags
    unit = str(stated.get("unit", "")).replace("\\u00B5", "u")
    if not unit or unit.startswith("pixel") or unit in _PRINT or not {_X_RESOLUTION, _Y_RESOLUTION} <= set(tags.keys()):
        return None
    (x, dx), (y, dy) = (tags[code].value for code in (_X_RESOLUTION, _Y_RESOLUTION))
    if not x or not y:
        return None
    factor = millimetres(unit, name)
    return dx / x * factor, dy / y * factor, float(stated.get("spacing", "nan")) * factor
