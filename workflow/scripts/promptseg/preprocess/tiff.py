"""Pictures and stacks of pictures in TIFF files."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC, PLANARCONFIG, TIFF, TiffFile, TiffPage, TiffPageSeries

from promptseg.core.reasons import COMPLEX_NUMBERS, SEVERAL_PICTURES
from promptseg.preprocess.axes import arranged
from promptseg.preprocess.grids import Volume, rescaled, shown
from promptseg.preprocess.tiff_spacing import spacing_of
from promptseg.preprocess.upright import upright

logger = logging.getLogger(__name__)

_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ORIENTATION, _PHOTOMETRIC = 274, 262  # the tags
_TYPES: dict[str, np.dtype] = {"bool": np.dtype(np.uint8), "float16": np.dtype(np.float32)}
_GREY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
_COLOURS = (PHOTOMETRIC.RGB, PHOTOMETRIC.YCBCR)
_ALPHA = (EXTRASAMPLE.ASSOCALPHA, EXTRASAMPLE.UNASSALPHA)


def is_tiff(path: Path) -> bool:
    """Whether a file is TIFF or BigTIFF, by its first bytes."""
    with path.open("rb") as stream:
        return stream.read(4) in _MAGIC


def read_tiff(path: Path, as_labels: bool = False) -> Volume | None:
    """Read a picture, or a stack of pictures of one size, whose pages are slices.

    Channels, points in time and bands are volumes of their own. White as zero becomes dark as low in images, and in
    labels where these are meant so (`_shown`). Reduced pictures (thumbnails) and transparency masks beside the picture
    are passed over. The spacing is that of `tiff_spacing.spacing_of`.

    Args:
        as_labels: indices and palette are kept apart, and the alpha channel is kept.

    Returns:
        None for colours or a compression that tifffile does not decode, which Pillow may know.

    Raises:
        PromptsegError: pictures of different sizes, or in other files; too many dimensions.
        ValueError and other errors of tifffile: the file is damaged.
    """
    with _no_errors(), TiffFile(path) as tiff:
        series = _picture(tiff, path)
        page = series.keyframe
        if not _decodes(page):
            return None
        _require_all_bytes(tiff, series)
        array, axes = series.asarray(maxworkers=1), series.axes
        spacing = spacing_of(tiff, path.name)
        slope, intercept = _function(tiff)
        # These two write numbers, and say by "white as zero" how they are shown; others write what is shown.
        stores_numbers = tiff.is_imagej or str(page.software).startswith("tifffile")
        palette, orientation = _palette(page), page.tags.valueof(_ORIENTATION)
    if array.dtype.kind == "c":
        raise COMPLEX_NUMBERS.error(f"{path.name} holds complex numbers")
    array = array.astype(_TYPES.get(array.dtype.name, array.dtype.newbyteorder("=")), copy=False)
    array = arranged(array, _spatial(axes, array.shape), path.name)
    separate = array.ndim > 3 and page.photometric not in _COLOURS
    if "S" in axes:
        array, separate = _samples(array, page, path, as_labels)
    # Without the obligatory tag 0 is black, as for libtiff and ImageJ; tifffile and Pillow take it for white.
    white = page.photometric == PHOTOMETRIC.MINISWHITE and _PHOTOMETRIC in page.tags
    if white and (not as_labels or _shown(array, page, stores_numbers)):
        array = _inverted(array, page, path)
    elif palette is not None and not as_labels:
        array, palette = (palette[array] if _coloured(palette) else palette[array, 0]), None
    array, scale = rescaled(array, slope, intercept)
    volume = Volume(array, None, spacing, path.name, scale, separate, palette=palette)
    return upright(volume, orientation)


@contextmanager
def _no_errors() -> Iterator[None]:
    """Raise what tifffile only logs, such as that the pages after a damaged one are left out."""
    errors: list[str] = []

    def keep(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            errors.append(record.getMessage())
        return record.levelno < logging.ERROR

    library = logging.getLogger("tifffile")
    library.addFilter(keep)
    try:
        yield
    finally:
        library.removeFilter(keep)
    if errors:
        raise ValueError(errors[0])


def _picture(tiff: TiffFile, path: Path) -> TiffPageSeries:
    """The pages that form the picture or the stack of the file."""
    # Unless the format has levels of its own, tifffile takes what is half as large for one.
    found = [level for series in tiff.series for level in (series.levels if series.kind == "generic" else [series])]
    whole = [series for series in found if not series.keyframe.is_reduced and not series.keyframe.is_mask]
    if len(whole) > 1:
        sizes = ", ".join(shown(series.shape) for series in whole[:5])
        raise SEVERAL_PICTURES.error(f"{path.name} holds {len(whole)} of {sizes} values")
    series = (whole or tiff.series)[0]
    if series.is_multifile or any(page is None for page in series.pages):
        raise SEVERAL_PICTURES.error(f"{path.name} is one of several files that belong together")
    if series.is_truncated:
        raise ValueError("it ends early")
    return series


def _decodes(page: TiffPage) -> bool:
    """Whether tifffile turns the page into grey values, indices, or red, green and blue."""
    if page.photometric == PHOTOMETRIC.YCBCR and page.compression not in (COMPRESSION.JPEG, COMPRESSION.OJPEG):
        return False
    known = (*_GREY, *_COLOURS, PHOTOMETRIC.PALETTE)
    return page.photometric in known and page.compression in TIFF.DECOMPRESSORS


def _require_all_bytes(tiff: TiffFile, series: TiffPageSeries) -> None:
    """Some codecs make up what a cut stream lacks."""
    if series.keyframe.compression == COMPRESSION.NONE:
        return  # tifffile counts these itself
    for page in series.pages:
        if page and max(map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))) > tiff.filehandle.size:
            raise ValueError("it ends early")


def _function(tiff: TiffFile) -> tuple[float, float]:
    """Slope and intercept of the straight line of ImageJ's calibration; it stores numbers below 0 this way."""
    stated = tiff.imagej_metadata or {}
    if stated.get("cf") != 0 or "c0" not in stated or "c1" not in stated:
        return 1.0, 0.0
    return float(stated["c1"]), float(stated["c0"])


