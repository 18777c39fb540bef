#!/usr/bin/env bash
# Package: pycocotools 2.0.11, mask.encode (numpy 2.4.6)
# Expected: a uint8 mask is object where it is not 0, whatever the value: a mask of 0 and 255 gives the right area, so
#   0, 1 and 2 (or 0, 1 and 255 for void) should give the union, or an error.
# Seen: the runs change at every change of VALUE, not of object: where label 1 touches label 2 the encoding flips to
#   background and stays flipped. 15 labelled pixels become 66, and the decoded mask covers background.
# Matters: label maps, masks with a void value and smoothed mask edges turned into COCO RLE: area, IoU and AP of other
#   regions.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet pycocotools==2.0.11 numpy==2.4.6
cat > look.py <<'PY'
import numpy as np
from pycocotools import mask as coco

labels = np.zeros((10, 10), np.uint8)
labels[2:5, 2:5] = 2
labels[5:7, 2:5] = 1
seen = {}
for case, array in (("0 and 255", (labels > 0).astype(np.uint8) * 255), ("0, 1 and 2", labels)):
    run_lengths = coco.encode(np.asfortranarray(array))
    decoded = coco.decode(run_lengths).astype(bool)
    seen[case] = int(coco.area(run_lengths)), int((decoded & (labels > 0)).sum())
    print("{}: area {}, of which labelled {}; labelled pixels {}".format(case, *seen[case], int((labels > 0).sum())))
assert seen["0 and 255"] == (15, 15)
assert seen["0, 1 and 2"] == (66, 8)
PY
venv/bin/python look.py
