#!/usr/bin/env bash
# Package: SimpleITK 2.5.7 and antspyx 0.6.3 against nibabel 5.4.2 (numpy 2.3.5)
# Expected: where a NIfTI file has both transforms, one rule in all readers. nibabel's manual ('Choosing the image
#   affine'): the sform wherever its code is not 0. ANTs' note on the change of ITK in 2021 says that the sform is now
#   the preferred one.
# Seen: SimpleITK and ANTs take the sform only where its code is 1 (scanner), or where there is no qform. With code 2,
#   3 or 4 (aligned, Talairach, MNI) beside a qform they take the qform, without a message: one voxel of one file lies
#   94 mm apart. Changing nothing but the code from 1 to 2 moves the image in two readers of three.
# Matters: images after coregistration (a new sform of code 2 beside the scanner's qform): a mask resampled onto them
#   with SimpleITK lands where the image was before, and lesion coordinates differ between nibabel and ITK tools.
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

scanner = np.array([[-1.0, 0, 0, 50], [0, -1, 0, 60], [0, 0, 2, 70], [0, 0, 0, 1]])
aligned = scanner + np.array([[0, 0, 0, -45], [0, 0, 0, -54], [0, 0, 0, -63], [0, 0, 0, 0]])
voxel = (3, 4, 5)
places = {}
for code, qform_code in ((1, 1), (2, 1), (3, 1), (4, 1), (2, 0)):
    image = nib.Nifti1Image(np.zeros((10, 12, 14), np.uint8), aligned)
    image.set_sform(aligned, code)
    image.set_qform(scanner, qform_code)
    image.to_filename("image.nii.gz")
    itk, antsy = sitk.ReadImage("image.nii.gz"), ants.image_read("image.nii.gz")
    found = {
        "nibabel": nib.load("image.nii.gz").affine @ [*voxel, 1],
        "SimpleITK": np.array(itk.TransformIndexToPhysicalPoint(voxel)) * [-1, -1, 1],
        "ANTs": (antsy.origin + antsy.direction @ np.multiply(antsy.spacing, voxel)) * [-1, -1, 1],
    }
    places[code, qform_code] = {reader: [round(float(v), 3) for v in place[:3]] for reader, place in found.items()}
    print("sform code", code, "qform code", qform_code, places[code, qform_code])
in_sform, in_qform = [2.0, 2.0, 17.0], [47.0, 56.0, 80.0]
for codes in ((1, 1), (2, 0)):
    assert places[codes] == {"nibabel": in_sform, "SimpleITK": in_sform, "ANTs": in_sform}
for code in (2, 3, 4):
    assert places[code, 1] == {"nibabel": in_sform, "SimpleITK": in_qform, "ANTs": in_qform}
apart = np.linalg.norm(np.subtract(in_sform, in_qform))
print("apart in mm:", round(float(apart), 1))
PY
venv/bin/python look.py
