#!/usr/bin/env bash
# Package: SciPy 1.17.1, ndimage.distance_transform_edt (numpy 2.4.6); opencv-python-headless 5.0.0.93 to compare
# Expected: the "shortest distance to the background (any zero-valued element)" of an array without a zero is infinite,
#   or an error.
# Seen: plausible numbers: the distance to a point that lies one step before the first slice and, on the other axes, at
#   index 0. The values grow to the last corner and change when the array is transposed; return_indices has index -1,
#   which as an index means the last slice. distance_transform_bf (the slow reference of the same module) gives
#   1.3e154, distance_transform_cdt -1, OpenCV's exact transform 1.8e19: nobody takes those for distances.
# Matters: a crop that an organ fills has its "deepest" click in the last corner. Distances to an empty mask's surface,
#   edt(~mask), come out as some millimetres: a missed lesion gets a finite Hausdorff distance instead of infinity, and
#   with the spacing in sampling it even looks scaled. Ask mask.any() and mask.all() first.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet scipy==1.17.1 numpy==2.4.6 opencv-python-headless==5.0.0.93
cat > look.py <<'PY'
import cv2
import numpy as np
import scipy
from scipy import ndimage

print("scipy", scipy.__version__)
full = np.ones((3, 4), np.uint8)
exact, nearest = ndimage.distance_transform_edt(full, return_indices=True)
print("edt of 3 x 4 ones:", exact.round(3).tolist())
print("nearest background at row, column:", np.unique(nearest[0]), np.unique(nearest[1]))
rows, columns = np.indices(full.shape)
assert np.array_equal(exact, np.sqrt((rows + 1.0) ** 2 + columns**2))
assert np.unique(nearest[0]) == -1 and np.unique(nearest[1]) == 0
other_way = ndimage.distance_transform_edt(full.T).T
print("the same, transposed before and after:", other_way.round(3).tolist())
assert not np.array_equal(exact, other_way)

truth, missed = np.zeros((12, 30, 30), bool), np.zeros((12, 30, 30), bool)
truth[2:5, 4:9, 4:9] = True
surface = truth ^ ndimage.binary_erosion(truth)
distances = ndimage.distance_transform_edt(~missed, sampling=(5, 0.8, 0.8))[surface]
print(f"from a lesion's surface to that of an empty mask: {distances.min():.1f} to {distances.max():.1f} mm")
assert 15 < distances.min() < distances.max() < 30

others = {
    "distance_transform_bf": float(ndimage.distance_transform_bf(full).min()),
    "distance_transform_cdt": float(ndimage.distance_transform_cdt(full).min()),
    "OpenCV, precise": float(cv2.distanceTransform(full, cv2.DIST_L2, cv2.DIST_MASK_PRECISE).min()),
}
print(others)
assert others["distance_transform_bf"] > 1e150 and others["distance_transform_cdt"] == -1
assert others["OpenCV, precise"] > 1e9
PY
venv/bin/python look.py
