#!/usr/bin/env bash
# Package: matplotlib 3.11.2
# Expected: a font file is read once, when it is opened, or mapped into memory; text that was drawn before needs no file.
# Seen: the file stays open as an object of Python, and FreeType asks it for each glyph of each text anew, by calls of its
#   methods `seek` and `read`. The same ten letters read the file as often the second and the tenth time as the first.
# Matters: figures of many panels for a paper: with names, numbers and ticks in every panel text is a large part of the time of a
#   figure, and two thirds of that are system calls for pieces of glyphs. A font that is opened from io.BytesIO draws the same.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet matplotlib==3.11.2
cat > count.py <<'PY'
import io
import sys

from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

path = str(font_manager.findfont("DejaVu Sans"))
opened, calls = io.open, []


class Counted(io.FileIO):
    def read(self, size=-1):
        calls.append(size)
        return super().read(size)


io.open = lambda name, *_, **__: Counted(name)
font = FT2Font(path)
io.open = opened
font.set_size(7, 200)
found = []
for _ in range(10):
    calls.clear()
    font.set_text("mean IoU of")
    found.append(len(calls))
print("reads of the file for each of ten times the same text:", *found)
sys.exit(0 if min(found) >= 10 else 1)
PY
venv/bin/python count.py
