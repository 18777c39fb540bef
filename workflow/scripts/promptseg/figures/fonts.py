"""Fonts as figures need them: read from memory, and in PDF no more than a file of theirs must hold."""

import io
import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager

# Tables that say where letters go. In a file every letter has its place, and to cut these tables down to the letters of
# a figure takes longer than the rest of the font.
_PLACING = ["GDEF", "GPOS", "GSUB", "MATH", "kern"]
subset.Options._drop_tables_default = [*subset.Options._drop_tables_default, *_PLACING]
# Tables of which PDF has its own: its texts name glyphs by their numbers, and letters by `ToUnicode`.
_NAMING = ["cmap", "name", "post", "OS/2", "gasp"]
_load = subset.load_font
logging.getLogger("fontTools").setLevel(logging.WARNING)  # else a line for each table of each font


class _Font(io.BytesIO):
    """A font file in memory, where matplotlib reads a glyph in a third of the time; its text is its path."""

    def __init__(self, path: str):
        super().__init__(Path(path).read_bytes())
        self._path = path

    def __str__(self) -> str:
        return self._path


@lru_cache(64)
def _in_memory(path: str) -> _Font:
    return _Font(os.path.realpath(path))


font_manager._cached_realpath = _in_memory  # type: ignore[attr-defined]  # what `get_font` hands to FreeType


def embed(named: bool) -> None:
    """Embed fonts from here on with the names of their letters, which EPS needs, or without.

    To cut names and what belongs to them down to the letters of a figure takes half of the time that a font takes.
    """
    subset.load_font = _load if named else _load_nameless


def _load_nameless(*font: Any) -> TTFont:
    loaded = _load(*font, dontLoadGlyphNames=True)
    for table in {*_PLACING, *_NAMING} & set(loaded.keys()):
        del loaded[table]
    return loaded
