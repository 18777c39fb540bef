#!/usr/bin/env bash
# Package: connected-components-3d 4.1.1, connected_components and largest_k (numpy 2.4.6, nibabel 5.4.2)
# Expected: equal arrays give equal labels, numbered in C order of indices as by scipy.ndimage.label, whatever the memory
#   order; of several equally large components largest_k keeps the same one.
# Seen: components are numbered along memory. A mask read by nibabel (Fortran order) and its copy in C order get other
#   numbers, and largest_k(mask, k=1) keeps another lesion of the same size.
# Matters: "the first lesion", random choices among labels with a seed, and "keep the largest component" differ between a
#   file read by nibabel and the same array read by SimpleITK or loaded from npz; so do simulated clicks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet connected-components-3d==4.1.1 numpy==2.4.6 nibabel==5.4.2 scipy==1.17.1
cat > look.py <<'PY'
import cc3d
import nibabel
import numpy as np
from scipy import ndimage

mask = np.zeros((4, 6, 5), np.uint8)
mask[0, 0, 4] = mask[3, 0, 0] = mask[3, 5, 0] = 1
nibabel.save(nibabel.Nifti1Image(mask, np.eye(4)), "mask.nii.gz")
read = np.asarray(nibabel.load("mask.nii.gz").dataobj)
assert np.array_equal(read, mask) and read.flags.f_contiguous and not read.flags.c_contiguous
for name, array in (("C order", mask), ("as read by nibabel", read)):
    labels, kept = cc3d.connected_components(array), cc3d.largest_k(array, k=1)
    print(name, "numbers", labels[mask > 0].tolist(), "largest", np.argwhere(kept).tolist())
here, there = cc3d.connected_components(mask), cc3d.connected_components(read)
assert here[mask > 0].tolist() == [1, 2, 3] and there[mask > 0].tolist() != [1, 2, 3]
full = np.ones((3, 3, 3))
assert np.array_equal(ndimage.label(mask, full)[0], ndimage.label(read, full)[0])
kept = [np.argwhere(cc3d.largest_k(array, k=1)).tolist() for array in (mask, read)]
assert kept[0] != kept[1] and len(kept[0]) == len(kept[1]) == 1
PY
venv/bin/python look.py
