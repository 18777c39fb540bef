"""Files of figures: what is in them beside what is drawn."""

import io
import re
import zlib

import numpy as np
from fontTools.ttLib import TTFont
from matplotlib.figure import Figure
from PIL import Image

from promptseg.figures import style


def _fonts(pdf: bytes) -> list[TTFont]:
    streams = [zlib.decompress(stream) for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)]
    return [TTFont(io.BytesIO(stream)) for stream in streams if stream.startswith(b"\x00\x01\x00\x00")]


def _contours(font: TTFont) -> list[int]:
    """Closed lines of each glyph, without the first one, which stands for those that are missing, and empty ones."""
    found = [font["glyf"][name].numberOfContours for name in font.getGlyphOrder()[1:]]
    return sorted(count for count in found if count)


def test_fonts_hold_the_letters_used_and_no_tables_for_placing_or_naming_them(tmp_path):
    style.save(style.message("Title", "office"), tmp_path / "a.pdf")
    letters, ligatures = _fonts((tmp_path / "a.pdf").read_bytes())
    assert _contours(letters) == [1, 1, 1, 1, 2, 2, 2]  # c, l, t, T; e, i, o
    assert _contours(ligatures) == [2]  # f, f and i in one
    for font in (letters, ligatures):
        kept = {"cvt ", "fpgm", "glyf", "head", "hhea", "hmtx", "loca", "maxp", "prep"}  # those of ISO 32000-1, 9.9
        assert set(font.keys()) == {"GlyphOrder", *kept}


def test_fonts_of_eps_name_their_letters(tmp_path):
    style.save(style.message("Title", "office"), [tmp_path / "a.pdf", tmp_path / "a.eps"])
    assert b"/uniFB03 glyphshow" in (tmp_path / "a.eps").read_bytes()


def test_png_is_what_matplotlib_draws_after_the_layout(tmp_path):
    style.use()
    figure = Figure(figsize=(3, 2), layout="constrained")
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1])
    axis.set_ylabel("a label")
    style.save(figure, tmp_path / "a.png")
    with io.BytesIO() as drawn:
        figure.savefig(drawn, dpi=200, format="png")
        expected = np.asarray(Image.open(drawn).convert("RGB"))
    with Image.open(tmp_path / "a.png") as picture:
        assert (picture.mode, picture.size) == ("RGB", (600, 400))
        assert (np.asarray(picture) == expected).all()
