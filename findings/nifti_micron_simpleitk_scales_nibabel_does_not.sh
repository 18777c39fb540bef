#!/usr/bin/env bash
# Package: SimpleITK 2.5.7 and antspyx 0.6.3 against nibabel 5.4.2 (numpy 2.3.5)
# Expected: spacing and origin of one NIfTI file are the same numbers in all readers, as for other headers; the unit
#   is a note.
# Seen: where xyzt_units says micron, SimpleITK and ANTs divide spacing and origin by 1000 (and multiply by 1000 for
#   metre); nibabel gives zooms and affine as stored. One file, voxel sizes a factor of 1000 apart, neither with a
#   message.
# Matters: volumes, HD95 and the 2 mm tolerance of NSD on micro-CT and microscopy: spacing from one reader, distances
#   in another.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet SimpleITK==2.5.7 antspyx==0.6.3 nibabel==5.4.2 numpy==2.3.5
cat > look.py <<'PY'
import ants
import nibabel as nib
import numpy as np
import SimpleITK as sitk

mask = np.zeros((6, 7, 8), np.uint8)
mask[1:4, 1:4, 1:4] = 1
affine = np.array([[-500.0, 0, 0, 1000], [0, -500, 0, 2000], [0, 0, 800, 3000], [0, 0, 0, 1]])
for unit, factor in (("mm", 1), ("micron", 0.001), ("meter", 1000)):
    image = nib.Nifti1Image(mask, affine)
    image.header.set_xyzt_units(unit)
    image.to_filename("mask.nii.gz")
    zooms = np.array(nib.load("mask.nii.gz").header.get_zooms(), float)
    itk, antsy = sitk.ReadImage("mask.nii.gz"), ants.image_read("mask.nii.gz")
    print(unit, "nibabel", zooms.tolist(), "SimpleITK", itk.GetSpacing(), itk.GetOrigin(), "ANTs", antsy.spacing)
    assert zooms.tolist() == [500, 500, 800]
    for seen in (itk.GetSpacing(), antsy.spacing):
        assert np.allclose(seen, zooms * factor, rtol=1e-5)
    assert np.allclose(itk.GetOrigin(), np.array([1000, 2000, 3000]) * factor * [-1, -1, 1], rtol=1e-5)
PY
venv/bin/python look.py
