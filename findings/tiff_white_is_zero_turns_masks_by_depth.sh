#!/usr/bin/env bash
# Package: Pillow 12.0.0 and opencv-python-headless 4.12.0.88 against tifffile 2025.10.16 and SimpleITK 2.5.7
# Expected: one rule for a mask whose PhotometricInterpretation is 0 (TIFF 6.0, section 8: WhiteIsZero, ImageJ's
#   inverting lookup table): stored numbers in all readers, or turned ones in all, whatever the depth.
# Seen: Pillow and OpenCV turn it over at 1 and 8 bits and leave it at 16 bits; tifffile never turns; SimpleITK turns
#   only at 1 bit, into four channels. An object of label 7 on 0 becomes 248 on 255 at 8 bits: 'mask > 0' is then the
#   whole picture, 'mask == 7' is empty, and the largest value is the background.
# Matters: masks and instance maps saved from ImageJ, converted from 16 to 8 bits or read by another package in
#   training than in evaluation: Dice of the complement, without a message.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet pillow==12.0.0 opencv-python-headless==4.12.0.88 tifffile==2025.10.16 SimpleITK==2.5.7 \
    numpy==2.2.6
cat > look.py <<'PY'
import cv2
import numpy as np
import SimpleITK as sitk
import tifffile
from PIL import Image

readers = {
    "tifffile": tifffile.imread,
    "Pillow": lambda name: np.asarray(Image.open(name)),
    "OpenCV": lambda name: cv2.imread(name, cv2.IMREAD_UNCHANGED),
    "SimpleITK": lambda name: sitk.GetArrayFromImage(sitk.ReadImage(name)),
}
seen = {}
for bits, kind, label in ((1, bool, 1), (8, np.uint8, 7), (16, np.uint16, 7)):
    mask = np.zeros((8, 16), kind)
    mask[2:4, 3:9] = label
    tifffile.imwrite("mask.tif", mask, photometric="miniswhite")
    for reader, read in readers.items():
        values = read("mask.tif")
        corner, inside = values[0, 0].ravel(), values[2, 3].ravel()
        seen[bits, reader] = len(corner), int(corner[0]), int(inside[0])
        print(f"{bits} bits, {reader}: channels {seen[bits, reader][0]}, background {int(corner[0])},", end=" ")
        print(f"object {int(inside[0])}, share of '> 0' {np.mean(values > 0):.3f} of {np.mean(mask > 0):.3f}")
stored, turned = {1: (1, 0, 1), 8: (1, 0, 7), 16: (1, 0, 7)}, {8: (1, 255, 248)}
for bits in (1, 8, 16):
    assert seen[bits, "tifffile"] == stored[bits]
assert seen[1, "Pillow"] == (1, 1, 0) and seen[1, "OpenCV"] == (1, 255, 0) and seen[1, "SimpleITK"] == (4, 255, 0)
assert seen[8, "Pillow"] == seen[8, "OpenCV"] == turned[8] and seen[8, "SimpleITK"] == stored[8]
assert seen[16, "Pillow"] == seen[16, "OpenCV"] == seen[16, "SimpleITK"] == stored[16]
PY
venv/bin/python look.py
