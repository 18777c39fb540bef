#!/usr/bin/env bash
# Package: antspyx 0.6.3, ants.from_numpy (numpy 2.3.5)
# Expected: signed integers that ANTs has no type for (int8, int16, int32, int64) become float, or are refused.
# Seen: they become uint32 by a plain cast: -1000 turns into 4294966296 and the ignore label -1 into 4294967295,
#   without a message. The same array read from a file by ants.image_read keeps its values, as float.
# Matters: CT in Hounsfield units and label maps with -1 that nibabel read and ANTs registers or measures
#   (label_stats).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet antspyx==0.6.3 nibabel==5.4.2 numpy==2.3.5
cat > look.py <<'PY'
import ants
import nibabel as nib
import numpy as np

values = np.array([-1000, -1, 0, 40], np.int16)
array = np.broadcast_to(values[:, None, None], (4, 4, 4)).copy()
nib.Nifti1Image(array, np.eye(4)).to_filename("image.nii.gz")
from_file = ants.image_read("image.nii.gz").numpy()[:, 0, 0].tolist()
print("image_read", from_file)
for kind in (np.int16, np.int32, np.int64):
    image = ants.from_numpy(array.astype(kind))
    seen = image.numpy()[:, 0, 0].tolist()
    print("from_numpy", kind.__name__, "->", image.pixeltype, seen)
    assert seen == [2**32 - 1000, 2**32 - 1, 0, 40]
assert from_file == values.tolist()
PY
venv/bin/python look.py
