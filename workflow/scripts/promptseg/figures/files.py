"""Files of figures: equal figures give equal files, in every format."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfFile
from matplotlib.colors import to_rgb, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from PIL import Image

from promptseg.core.files import atomic
from promptseg.figures import fonts
from promptseg.figures.looks import ORANGE, SKY, YELLOW

_DPI = 200  # of the PNG files
_LEVEL = 4  # of their compression and that of images in PDF: 2 to 4 % larger than at 6, the usual one, in half the time
# What keeps the time of writing and random names out of the files.
_METADATA: dict[str, dict[str, None]] = {".pdf": {"CreationDate": None}, ".svg": {"Date": None}}
_FILES: dict[Any, Any] = {"pdf.fonttype": 42, "ps.fonttype": 42, "svg.fonttype": "none", "svg.hashsalt": "promptseg"}
_COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")
_KEPT = ("#ffffff", "#000000", SKY, ORANGE, YELLOW)  # of what is drawn on images, however little of it there is
_SAMPLE = 2**18  # pixels for which the palette is made, each colour as often as in the figure, but once at least
_write_image = PdfFile._writePng


def save(figure: Figure, files: str | Path | Iterable[str | Path]) -> None:
    """Write a figure to files of the formats that their endings name; equal figures give equal files.

    Args:
        files: PNG (200 dpi), PDF with embedded fonts, SVG with texts as texts, EPS without transparency.
    """
    # Laid out once for all files, because it takes most of the time, and at the resolution of the PNG,
    # because the width of a text depends on that.
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    figure.set_layout_engine(None)  # even "none" would have each file drawn twice
    paths = [Path(file) for file in ([files] if isinstance(files, str | Path) else files)]
    for path in sorted(paths, key=lambda path: path.suffix == ".eps"):  # which changes colours
        with matplotlib.rc_context(_FILES), atomic(path) as written:
            if path.suffix == ".eps":
                fonts.embed(named=True)
                _write_eps(figure, written)
            elif path.suffix == ".png":
                _write_png(figure, np.asarray(canvas.buffer_rgba()), written)
            else:
                fonts.embed(named=False)
                figure.savefig(written, dpi=_DPI, metadata=_METADATA[path.suffix])


def _write_image_of_pdf(file: PdfFile, image: Image.Image) -> Any:
    image.encoderinfo = {"compress_level": _LEVEL}
    return _write_image(file, image)


PdfFile._writePng = _write_image_of_pdf  # type: ignore[method-assign]


def _write_png(figure: Figure, pixels: np.ndarray, path: Path) -> None:
    """PNG of the colours as drawn, or of 256 where images are in the figure.

    Args:
        pixels: (h, w, 4) uint8, the figure as drawn, opaque.
    """
    has_images = any(axis.images for axis in figure.axes)
    picture = _reduced(pixels) if has_images else Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    picture.save(path, "PNG", dpi=(_DPI, _DPI), compress_level=_LEVEL)


def _reduced(pixels: np.ndarray) -> Image.Image:
    """256 colours, half as large: most grey levels of images are off by one at most, colours on them by none.

    Args:
        pixels: (h, w, 4) uint8, opaque.
    """
    packed = pixels.view(np.uint32)[..., 0]
    places, colours = pd.factorize(packed.ravel())
    times = -(-np.bincount(places) * _SAMPLE // places.size)
    sample = np.repeat(colours, times).view(np.uint8).reshape(1, -1, 4)[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(sample))
    common = picture.quantize(256 - len(_KEPT), Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    chosen, palette = np.array(common)[0, np.cumsum(times) - 1], list(common.getpalette() or [])
    for colour in _KEPT:
        kept = [round(255 * value) for value in to_rgb(colour)]
        chosen[colours == np.array([*kept, 255], np.uint8).view(np.uint32)] = len(palette) // 3
        palette += kept
    reduced = Image.fromarray(chosen[places].reshape(packed.shape))
    reduced.putpalette(palette)
    return reduced


def _write_eps(figure: Figure, path: Path) -> None:
    """EPS knows no transparency: thin colours become the pale ones that they are on white. Nor may it tell the time."""
    for artist in figure.findobj():
        if (alpha := artist.get_alpha()) is None or isinstance(artist, AxesImage):
            continue
        found = {name: getattr(artist, f"get_{name}", None) for name in _COLOURS}
        opaque = {name: _on_white(get(), alpha) for name, get in found.items() if get}
        artist.set_alpha(None)
        artist.set(**opaque)
    figure.savefig(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if not line.startswith(b"%%CreationDate")))


def _on_white(colour: Any, alpha: float) -> Any:
    """What a thin colour, or an array (n, 4) of them, looks like on white; none where there is none."""
    rgba = to_rgba_array(colour)
    if not len(rgba) or not rgba[:, 3].any():
        return "none"
    opaque = 1 - alpha * (1 - rgba[:, :3])
    return tuple(opaque[0]) if len(opaque) == 1 else opaque