def _spatial(axes: str, shape: tuple[int, ...]) -> list[int]:
    """x, y and, if there are several pictures, z: pages without a name (I, Q) are slices."""
    depth = [axis for axis, letter in enumerate(axes) if letter == "Z"]
    depth = depth or [axis for axis, letter in enumerate(axes) if letter in "IQ" and shape[axis] > 1]
    return [axes.index("X"), axes.index("Y"), *(depth if len(depth) == 1 else ())]


def _samples(array: np.ndarray, page: TiffPage, path: Path, as_labels: bool) -> tuple[np.ndarray, bool]:
    """(x, y, z) or (x, y, z, c) values of a page with several samples per pixel, and whether these are no colours."""
    count = array.shape[3]
    own = 3 if page.photometric in _COLOURS else 1
    if own == 3 and page.planarconfig == PLANARCONFIG.SEPARATE and str(page.software).startswith("tifffile"):
        what = f"{path.name} is one picture of {count} planes, which is how tifffile writes 3 or 4 slices by default"
        remedy = 'write a stack with `photometric="minisblack"`, and a picture in colours with its colours last'
        if as_labels and (array != array[..., :1]).any():
            raise SEVERAL_PICTURES.error(what, remedy)
        logger.warning("%s: %s", what, remedy)
    if own == 1 and not (page.photometric == PHOTOMETRIC.PALETTE or set(page.extrasamples) & set(_ALPHA)):
        return array, True
    if count == own or (count == own + 1 and as_labels):
        return array, False
    if count > own:
        logger.warning("%s has an alpha channel; it is dropped", path.name)
    return (array[..., 0] if own == 1 else array[..., :3]), False


def _palette(page: TiffPage) -> np.ndarray | None:
    """(entries, 3) uint8."""
    if page.photometric != PHOTOMETRIC.PALETTE or page.colormap is None:
        return None
    colours: np.ndarray = page.colormap.T
    # The standard has 16 bits; some programs write 8.
    return (colours >> 8 if colours.max() > 255 else colours).astype(np.uint8)


def _coloured(palette: np.ndarray) -> bool:
    return bool((palette != palette[:, :1]).any())


def _shown(array: np.ndarray, page: TiffPage, stores_numbers: bool) -> bool:
    """Whether the labels of a page with white as zero are what is shown, and not what is stored: background is 0.

    Where both are possible, the program that wrote the file decides. Pillow and ImageMagick turn the numbers of a mask
    around when they write it so; ImageJ and tifffile do not.
    """
    has_0 = [bool((array == background).any()) for background in (0, 2**page.bitspersample - 1)]
    return has_0[1] if has_0[0] != has_0[1] else not stores_numbers


def _inverted(array: np.ndarray, page: TiffPage, path: Path) -> np.ndarray:
    """White as zero turned into dark as low, within the range of the stored bits."""
    if array.dtype.kind == "f":
        logger.warning("%s has white as its lowest number, and no highest one: it is not inverted", path.name)
        return array
    if array.dtype.kind == "i":
        return -1 - array
    return array.dtype.type(2**page.bitspersample - 1) - array
