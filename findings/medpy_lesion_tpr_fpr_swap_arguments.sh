#!/usr/bin/env bash
# Package: MedPy 0.5.2, obj_tpr and obj_fpr (with numpy 2.4.6, scipy 1.17.1)
# Expected: called as (result, reference), like every other function there: one lesion found and three false blobs
#   give a lesion TPR of 1 and an FPR of 3/4. The examples in the docstring say the same (0.667 for two of three
#   objects found).
# Seen: the roles are exchanged inside: TPR 0.25 and FPR 0. What is returned is the precision, and the false NEGATIVE
#   rate.
# Matters: lesion-wise sensitivity: false alarms lower it, missed lesions do not, and FPR stays 0 whatever is made up.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
cd "$work"
venv/bin/pip install --quiet MedPy==0.5.2 numpy==2.4.6 scipy==1.17.1
cat > look.py <<'PY'
import numpy as np
from medpy.metric.binary import obj_fpr, obj_tpr

lesion = np.array([1, 1, 1, 0, 0, 0, 0, 0, 0, 0])
alarms = np.array([1, 1, 1, 0, 1, 0, 1, 0, 1, 0])
three, two = np.array([1, 0, 1, 0, 1]), np.array([1, 0, 1, 0, 0])
cases = {"one lesion found, three false blobs": (alarms, lesion), "two of three lesions found": (two, three)}
seen = {}
for case, (result, reference) in cases.items():
    seen[case] = obj_tpr(result, reference), obj_fpr(result, reference)
    print("{}: TPR {:.3f}, FPR {:.3f}".format(case, *seen[case]))
assert seen["one lesion found, three false blobs"] == (0.25, 0.0)
assert seen["two of three lesions found"][0] == 1.0
assert abs(seen["two of three lesions found"][1] - 1 / 3) < 1e-12
PY
venv/bin/python look.py
