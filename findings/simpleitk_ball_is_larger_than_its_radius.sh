#!/usr/bin/env bash
# Package: SimpleITK 2.5.7, BinaryDilate with its ball kernel (against scikit-image 0.26.0, numpy 2.4.6)
# Expected: a ball of radius r holds the voxels within distance r of its centre: 7 voxels for r = 1 in 3-D, as
#   skimage.morphology.ball.
# Seen: the ball is fitted to the outer faces of the 2r + 1 voxels, a radius of r + 0.5: 19 voxels for r = 1, 81
#   against 33 for r = 2; in 2-D radius 1 is the full 3 x 3 square. 'Dilate by one' grows over edges, not over faces.
# Matters: tolerance bands, margins and borders made by dilation or erosion are wider in SimpleITK than in scikit-
#   image at the same radius.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 scikit-image==0.26.0 numpy==2.4.6
cat > look.py <<'PY'
import numpy as np
import SimpleITK as sitk
from skimage.morphology import ball, disk

offsets = np.stack(np.indices((15, 15, 15)) - 7)
for radius, voxels, pixels in ((1, 19, 9), (2, 81, 21), (3, 179, 37)):
    seen = []
    for dimensions in (3, 2):
        point = np.zeros((15,) * dimensions, np.uint8)
        point[(7,) * dimensions] = 1
        grown = sitk.BinaryDilate(sitk.GetImageFromArray(point), [radius] * dimensions, sitk.sitkBall)
        seen.append(int(sitk.GetArrayFromImage(grown).sum()))
    others = [int(ball(radius).sum()), int(disk(radius).sum())]
    print("radius", radius, "voxels in 3-D, pixels in 2-D: SimpleITK", seen, "scikit-image", others)
    assert seen == [voxels, pixels]
    assert voxels == int(((offsets**2).sum(axis=0) <= (radius + 0.5) ** 2).sum())
    assert others[0] < voxels and others[1] < pixels
PY
venv/bin/python look.py
