#!/usr/bin/env bash
# Package: Pillow 13.0.0, Image.quantize(palette=...), without dithering
# Expected: a colour that is in the given palette is mapped to itself: nothing is nearer.
# Seen: colours are looked up in cells of 4 levels a channel, and each cell gets one entry for good. Where two entries share a
#   cell, pixels of one of them come back as the other: white (255, 255, 255) becomes (252, 252, 252) if both are in the
#   palette, in whatever order. Of 64 greys in pairs that are two levels apart half come back wrong.
# Matters: label maps and overlays of masks have few exact colours; a palette of "the colours of the classes, then greys of the
#   image" changes labels by a shade that no eye sees and every comparison `pixel == colour` misses. Look colours up in
#   NumPy, and keep quantize for photographs.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet pillow==13.0.0
cat > look.py <<'PY'
import PIL
from PIL import Image


def mapped(colours, colour):
    palette = Image.new("P", (1, 1))
    palette.putpalette([level for one in colours for level in one])
    image = Image.new("RGB", (2, 2), colour)
    return image.quantize(palette=palette, dither=Image.Dither.NONE).convert("RGB").getpixel((0, 0))


print("Pillow", PIL.__version__)
white, near = (255, 255, 255), (252, 252, 252)
found = [mapped([white, near], white), mapped([near, white], white)]
print("white, with (252, 252, 252) behind and before it in the palette:", found)
assert found == [near, near]
greys = [(level, level, level) for start in range(0, 256, 8) for level in (start, start + 2)]
wrong = [colour for colour in greys if mapped(greys, colour) != colour]
print(f"{len(wrong)} of {len(greys)} greys of a palette are not mapped to themselves")
assert len(wrong) == len(greys) // 2
PY
venv/bin/python look.py
